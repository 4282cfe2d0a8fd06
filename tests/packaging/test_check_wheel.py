"""The check of an installed wheel fails where something does not hold, and tox makes it on every Python."""

import os
import re
import sys

import pytest

from distributions import ROOT
from golden import environments

sys.path.insert(0, str(ROOT / "scripts"))

import check_wheel
from check_wheel import Check

TOX = (ROOT / "tox.ini").read_text(encoding="utf-8")
SAYS = [sys.executable, "-c", "import os; print('one', os.path.exists('typed_program.py'))"]


def stages(*command, status=0, printed=""):
    return [([], [Check("it holds", list(command), status, printed)])]


def test_what_holds_is_told_and_the_program_to_check_is_there(capsys):
    assert check_wheel.main([], stages(*SAYS, printed="^one True$")) == 0
    assert capsys.readouterr().out == "Python %d.%d: it holds\n" % sys.version_info[:2]


@pytest.mark.parametrize("status, printed", [(0, "two"), (1, "one"), (2, "")])
def test_another_status_or_text_is_wrong_and_both_are_shown(status, printed, capsys):
    assert check_wheel.main([], stages(*SAYS, status=status, printed=printed)) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("check_wheel: " + sys.executable)
    assert "expected were status %d and %r, got status 0 and\none True\n" % (status, printed) in err


def test_command_that_is_not_there_is_wrong_and_the_cure_is_named(capsys, tmp_path):
    assert check_wheel.main([], stages(str(tmp_path / "tfcompat"))) == 1
    assert "install the wheel into the environment of %s" % sys.executable in capsys.readouterr().err


def test_nothing_more_is_checked_once_something_is_wrong(capsys, tmp_path):
    made = [sys.executable, "-c", "open(%r, 'w')" % str(tmp_path / "made")]
    assert check_wheel.main([], stages(*SAYS, status=1) + stages(*made)) == 1
    assert os.listdir(str(tmp_path)) == []


def test_requirements_are_installed_here_before_what_needs_them(monkeypatch):
    ran = []
    monkeypatch.setattr(check_wheel, "run", lambda command, *_: ran.append(command))
    assert check_wheel.main([]) == 0
    installs = [command for command in ran if "pip" in command]
    assert all(command[:5] == [sys.executable, "-m", "pip", "--quiet", "install"] for command in installs)
    assert ran.index(installs[0]) < len(ran) - ran[::-1].index(check_wheel.EXPLAIN) - 1
    assert ran.index(installs[1]) < ran.index(check_wheel.TYPE_CHECK)


@pytest.mark.parametrize("option", ["--all", "tfcompat"])
def test_option_that_is_not_there_is_refused(option, capsys):
    with pytest.raises(SystemExit, match="2"):
        check_wheel.main([option])
    assert option in capsys.readouterr().err


def listed():
    """The environments of the wheel alone, as tox lists them: (Python, release of TensorFlow or None)."""
    alone = re.search(r"^ +packaging-py\{(.*)\}$", TOX, re.MULTILINE).group(1).split(", ")
    section = re.search(r"^\[testenv:packaging-\{(.*)\}\]$", TOX, re.MULTILINE).group(1).split(", ")
    names = re.search(r"^ +packaging-\{(.*)\}$", TOX, re.MULTILINE).group(1).split(", ")
    assert section == ["py" + python for python in alone] + names, "every environment of the list has its commands"
    return [re.fullmatch(r"py3(\d+)(?:-tf([\d.]+))?", name).groups() for name in section]


def test_wheel_is_checked_alone_and_with_tensorflow_on_the_pythons_that_it_is_for():
    wanted = ["3.7", "3.9", "3.11", "3.13"]
    assert ["3." + minor for minor, release in listed() if release is None] == wanted
    assert ["3." + minor for minor, release in listed() if release] == wanted


def test_environment_with_tensorflow_runs_the_python_of_its_release():
    for minor, release in listed():
        assert release is None or environments.of_release(release).python == "3." + minor


def test_environment_is_made_anew_for_each_check():
    section = TOX.split("[testenv:packaging-")[1].split("\n[")[0]
    assert re.search(r"^recreate = true\b", section, re.MULTILINE)


def test_ci_checks_the_wheel_on_the_oldest_python_and_another():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^in_tox \S*packaging-py37,packaging-py311$", script, re.MULTILINE)
