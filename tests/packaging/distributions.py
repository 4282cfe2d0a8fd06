"""Builds the wheel and the sdist from copies of the source tree, by the hatchling that is there, without a network."""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

from pathspec import GitIgnoreSpec

ROOT = pathlib.Path(__file__).resolve().parents[2]


def source_files():
    """Paths of the source tree, sorted: in a clone what git tracks; elsewhere, as in an sdist, what is not ignored."""
    if (ROOT / ".git").exists():
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, check=True).stdout
        return sorted(path for path in listed.decode("utf-8").split("\0") if path and (ROOT / path).exists())
    ignored = GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() + ["/PKG-INFO"])
    return sorted(path.replace(os.sep, "/") for path in ignored.match_tree_files(str(ROOT), negate=True))


def copy_sources(folder, order=sorted):
    """Copies the source tree to a folder, file by file in some order, with the time of now; returns the folder."""
    for path in order(source_files()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(ROOT / path), str(target))
        executable = os.access(str(ROOT / path), os.X_OK)
        target.chmod(target.stat().st_mode | (0o100 if executable else 0))
    return folder


def build(tree, kind, folder, **environ):
    """Builds from a tree.

    Args:
      tree: a folder with the sources.
      kind: `wheel` or `sdist`.
      folder: for what is built; it must be empty.
      environ: environment variables; SOURCE_DATE_EPOCH is unset unless it is here.

    Returns:
      the path of what was built.
    """
    variables = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    variables.update(environ)
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    done = subprocess.run(command, cwd=str(tree), env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    return built


def contents(built):
    """Name -> bytes of every file in a wheel, or in an sdist below its folder."""
    if built.suffix == ".whl":
        with zipfile.ZipFile(str(built)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(str(built)) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {member.name.split("/", 1)[1]: archive.extractfile(member).read() for member in files}
