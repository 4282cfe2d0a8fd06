"""Records every release of TensorFlow: makes its environment, runs the recorder in it, and takes it away again.

What is recorded already is not recorded again, so a run that was stopped goes on where it was. A release that cannot be
installed, or whose recorder fails, is told in the table at the end and does not stop the others.
"""

import argparse
import collections
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures

from golden import catalogue, environments, installed, pins
from golden.choices import BadInput
from golden.files import DataError
from golden.store import DATA, Key, Store

#: No environment is made where less is free; the largest takes about 2.5 GB.
FREE_BYTES = 5 * 10**9
_MOST_AT_ONCE = 2

#: What became of a release. status: one word for the table; good: whether it is as it should be; detail: why not.
Result = collections.namedtuple("Result", "release python status good seconds detail")


class Stopped(Exception):
    """The run was interrupted."""


class Failed(Exception):
    """A step of one release failed. status: for the table; the message has the end of what was printed."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


def parser():
    """The argument parser of `scripts/record_all.py`."""
    every = argparse.ArgumentParser(prog="record_all.py", description=__doc__.split("\n")[0])
    every.add_argument("--release", action="append", help="repeat for several, 1.15 or 1.15.5 (all)")
    every.add_argument("--configuration", default="onednn-off", choices=list(pins.CONFIGURATIONS))
    every.add_argument("--verify", action="store_true", help="record again and compare; write nothing")
    every.add_argument("--jobs", type=int, choices=range(1, _MOST_AT_ONCE + 1), help="at once (one per processor)")
    every.add_argument("--work", help="where environments are made (a temporary folder)")
    every.add_argument("--data", default=DATA, help="folder of the recordings (%(default)s)")
    every.add_argument("--json", action="store_true", help="print JSON instead of a table")
    every.add_argument("--rows", default=environments.PATH, help=argparse.SUPPRESS)
    every.add_argument("--recorder", default=os.path.join(pins.ROOT, "scripts", "record.py"), help=argparse.SUPPRESS)
    return every


def main(argv=None):
    """Records; returns 0, 1 if a release failed, 2 with one line for bad input, or 130 when interrupted."""
    options = parser().parse_args(argv)
    try:
        rows = chosen(options.release, environments.load(options.rows))
        results = Run(options, Children()).all(rows)
    except (BadInput, DataError, ValueError) as error:
        print("record_all: %s" % error, file=sys.stderr)
        return 2
    except Stopped:
        print("record_all: interrupted; what is recorded stays, and the next run goes on from there", file=sys.stderr)
        return 130
    print(json.dumps([r._asdict() for r in results], indent=1) if options.json else "\n".join(table(results)))
    return int(not all(result.good for result in results))


def chosen(releases, rows):
    """The rows of these releases, all rows where none is named.

    Raises:
      BadInput: there is no row for one of them.
    """
    for release in releases or ():
        known = environments.of_release(release, rows)
        if known is None or (release.count(".") > 1 and release != known.release):
            raise BadInput("no environment for %s; there are %s" % (release, ", ".join(row.release for row in rows)))
    minors = {installed.minor(release) for release in releases or ()}
    return [row for row in rows if not minors or installed.minor(row.release) in minors]


class Children:
    """The processes that are running, so that an interruption ends them."""

    def __init__(self):
        self._lock, self._running, self._stopped = threading.Lock(), set(), False

    def run(self, command, status, cwd=None):
        """Runs a command.

        Returns:
          its return code and what it printed.

        Raises:
          Stopped: the run was interrupted.
          Failed: it could not be started; with this status.
        """
        with self._lock:
            if self._stopped:
                raise Stopped()
            try:
                child = subprocess.Popen(
                    command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
            except OSError as error:
                raise Failed(status, str(error)) from None
            self._running.add(child)
        try:
            printed = child.communicate()[0].decode("utf-8", "replace")
        finally:
            with self._lock:
                self._running.discard(child)
        if self._stopped:
            raise Stopped()
        return child.returncode, printed

    def stop(self):
        """Ends all of them, and lets no other start."""
        with self._lock:
            self._stopped = True
            for child in self._running:
                child.terminate()


class Run:
    """One run over several releases.

    Args:
      options: as parsed by `parser()`.
      children: starts every process.
    """

    def __init__(self, options, children):
        self.options, self.children = options, children
        self.cases, self.store = catalogue.load(), Store(options.data)

    def all(self, rows):
        """The `Result` of each row, in order; tells each on stderr as it comes.

        Raises:
          Stopped: by Ctrl-C or a request to end; the environments are gone.
        """
        jobs = self.options.jobs or min(_MOST_AT_ONCE, os.cpu_count() or 1)
        with self._interruptible(), futures.ThreadPoolExecutor(jobs) as pool:
            waiting = [pool.submit(self.one, row) for row in rows]
            started, measured = time.monotonic(), 0
            try:
                for done, future in enumerate(futures.as_completed(waiting), 1):
                    result = future.result()
                    measured += result.status != "there"
                    left = _clock((time.monotonic() - started) / max(measured, 1) * (len(rows) - done))
                    told = (done, len(rows), result.release, result.status, left)
                    print("[%d/%d] %s: %s, about %s left" % told, file=sys.stderr, flush=True)
            except BaseException:
                self.children.stop()
                raise
        return [future.result() for future in waiting]

    @contextlib.contextmanager
    def _interruptible(self):
        """Makes of a request to end what Ctrl-C does."""

        def stop(number, frame):
            self.children.stop()
            raise Stopped()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def one(self, row):
        """The `Result` of one row."""
        started = time.monotonic()
        try:
            status, good, detail = self._record(row)
        except Failed as failure:
            status, good, detail = failure.status, False, str(failure)
        return Result(row.release, row.python, status, good, round(time.monotonic() - started, 1), detail)

    def _record(self, row):
        if not self.options.verify and self.is_complete(row):
            return "there", True, ""
        with self._environment(row) as python:
            command = [python, self.options.recorder, "--data", os.path.abspath(self.options.data)]
            command += ["--configuration", self.options.configuration] + ["--verify"] * self.options.verify
            for mode in row.modes:
                command += ["--mode", mode]
            code, printed = self.children.run(command, "not recorded", cwd=pins.ROOT)
        if self.options.verify and code in (0, 1):
            return ("as recorded", True, "") if code == 0 else ("differs", False, _end(printed))
        if code:
            raise Failed("not recorded", _end(printed))
        return "recorded", True, ""

    def is_complete(self, row):
        """Whether every case of every mode of a release is recorded."""
        return all(self._has_all(Key(row.release, self.options.configuration, mode)) for mode in row.modes)

    def _has_all(self, key):
        there = os.path.exists(self.store.index_path(key))
        return there and set(self.store.index(key).cases) >= set(catalogue.select(self.cases, key.mode))

    @contextlib.contextmanager
    def _environment(self, row):
        """A fresh environment with what a row requires, taken away at the end; gives its interpreter."""
        interpreter = find_python(row.python)
        if interpreter is None:
            raise Failed("no python%s" % row.python, "put python%s on the PATH, or install it with pyenv" % row.python)
        with tempfile.TemporaryDirectory(prefix="tf-%s-" % row.release, dir=self.options.work) as folder:
            free = shutil.disk_usage(folder).free
            if free < FREE_BYTES:
                raise Failed(
                    "no space", "%s has %.1f GB free, wanted are %.0f" % (folder, free / 1e9, FREE_BYTES / 1e9)
                )
            python = os.path.join(folder, "bin", "python")
            for command in installation(interpreter, folder, row.requires):
                code, printed = self.children.run(command, "not installed")
                if code:
                    raise Failed("not installed", _end(printed))
            yield python


def find_python(version):
    """Path of an interpreter `python3.7`, from the PATH or from pyenv, or None."""
    found = shutil.which("python" + version)
    if found and _starts(found):
        return found
    if not shutil.which("pyenv"):
        return None
    try:
        prefix = subprocess.check_output(["pyenv", "prefix", version], stderr=subprocess.DEVNULL).decode().strip()
    except subprocess.CalledProcessError:
        return None
    return os.path.join(prefix, "bin", "python" + version)


def _starts(python):
    """Whether an interpreter runs: those that pyenv puts on the PATH may only say that they are not chosen."""
    return subprocess.call([python, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def installation(interpreter, folder, requires):
    """The commands that make an environment, with uv where it is there."""
    python = os.path.join(folder, "bin", "python")
    if shutil.which("uv"):
        make = ["uv", "venv", "--quiet", "--allow-existing", "--python", interpreter, folder]
        return [make, ["uv", "pip", "install", "--quiet", "--python", python] + list(requires)]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    return [[interpreter, "-m", "venv", folder], pip + ["install"] + list(requires)]


def table(results):
    """Lines for people."""
    width = max([len(result.status) for result in results] + [6])
    lines = ["%-10s %-6s %-*s %7s" % ("release", "python", width, "status", "minutes")]
    for result in results:
        minutes = "%.1f" % (result.seconds / 60)
        lines.append("%-10s %-6s %-*s %7s" % (result.release, result.python, width, result.status, minutes))
    for result in results:
        lines += ["", "%s: %s" % (result.release, result.status), result.detail] if not result.good else []
    return lines


def _end(printed, lines=20):
    return "\n".join(printed.strip().splitlines()[-lines:])


def _clock(seconds):
    return "%d:%02d:%02d" % (seconds // 3600, seconds % 3600 // 60, seconds % 60)
