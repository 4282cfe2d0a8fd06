"""`tfcompat rewrite`: it plans, prints and then applies; what cannot be used is told in one line."""

import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

from tfcompat.__main__ import main
from tfcompat.errors import InputError
from tfcompat.migrate import rewrite
from tfcompat.migrate.rewrite import files, rewrite_source

ROOT = pathlib.Path(__file__).resolve().parents[3]
CALL = "import tensorflow as tf\ny = tf.layers.batch_normalization(x, name='é')\n"
AFTER = "import tensorflow as tf\nimport tfcompat\ny = tfcompat.batch_normalization(x, name='é')\n"
PYTHON_2 = "import tensorflow as tf\nprint tf.layers.batch_normalization(x)\n"


@pytest.fixture
def tree(tmp_path):
    """A folder with a file that is rewritten, one that names nothing, and one in a folder of its own."""
    (tmp_path / "nets").mkdir()
    for name, text in {"a.py": CALL, "plain.py": "x  = 1\n", "nets/b.py": CALL, "notes.txt": CALL}.items():
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_dry_run_prints_a_diff_and_a_line_for_each_place_and_writes_nothing(tree, capsys):
    before = contents(tree)
    assert main(["rewrite", str(tree)]) == 0
    out, err = capsys.readouterr()
    assert "+y = tfcompat.batch_normalization(x, name='é')" in out.splitlines()
    assert (
        "{}:2:5: rewritten: tf.layers.batch_normalization -> tfcompat.batch_normalization".format(tree / "a.py") in out
    )
    assert out.endswith("2 rewritten, 0 left, in 2 changed files; nothing is written without --write.\n")
    assert (contents(tree), err) == (before, "")


def test_write_replaces_the_files_that_change_and_leaves_nothing_beside_them(tree, capsys):
    expected = dict(contents(tree), **{"a.py": AFTER.encode(), "nets/b.py": AFTER.encode()})
    assert main(["rewrite", "--write", str(tree)]) == 0
    assert contents(tree) == expected
    assert capsys.readouterr().out.endswith("2 rewritten, 0 left, in 2 changed files.\n")


def test_second_write_finds_nothing(tree, capsys):
    main(["rewrite", "--write", str(tree)])
    capsys.readouterr()
    assert main(["rewrite", "--write", str(tree)]) == 0
    assert capsys.readouterr().out == "0 rewritten, 0 left, in 0 changed files.\n"


def test_files_that_stay_are_not_touched(tree):
    old = time.time() - 1000
    os.utime(str(tree / "plain.py"), (old, old))
    main(["rewrite", "--write", str(tree)])
    assert abs((tree / "plain.py").stat().st_mtime - old) < 1


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch")
@pytest.mark.parametrize(
    "source", [CALL, CALL.replace("\n", "\r\n"), CALL.rstrip()], ids=["plain", "windows", "no-end"]
)
def test_printed_diff_is_one_that_patch_takes(tmp_path, source):
    (tmp_path / "a.py").write_bytes(source.encode())
    command = [sys.executable, "-m", "tfcompat", "rewrite", "a.py"]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONIOENCODING="utf-8")
    diff = subprocess.run(command, cwd=str(tmp_path), env=environment, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["patch", "--binary", "-p0"], cwd=str(tmp_path), input=diff, stdout=subprocess.DEVNULL, check=True)
    assert (tmp_path / "a.py").read_bytes() == rewrite_source(source.encode(), "a.py").after


def test_json_tells_the_plan_to_a_program(tree, capsys):
    assert main(["rewrite", "--json", "--style", "keras", str(tree / "a.py")]) == 0
    told = json.loads(capsys.readouterr().out)
    (file,) = told["files"]
    assert (told["style"], told["written"], told["problems"]) == ("keras", False, [])
    assert (file["path"], file["changed"]) == (str(tree / "a.py"), True)
    (site,) = file["sites"]
    assert (site["line"], site["column"], site["status"]) == (2, 5, "rewritten")
    assert site["target"] == "tfcompat.BatchNormalization"
    assert [remark["code"] for remark in site["remarks"]] == ["keras-training", "keras-layer"]
    assert "-y = tf.layers.batch_normalization(x, name='é')" in file["diff"]


def test_left_places_are_told_with_their_reason(tmp_path, capsys):
    (tmp_path / "a.py").write_text("import tf_slim\ny = tf_slim.batch_norm(x, updates_collections='mine')\n")
    assert main(["rewrite", str(tmp_path)]) == 0
    line, total = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "{}:2:5: left: tf_slim.batch_norm: updates_collections='mine' is neither".format(tmp_path / "a.py")
    )
    assert line.endswith("[collections]")
    assert total == "0 rewritten, 1 left, in 0 changed files."


def test_note_is_explained_once(tmp_path, capsys):
    (tmp_path / "a.py").write_text("import tf_slim\n" + "y = tf_slim.batch_norm(x, scope='a')\n" * 3)
    main(["rewrite", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("[contrib-rank-2] ")]) == 1
    assert (
        len([line for line in lines if line.endswith("[contrib-rank-2] [contrib-collection] [contrib-arg-scope]")]) == 3
    )


def problem(capsys):
    """The one line on stderr; nothing was printed on stdout."""
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


