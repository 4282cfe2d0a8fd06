"""Wheel and sdist: the same bytes wherever they are built, with all that belongs there and nothing else."""

import contextlib
import email
import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile

import pytest

import tfcompat
from distributions import ROOT, build, contents, copy_sources, source_files

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

KINDS = ("wheel", "sdist")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DIST_INFO = "tfcompat-{}.dist-info/".format(tfcompat.__version__)

#: What git ignores and a working tree has all the same.
IGNORED = ("tfcompat/__pycache__/plan.cpython-311.pyc", "tfcompat/plan.pyc", "golden/.pytest_cache/README.md", ".tox/a")


@contextlib.contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    return copy_sources(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def built(tree, tmp_path_factory):
    """Kind -> path of what was built."""
    return {kind: build(tree, kind, tmp_path_factory.mktemp(kind)) for kind in KINDS}


@pytest.fixture(scope="session")
def wheel(built):
    return contents(built["wheel"])


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """The sources in another folder, of other times and permissions, written in another order, beside ignored files."""
    with umask(0o077):
        folder = copy_sources(
            tmp_path_factory.mktemp("another") / "folder with spaces", order=lambda p: sorted(p)[::-1]
        )
        for number, path in enumerate(sorted(folder.rglob("*"))):
            os.utime(str(path), (10**9, 10**9 + 1001 * number))
        for name in IGNORED:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"left over")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_bytes_wherever_whenever_and_by_whom_it_is_built(kind, built, elsewhere, tmp_path):
    with umask(0o077):
        other = build(
            elsewhere, kind, tmp_path, TZ="Asia/Kathmandu", LC_ALL="C", PYTHONHASHSEED="7", HOME=str(tmp_path.parent)
        )
    assert (other.name, contents(other)) == (built[kind].name, contents(built[kind]))
    assert other.read_bytes() == built[kind].read_bytes()


def test_wheel_built_from_the_sdist_is_the_same_bytes(built, tmp_path):
    with tarfile.open(str(built["sdist"])) as archive:
        archive.extractall(str(tmp_path / "unpacked"))
    (folder,) = (tmp_path / "unpacked").iterdir()
    (tmp_path / "wheel").mkdir()
    assert build(folder, "wheel", tmp_path / "wheel").read_bytes() == built["wheel"].read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_time_of_its_files_is_the_one_that_source_date_epoch_sets(kind, tree, tmp_path):
    epoch = 1700000000
    made = build(tree, kind, tmp_path, SOURCE_DATE_EPOCH=str(epoch))
    if kind == "wheel":
        with zipfile.ZipFile(str(made)) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {time.gmtime(epoch)[:6]}
    else:
        with tarfile.open(str(made)) as archive:
            assert {member.mtime for member in archive.getmembers()} == {epoch}


def test_wheel_holds_the_package_its_metadata_and_nothing_else(wheel):
    package = {path for path in source_files() if path.startswith("tfcompat/")}
    about = {DIST_INFO + name for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    assert set(wheel) == package | about
    assert all(wheel[path] == (ROOT / path).read_bytes() for path in package)


def test_wheel_says_that_it_has_types(wheel):
    assert "tfcompat/py.typed" in wheel
    assert "Typing :: Typed" in metadata(wheel).get_all("Classifier")


def metadata(wheel):
    return email.message_from_bytes(wheel[DIST_INFO + "METADATA"])


def test_metadata_says_what_it_is_and_under_which_license(wheel):
    about = metadata(wheel)
    assert (about["Name"], about["Version"]) == ("tfcompat", tfcompat.__version__)
    assert (about["License-Expression"], about["License-File"]) == ("Apache-2.0", "LICENSE")
    assert wheel[DIST_INFO + "licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert about.get_payload(decode=True).decode("utf-8") == (ROOT / "README.md").read_text(encoding="utf-8")


def test_wheel_alone_requires_numpy_and_every_extra_of_the_project_is_there(wheel):
    required = metadata(wheel).get_all("Requires-Dist")
    assert [requirement for requirement in required if "extra ==" not in requirement] == ["numpy"]
    assert metadata(wheel).get_all("Provides-Extra") == sorted(PROJECT["project"]["optional-dependencies"])


def test_wheel_is_for_every_system_and_brings_the_command(wheel):
    about = email.message_from_bytes(wheel[DIST_INFO + "WHEEL"])
    assert (about["Root-Is-Purelib"], about.get_all("Tag")) == ("true", ["py3-none-any"])
    assert wheel[DIST_INFO + "entry_points.txt"].decode().split() == [
        *("[console_scripts]", "tfcompat", "=", "tfcompat.__main__:main")
    ]


def test_classifiers_are_the_pythons_that_tox_proves_it_on_and_the_oldest_is_required(wheel):
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    proven = sorted({int(minor) for minor in re.findall(r"^ +py3(\d+)-tf", tox, re.MULTILINE)})
    named = re.findall(r"Python :: 3\.(\d+)", "\n".join(metadata(wheel).get_all("Classifier")))
    assert [int(minor) for minor in named] == proven
    assert metadata(wheel)["Requires-Python"] == ">=3.{}".format(proven[0])


def test_sdist_holds_every_file_of_the_source_tree(built):
    held = contents(built["sdist"])
    assert set(held) == {*source_files(), "PKG-INFO"}
    assert all(held[path] == (ROOT / path).read_bytes() for path in source_files())


def test_wheel_runs_with_the_sources_out_of_reach(built, tmp_path):
    with zipfile.ZipFile(str(built["wheel"])) as archive:
        archive.extractall(str(tmp_path))
    words = ["explain", "--release", "2.15", "--shape", "10,3,3,64"]
    program = (
        "import sys; sys.path.insert(0, %r); import tfcompat.__main__ as main; print(main.__file__, main.main(%r))"
    )
    command = [sys.executable, "-I", "-c", program % (str(tmp_path), words)]
    done = subprocess.run(command, cwd=str(tmp_path), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "n = 10 x 3 x 3 = 90" in done.stdout
    assert done.stdout.endswith("%s 0\n" % (tmp_path / "tfcompat" / "__main__.py"))


def test_hatchling_is_exact_and_the_same_for_builds_and_for_these_tests():
    required = PROJECT["build-system"]["requires"]
    pins = [re.fullmatch(r"hatchling==([\d.]+); python_version .*", requirement).group(1) for requirement in required]
    assert "hatchling==" + pins[0] in PROJECT["project"]["optional-dependencies"]["test"]
    assert importlib.metadata.version("hatchling") == pins[0], "pip install '.[test]' brings the hatchling of releases"
