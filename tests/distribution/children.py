"""Starts the programs in processes of their own, and reads what they have written."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import numpy as np

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")

#: Seconds after which a program is taken to hang.
PATIENCE = 500


class Parent:
    """A process that has imported TensorFlow with one Keras, and starts programs.

    Args:
      keras: `keras2` or `keras3`.
      folder: where what the programs say is written.
    """

    def __init__(self, keras, folder):
        self._folder, self._started = folder, 0
        self._process = subprocess.Popen(
            [sys.executable, os.path.join(PROGRAMS, "forked.py")],
            env=dict(os.environ, TF_USE_LEGACY_KERAS="1" if keras == "keras2" else "0"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **job):
        """The answer to a job."""
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def start(self, program, *arguments, **environment):
        """Starts a program with these arguments, and this environment beside that of the process."""
        self._started += 1
        said = self._folder / ("said-%d.txt" % self._started)
        command = [os.path.join(PROGRAMS, program), *map(str, arguments)]
        return Child(self, self.ask(start=command, environment=environment, said=str(said)), said)

    def end(self):
        """Ends the process; programs have ended before."""
        self._process.stdin.close()
        self._process.wait()


class Child:
    """A program that was started."""

    def __init__(self, parent, number, said):
        self._parent, self._number, self._said, self._ended = parent, number, said, False

    def finish(self, expected=0):
        """Waits for the end of the program, which must have this exit status."""
        impatience = threading.Timer(PATIENCE, self.kill)
        impatience.start()
        status = self._parent.ask(wait=self._number)
        impatience.cancel()
        self._ended = True
        assert status == expected, self._said.read_text()[-6000:]

    def kill(self):
        """Ends the program, if it has not ended."""
        if not self._ended:
            os.kill(self._number, signal.SIGKILL)


def read(path):
    """Name -> array of what a program has written; what it could not do fails here."""
    with np.load(str(path)) as written:
        found = {name: written[name] for name in written.files}
    raised = ["%s: %s" % (name, text) for name, text in found.items() if name.endswith("/raised")]
    assert not raised, "\n".join(raised)
    return found


def under(found, prefix):
    """What is below a name, which there must be."""
    below = {name[len(prefix) + 1 :]: value for name, value in found.items() if name.startswith(prefix + "/")}
    assert below, "nothing was observed of %s" % prefix
    return below


def cluster(**jobs):
    """A `TF_CONFIG` for every task of a cluster on ports that are free now: (job, index) -> text."""
    sockets = [socket.socket() for _ in range(sum(jobs.values()))]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = iter("127.0.0.1:%d" % each.getsockname()[1] for each in sockets)
    spec = {job: [next(addresses) for _ in range(size)] for job, size in jobs.items()}
    for each in sockets:
        each.close()
    tasks = [(job, index) for job, size in jobs.items() for index in range(size)]
    return {(job, index): json.dumps({"cluster": spec, "task": {"type": job, "index": index}}) for job, index in tasks}


def assert_same(found, expected):
    """Requires the same names with the same bits."""
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        other = found[name]
        assert (other.dtype, other.shape) == (value.dtype, value.shape), name
        assert other.tobytes() == value.tobytes(), "%s is %s, expected %s" % (name, other, value)
