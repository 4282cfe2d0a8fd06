"""Recording every release: environments come and go, one failure does not stop the rest, and nothing is done twice."""

import collections
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from golden import environments, every, pins, record_all
from samples import HERE

ROWS = [("1.4.0", ["graph-v1"]), ("2.3.4", ["graph-v1", "eager"]), ("2.9.3", ["graph-v1", "eager"])]


@pytest.fixture
def rows(tmp_path):
    """Path of a file with three environments."""
    path = tmp_path / "environments.json"
    rows = [
        {"release": release, "python": "3.6", "modes": modes, "requires": ["tensorflow==" + release]}
        for release, modes in ROWS
    ]
    path.write_text(json.dumps(rows))
    return path


@pytest.fixture
def behave(tmp_path):
    """A function that tells the fake recorder what to do for a release."""

    def write(**behaviour):
        told = {release.replace("_", "."): what for release, what in behaviour.items()}
        (tmp_path / "behaviour.json").write_text(json.dumps(told))

    write()
    return write


@pytest.fixture
def run(tmp_path, rows, behave, small_catalogue, monkeypatch):
    """A function that runs `scripts/record_all.py` with environments that are a script each."""
    monkeypatch.setattr(every, "find_python", lambda version: sys.executable)
    monkeypatch.setattr(every, "installation", install)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([HERE, pins.ROOT]))
    (tmp_path / "work").mkdir()
    common = ["--data", str(tmp_path / "data"), "--work", str(tmp_path / "work"), "--rows", str(rows)]
    common += ["--recorder", os.path.join(HERE, "fake_recorder.py")]
    return lambda *args: record_all.main(common + list(args))


def install(interpreter, folder, installs):
    """An environment whose interpreter is a script; one that requires `broken` cannot be made."""
    if any("broken" in requirement for requirement in installs[0]):
        return [[interpreter, "-c", "import sys; sys.exit('no wheel for broken')"]]
    script = '#!/bin/sh\nFAKE_RELEASE=%s exec %s "$@"\n' % (installs[0][0].split("==")[1], interpreter)
    make = "import os, sys; os.makedirs(sys.argv[1] + '/bin'); path = sys.argv[1] + '/bin/python'; "
    make += "open(path, 'w').write(sys.argv[2]); os.chmod(path, 0o755)"
    return [[interpreter, "-c", make, folder, script]]


def calls(tmp_path):
    path = tmp_path / "calls.txt"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def test_every_release_is_recorded_in_the_modes_that_it_has(run, tmp_path, capsys):
    assert run() == 0
    assert calls(tmp_path) == ["1.4.0 record graph-v1", "2.3.4 record graph-v1 eager", "2.9.3 record graph-v1 eager"]
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in table[1:4]] == [[release, "3.6", "recorded"] for release, _ in ROWS]


def test_environments_are_gone_afterwards(run, tmp_path):
    run()
    assert os.listdir(str(tmp_path / "work")) == []


def test_what_is_recorded_is_not_recorded_again(run, tmp_path, capsys):
    run("--release", "2.3")
    capsys.readouterr()
    assert run("--json") == 0
    assert [row["status"] for row in json.loads(capsys.readouterr().out)] == ["recorded", "there", "recorded"]
    assert calls(tmp_path).count("2.3.4 record graph-v1 eager") == 1


def test_release_whose_recorder_fails_does_not_stop_the_rest(run, behave, tmp_path, capsys):
    behave(**{"2_3_4": 3})
    assert run() == 1
    out = capsys.readouterr().out
    assert "2.3.4: not recorded\nthe recorder of 2.3.4 gives up" in out
    assert len(calls(tmp_path)) == 3 and os.listdir(str(tmp_path / "work")) == []


def test_release_that_cannot_be_installed_does_not_stop_the_rest(run, rows, tmp_path, capsys):
    written = json.loads(rows.read_text())
    written[0]["requires"].append("broken==1")
    rows.write_text(json.dumps(written))
    assert run() == 1
    assert "1.4.0: not installed\nno wheel for broken" in capsys.readouterr().out
    assert len(calls(tmp_path)) == 2


def test_missing_interpreter_is_told_with_the_cure(run, monkeypatch, capsys):
    monkeypatch.setattr(every, "find_python", lambda version: None)
    assert run("--release", "1.4") == 1
    assert "1.4.0: no python3.6\nput python3.6 on the PATH, or install it with pyenv" in capsys.readouterr().out


