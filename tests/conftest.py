"""Options of the test session, and the guard: no test run writes a recording."""

import hashlib
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from golden.store import DATA  # noqa: E402

_FORBIDDEN = {"force_regen": "--force-regen", "regen_all": "--regen-all"}


def pytest_addoption(parser):
    group = parser.getgroup("golden")
    group.addoption("--golden-strict", action="store_true", help="a comparison that had to be skipped fails")
    group.addoption("--golden-live", action="store_true", help="compare with the real function in one process, too")
    group.addoption("--golden-subject", default="tfcompat.layers", help="module under test, or `real` (%(default)s)")
    group.addoption("--golden-configuration", default="onednn-off", help="of the recordings (%(default)s)")
    group.addoption("--golden-data", default=DATA, help="folder of the recordings (%(default)s)")
    parser.getgroup("layer").addoption(
        "--layer-behaviour", choices=("v1", "v2"), default="v2", help="of TensorFlow in tests/layer (%(default)s)"
    )


def pytest_configure(config):
    for name, option in _FORBIDDEN.items():
        if config.getoption(name, False):
            raise pytest.UsageError(
                "%s is refused: recordings come from real TensorFlow alone, through scripts/record.py" % option
            )
    config.pluginmanager.register(Guard(config.getoption("golden_data")), "golden-guard")


class Guard:
    """Fails the session if a file of the recordings is not as it was at the start."""

    def __init__(self, folder):
        self.folder, self.before, self.changed = folder, {}, []

    def pytest_sessionstart(self):
        self.before = hashes(self.folder)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        before, after = self.before, hashes(self.folder)
        self.changed = sorted(path for path in set(before) | set(after) if before.get(path) != after.get(path))
        if self.changed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.changed:
            terminalreporter.section("recordings were changed by this session", red=True)
            for path in self.changed:
                terminalreporter.line(path)


def hashes(folder):
    """Path -> sha256 of every file under a folder."""
    found = {}
    for parent, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as source:
                found[path] = hashlib.sha256(source.read()).hexdigest()
    return found
