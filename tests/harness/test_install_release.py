"""A release is installed from its row, by number or by the name of a tox environment, and those are in step."""

import os
import re
import sys

import pytest

from golden import environments, pins

sys.path.insert(0, os.path.join(pins.ROOT, "scripts"))

import install_release

TOX = os.path.join(pins.ROOT, "tox.ini")


@pytest.fixture
def installed(monkeypatch):
    """The commands that would have been run."""
    commands = []
    monkeypatch.setattr(install_release.subprocess, "call", lambda command: commands.append(command) or 0)
    return commands


@pytest.mark.parametrize("name", ["1.15", "1.15.0", "py37-tf1.15"])
def test_everything_that_the_row_requires_is_installed_here(name, installed):
    assert install_release.main([name]) == 0
    ((python, *pip),) = installed
    assert python == sys.executable and pip[:2] == ["-m", "pip"]
    assert [requirement for requirement in pip if "==" in requirement] == environments.of_release("1.15").requires


def test_what_contradicts_the_row_is_installed_after_it_and_alone(installed):
    assert install_release.main(["2.22"]) == 0
    row = environments.of_release("2.22")
    assert installed[0][-len(row.requires) :] == row.requires and "--no-deps" not in installed[0]
    assert installed[1][-2:] == ["--no-deps"] + row.without_dependencies and len(installed) == 2


def test_status_of_the_first_pip_that_fails_is_returned(monkeypatch):
    statuses = iter([3, 0])
    monkeypatch.setattr(install_release.subprocess, "call", lambda command: next(statuses))
    assert install_release.main(["2.22"]) == 3 and next(statuses) == 0


@pytest.mark.parametrize("name", ["1.16", "3.0.1", "latest", "py37", "1.x"])
def test_anything_else_is_refused_with_what_there_is(name, installed, capsys):
    assert install_release.main([name]) == 2
    assert "no environment for %s; there are 1.0.1, " % name in capsys.readouterr().err and installed == []


def test_every_tox_environment_runs_the_python_of_its_release():
    with open(TOX) as source:
        named = re.findall(r"^ +py(\d)(\d+)-tf\{?([\d., ]+)\}?$", source.read(), re.MULTILINE)
    pairs = [(major + "." + minor, release) for major, minor, several in named for release in several.split(", ")]
    assert len(pairs) == 13
    assert [(environments.of_release(release).python, release) for _, release in pairs] == pairs