def test_full_disk_is_told_before_anything_is_installed(run, monkeypatch, tmp_path, capsys):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(every.shutil, "disk_usage", lambda path: usage(10, 9, 10**9))
    assert run("--release", "1.4") == 1
    assert "1.0 GB free, wanted are 5" in capsys.readouterr().out and calls(tmp_path) == []


def test_verification_runs_again_and_tells_what_differs(run, behave, tmp_path, capsys):
    run("--release", "2.3", "--release", "2.9")
    behave(**{"2_9_3": 1})
    capsys.readouterr()
    assert run("--verify", "--release", "2.3", "--release", "2.9", "--json") == 1
    assert [row["status"] for row in json.loads(capsys.readouterr().out)] == ["as recorded", "differs"]
    assert "2.3.4 verify graph-v1 eager" in calls(tmp_path)


def test_no_more_than_two_run_at_once(run, capsys):
    with pytest.raises(SystemExit):
        run("--jobs", "3")
    assert "--jobs" in capsys.readouterr().err


@pytest.mark.parametrize("release", ["1.16", "2.3.1"])
def test_release_without_an_environment_is_refused_with_those_that_have_one(run, release, capsys):
    assert run("--release", release) == 2
    assert "no environment for %s; there are 1.4.0, 2.3.4, 2.9.3" % release in capsys.readouterr().err


def test_interruption_ends_the_recorders_and_takes_the_environments_away(run, behave, tmp_path, capsys):
    behave(**{release.replace(".", "_"): "wait" for release, _ in ROWS})

    def interrupt():
        while len(calls(tmp_path)) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    assert run("--jobs", "2") == 130
    assert "the next run goes on from there" in capsys.readouterr().err
    assert os.listdir(str(tmp_path / "work")) == [] and len(calls(tmp_path)) == 2


@pytest.mark.parametrize("uv, expected", [("/bin/uv", ["uv", "uv"]), (None, ["/py", "/env/bin/python"])])
def test_environments_are_made_by_uv_where_it_is_and_else_by_venv_and_pip(uv, expected, monkeypatch):
    monkeypatch.setattr(every.shutil, "which", lambda name: uv)
    commands = every.installation("/py", "/env", [["tensorflow==1.4.0"], ["--no-deps", "tf-keras==1"]])
    assert [command[0] for command in commands[:2]] == expected
    assert commands[1][-1] == "tensorflow==1.4.0"
    assert commands[2][-2:] == ["--no-deps", "tf-keras==1"]


def test_interpreter_on_the_path_must_run(tmp_path, monkeypatch):
    path = tmp_path / "python3.99"
    path.write_text("#!/bin/sh\nexit 127\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert every.find_python("3.99") is None
    path.write_text("#!/bin/sh\nexit 0\n")
    assert every.find_python("3.99") == str(path)


def test_script_prints_its_help_without_tensorflow():
    script = os.path.join(pins.ROOT, "scripts", "record_all.py")
    told = subprocess.check_output([sys.executable, script, "--help"])
    assert b"--verify" in told


class TestEnvironments:
    def test_there_is_one_for_every_minor_release_in_order(self):
        minors = [".".join(row.release.split(".")[:2]) for row in environments.load()]
        assert minors == ["1.%d" % n for n in range(16)] + ["2.%d" % n for n in range(23)]

    def test_patch_releases_stand_for_their_minor(self):
        assert environments.of_release("2.15.0").release == "2.15.1"
        assert environments.modes_of("1.4.1") == ["graph-v1"]
        assert environments.of_release("3.0") is None and len(environments.modes_of("3.0")) == 4

    @pytest.mark.parametrize(
        "change",
        [
            {"modes": []},
            {"modes": ["eager", "graph-v1"]},
            {"requires": ["tensorflow"]},
            {"without_dependencies": ["tf-keras"]},
            {"pins": []},
        ],
    )
    def test_malformed_row_is_named(self, change, tmp_path):
        row = {"release": "1.4.0", "python": "3.6", "modes": ["graph-v1"], "requires": ["tensorflow==1.4.0"]}
        path = tmp_path / "environments.json"
        path.write_text(json.dumps([row, dict(row, **change)]))
        with pytest.raises(ValueError, match="environments.json, row 1: a row has"):
            environments.load(str(path))
