"""The installed TensorFlow is found without importing it."""

import os
import subprocess
import sys

import pytest

from tfcompat.backend import installed, ops
from tfcompat.releases import parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
metadata = pytest.importorskip("importlib.metadata", reason="Python 3.7 asks TensorFlow itself")


@pytest.fixture
def not_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)


def test_release_is_the_running_one_and_tensorflow_stays_out():
    program = (
        "import sys; from tfcompat.backend import installed; found = installed.release(); "
        "print(found, 'tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    found, imported = run.stdout.split()
    assert imported == "False" and parse(found) == parse(ops.RELEASE)


def test_imported_tensorflow_is_asked_itself(monkeypatch):
    monkeypatch.setattr(ops, "RELEASE", "2.7.1")
    assert "tensorflow" in sys.modules and installed.release() == "2.7.1"


#: What PyPI has TensorFlow under.
DISTRIBUTIONS = [
    *("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly", "tf-nightly-cpu", "tf-nightly-gpu"),
    *("tensorflow-macos", "tensorflow-rocm", "tensorflow-aarch64", "intel-tensorflow"),
]


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distribution_by_another_name_is_found(name, not_imported, monkeypatch):
    def version(asked):
        if asked != name:
            raise metadata.PackageNotFoundError(asked)
        return "2.9.3"

    monkeypatch.setattr(metadata, "version", version)
    assert installed.release() == "2.9.3"


def test_tensorflow_without_a_distribution_is_imported(not_imported, monkeypatch):
    def version(asked):
        raise metadata.PackageNotFoundError(asked)

    monkeypatch.setattr(metadata, "version", version)
    assert installed.release() == ops.RELEASE
