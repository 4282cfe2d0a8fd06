"""Runs tests with pytest in the process that it is in."""

import functools
import os
import pickle
import subprocess
import sys
import tempfile
import time
import traceback

import pytest

from golden import pins
from mutation.protocol import Seen, Trial

#: The recordings are not written to from here: no need to look at each of them before and after.
_OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:golden-guard")


def run(request, tell, trace):
    """Runs the trials, or with none every test of the place, and tells of each."""
    os.chdir(pins.ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # takes 0.6 s, and no test here needs them
    subprocess.run = functools.partial(_forking_run, trace)
    watcher = _Watcher(tell, trace)
    options = list(_OPTIONS) + ["--layer-behaviour=" + request.place.mode] + ["-x"] * (not request.trace)
    nodes = [trial.id for trial in request.trials]
    status = pytest.main(options + (nodes or list(request.place.paths)), plugins=[watcher])
    if status == pytest.ExitCode.USAGE_ERROR and nodes:
        # A change may give tests other names, and a test that has gone finds nothing.
        status = pytest.main(options + sorted({node.split("::")[0] for node in nodes}), plugins=[watcher])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not watcher.failed:
        tell(Seen(Trial("pytest", ""), 0.0, "pytest ends with %s" % status, {}))


class _Watcher:
    """A plugin that tells of each test."""

    def __init__(self, tell, trace):
        self._tell, self._trace, self.failed = tell, trace, False
        self._started, self._failure = 0.0, None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        self._started, self._failure = time.monotonic(), None
        yield
        trial = Trial(item.nodeid, item.nodeid.split("[")[0])
        self._tell(Seen(trial, time.monotonic() - self._started, self._failure, self._trace.take()))

    def pytest_runtest_logreport(self, report):
        if report.skipped and self._failure is None:
            self._failure = "skipped"
        if report.failed:
            self.failed = True
            self._failure = str(report.longrepr)[-1000:]

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed = True
            self._tell(Seen(Trial(report.nodeid, ""), 0.0, str(report.longrepr)[-1000:], {}))


_run = subprocess.run


def _forking_run(trace, command, *args, **kwargs):
    """`subprocess.run`, but what `python -c` would run is run in a fork of this process, changes and all."""
    if list(command[:2]) != [sys.executable, "-c"] or len(command) > 3:
        return _run(command, *args, **kwargs)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as lines:
        pid = os.fork()
        if pid == 0:
            for number, name in ((1, "stdout"), (2, "stderr")):
                os.dup2(output.fileno(), number)
                setattr(sys, name, os.fdopen(number, "w"))  # pytest has put its own there
            _be(command[2], trace, lines)
        status = os.waitpid(pid, 0)[1]
        output.seek(0)
        lines.seek(0)
        if not status:
            trace.add(pickle.load(lines))
        told = output.read().decode("utf-8", "replace")
    return subprocess.CompletedProcess(command, status and 1, told, told)


def _be(program, trace, lines):
    """Is a process that runs a program."""
    status = 1
    try:
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
        pickle.dump(trace.take(), lines)
        lines.flush()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
