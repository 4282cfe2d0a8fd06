"""Options of the test session; the guard: no test run writes a recording; and what runs beside the tests."""

import collections
import functools
import hashlib
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from golden import processes  # noqa: E402
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
    config.addinivalue_line("markers", "beside(call, of): comes last, its call runs before; see conftest.py")
    config.pluginmanager.register(Guard(config.getoption("golden_data")), "golden-guard")
    config.pluginmanager.register(Beside(), "beside")


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


class Beside:
    """Starts what tests marked `beside` wait for when all are collected, and lets the others run first.

    The marker has the function, `call`, and the names of the parameters that it is called with, `of`; without a `call`
    it says that the test comes last. The fixture `beside` is what the call returned.
    """

    def __init__(self):
        self._waiting = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items.sort(key=lambda item: item.get_closest_marker("beside") is not None)

    def pytest_collection_finish(self, session):
        if not session.config.option.collectonly:
            calls = collections.OrderedDict.fromkeys(filter(None, map(_call, session.items)))
            results = processes.side_by_side([functools.partial(function, *args) for function, args in calls])
            self._waiting = dict(zip(calls, results))

    @pytest.fixture
    def beside(self, request):
        return self._waiting[_call(request.node)]()


def _call(item):
    """The function that a test waits for and its arguments, or None."""
    marker = item.get_closest_marker("beside")
    if marker is None or "call" not in marker.kwargs:
        return None
    return marker.kwargs["call"], tuple(item.callspec.params[name] for name in marker.kwargs.get("of", ()))


def hashes(folder):
    """Path -> sha256 of every file under a folder."""
    found = {}
    for parent, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as source:
                found[path] = hashlib.sha256(source.read()).hexdigest()
    return found
