"""Does something with every release of TensorFlow: makes its environment, works in it, and takes it away again.

A release that cannot be installed, or whose work fails, is told in its result and does not stop the others.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures

from golden import environments, installed
from golden.choices import BadInput
from golden.files import DataError

#: No environment is made where less is free; the largest takes about 2.5 GB.
FREE_BYTES = 5 * 10**9
_MOST_AT_ONCE = 2


class Stopped(Exception):
    """The run was interrupted."""


class Failed(Exception):
    """A step of one release failed. status: for the table; the message has the end of what was printed."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


def add_options(parser):
    """Adds what every command of this kind takes to an argument parser."""
    parser.add_argument("--release", action="append", help="repeat for several, 1.15 or 1.15.5 (all)")
    parser.add_argument("--jobs", type=int, choices=range(1, _MOST_AT_ONCE + 1), help="at once (one per processor)")
    parser.add_argument("--work", help="where environments are made (a temporary folder)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rows", default=environments.PATH, help=argparse.SUPPRESS)


def results(name, options, work, after_interruption):
    """The results of a command, or its exit status where there are none: 2 after a line for bad input, or 130.

    Args:
      name: of the command, for messages.
      options: as parsed by a parser with `add_options`.
      work: class of the `Work`.
      after_interruption: what a user should know after Ctrl-C.
    """
    try:
        return work(options).all(chosen(options.release, environments.load(options.rows)))
    except (BadInput, DataError, ValueError) as error:
        print("%s: %s" % (name, error), file=sys.stderr)
        return 2
    except Stopped:
        print("%s: interrupted; %s" % (name, after_interruption), file=sys.stderr)
        return 130


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


class Work:
    """What is done with each release; a subclass has `one`.

    Args:
      options: with `add_options`.

    Attributes:
      children: starts every process.
    """

    def __init__(self, options):
        self.options, self.children = options, Children()

    def one(self, row):
        """The result of one row, with `release`, `status` and `good`; of status `there` if nothing was done.

        Raises:
          Stopped: by an interruption.
        """
        raise NotImplementedError

    def all(self, rows):
        """The result of each row, in order; tells each on stderr as it comes.

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

    @contextlib.contextmanager
    def environment(self, row):
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
            for command in installation(interpreter, folder, row.installs):
                code, printed = self.children.run(command, "not installed")
                if code:
                    raise Failed("not installed", end(printed))
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


def installation(interpreter, folder, installs):
    """The commands that make an environment, with uv where it is there.

    Args:
      installs: the arguments of each `pip install`.
    """
    python = os.path.join(folder, "bin", "python")
    if shutil.which("uv"):
        make = ["uv", "venv", "--quiet", "--allow-existing", "--python", interpreter, folder]
        return [make] + [["uv", "pip", "install", "--quiet", "--python", python] + install for install in installs]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    return [[interpreter, "-m", "venv", folder]] + [pip + install for install in installs]


def end(printed, lines=20):
    """The last lines of what was printed."""
    return "\n".join(printed.strip().splitlines()[-lines:])


def _clock(seconds):
    return "%d:%02d:%02d" % (seconds // 3600, seconds % 3600 // 60, seconds % 60)