@pytest.mark.parametrize(
    "name,text,message",
    [
        ("none.py", None, "there is no such file or folder"),
        ("old.py", PYTHON_2, ":2:.*this is not Python 3.*2to3"),
        ("data.bin", "\0\1\2", "data.bin"),
        ("notebook.ipynb", '{"cells": []}', "is a notebook; make a script of it first"),
        ("README.md", "It *is* markdown.\n", "this is not Python 3"),
    ],
)
def test_named_file_that_cannot_be_used_stops_before_anything_is_written(tree, capsys, name, text, message):
    if text is not None:
        (tree / name).write_text(text)
    before = contents(tree)
    assert main(["rewrite", "--write", str(tree / "a.py"), str(tree / name)]) == 2
    line = problem(capsys)
    assert name in line
    assert re.search(message, line)
    assert contents(tree) == before


def test_file_in_a_folder_that_does_not_parse_is_told_and_the_others_are_rewritten(tree, capsys):
    (tree / "old.py").write_text(PYTHON_2)
    assert main(["rewrite", "--write", str(tree)]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("tfcompat: {}:2:".format(tree / "old.py")) and err.count("\n") == 1
    assert "2 rewritten" in out
    assert (tree / "a.py").read_bytes() == AFTER.encode()
    assert (tree / "old.py").read_text() == PYTHON_2


def test_python_2_that_names_nothing_of_ours_is_passed_by(tree, capsys):
    (tree / "old.py").write_text("print 1\n")
    assert main(["rewrite", str(tree)]) == 0
    assert capsys.readouterr().err == ""


def test_release_that_is_none_is_told(tree, capsys):
    assert main(["rewrite", "--from-release", "1.x", str(tree)]) == 2
    assert "--from-release is '1.x'; allowed is a release of TensorFlow" in problem(capsys)


def test_file_that_cannot_be_read_is_told(tree, capsys, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "open", refuse, raising=False)
    assert main(["rewrite", str(tree / "a.py")]) == 2
    assert "a.py: cannot be read: Permission denied" in problem(capsys)


def test_what_is_no_file_is_told(tree):
    with pytest.raises(InputError, match="nets: cannot be read: Is a directory"):
        files.read(str(tree / "nets"))


def test_folders_that_are_hidden_and_caches_are_passed_by(tree):
    for name in (".git", "__pycache__"):
        (tree / name).mkdir()
        (tree / name / "c.py").write_text(CALL)
    names = [pathlib.Path(one.path).name for one in files.find([str(tree), str(tree / "a.py")])]
    assert names == ["a.py", "plain.py", "b.py"]


def test_links_are_followed_once_and_stay_links(tree):
    (tree / "again.py").symlink_to(tree / "a.py")
    (tree / "round").symlink_to(tree)
    assert len(files.find([str(tree)])) == 3
    main(["rewrite", "--write", str(tree / "again.py")])
    assert (tree / "again.py").is_symlink()
    assert (tree / "a.py").read_bytes() == AFTER.encode()


def test_replaced_file_keeps_its_mode(tree):
    (tree / "a.py").chmod(0o754)
    main(["rewrite", "--write", str(tree)])
    assert stat.S_IMODE((tree / "a.py").stat().st_mode) == 0o754


def test_file_that_changed_meanwhile_is_not_replaced(tree):
    with pytest.raises(InputError, match="changed while it was rewritten; run the command again"):
        files.replace(str(tree / "a.py"), b"something else", b"new")
    assert (tree / "a.py").read_bytes() == CALL.encode()


def test_failed_replacement_leaves_the_old_file_and_nothing_beside_it(tree, monkeypatch):
    def fail(source, target):
        raise OSError(28, "No space left on device")

    before = contents(tree)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match="a.py: cannot be written: No space left on device"):
        files.replace(str(tree / "a.py"), CALL.encode(), b"new")
    assert contents(tree) == before


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
def test_killed_writer_leaves_old_bytes_or_new_bytes(tmp_path):
    path = tmp_path / "a.py"
    old, new = b"old\n" * 200000, b"new\n" * 200000
    path.write_bytes(old)
    code = (
        "import sys; from tfcompat.migrate.rewrite import files; path, old, new = sys.argv[1], b'old\\n' * 200000, "
        "b'new\\n' * 200000\nprint('started', flush=True)\n"
        "while True:\n    files.replace(path, old, new); files.replace(path, new, old)"
    )
    for wait in (0.02, 0.05, 0.09):
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(command, cwd=str(ROOT), stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
        assert path.read_bytes() in (old, new)
        path.write_bytes(old)


def test_reader_that_goes_away_does_not_keep_files_from_being_written(tree):
    command = [sys.executable, "-u", "-m", "tfcompat", "rewrite", "--write", str(tree)]
    reading, writing = os.pipe()
    os.close(reading)
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    run = subprocess.run(command, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (run.returncode, run.stderr) == (0, "")
    assert (tree / "a.py").read_bytes() == AFTER.encode()


def test_plan_is_printed_before_it_is_applied(tree, capsys, monkeypatch):
    def printed(path, before, after):
        assert "rewritten: tf.layers.batch_normalization" in capsys.readouterr().out

    monkeypatch.setattr(rewrite, "replace", printed)
    assert main(["rewrite", "--write", str(tree / "a.py")]) == 0


def test_file_that_cannot_be_replaced_is_told_and_the_others_are_replaced(tree, capsys, monkeypatch):
    replace = files.replace

    def fail_once(path, before, after):
        if path.endswith("a.py"):
            raise InputError("a.py: cannot be written: No space left on device")
        replace(path, before, after)

    monkeypatch.setattr(rewrite, "replace", fail_once)
    assert main(["rewrite", "--write", str(tree)]) == 2
    assert capsys.readouterr().err == "tfcompat: a.py: cannot be written: No space left on device\n"
    assert (tree / "nets" / "b.py").read_bytes() == AFTER.encode()


def test_colours_are_for_terminals_alone(tree, capsys):
    main(["rewrite", str(tree)])
    assert "\x1b" not in capsys.readouterr().out
