"""The installed TensorFlow and its Kerases are found from package metadata."""

import pytest

from golden import __main__ as commands
from golden import installed


@pytest.fixture
def packages(monkeypatch):
    """The installed packages, as a dict of name to version that a test fills."""
    present = {}
    monkeypatch.setattr(installed, "version", present.get)
    return present


@pytest.mark.parametrize("distribution", ["tensorflow", "tensorflow-cpu"])
def test_release_is_that_of_any_tensorflow_package(packages, distribution):
    packages[distribution] = "2.15.1"
    assert installed.release() == "2.15.1"


def test_without_tensorflow_a_command_ends_with_one_line_and_status_2(packages, capsys):
    assert commands.main(["verify"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "golden: no TensorFlow is installed here: pip install tensorflow"


@pytest.mark.parametrize(
    "release, tf_keras, expected",
    [
        ("1.15.5", None, ["keras2"]),
        ("2.15.1", "2.15.1", ["keras2"]),
        ("2.16.0", None, ["keras3"]),
        ("2.21.0", "2.21.0", ["keras3", "keras2"]),
    ],
)
def test_kerases_follow_from_release_and_tf_keras(packages, release, tf_keras, expected):
    packages["tf-keras"] = tf_keras
    assert installed.kerases(release) == expected


def test_version_of_a_package_that_is_not_there_is_none():
    assert installed.version("no-such-package-of-any-name") is None
    assert installed.version("pytest") == pytest.__version__
