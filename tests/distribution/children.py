"""Starts the programs in processes of their own, and reads what they have written."""

import json
import os
import socket
import subprocess
import sys

import numpy as np

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")

#: Seconds after which a program is taken to hang.
PATIENCE = 500


class Child:
    """A program that runs.

    Args:
      keras: `keras2` or `keras3`.
      program: name of its file.
      *arguments: of its command line.
      **environment: of the process, beside that of this one.
    """

    def __init__(self, keras, program, *arguments, **environment):
        legacy = "1" if keras == "keras2" else "0"
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(PROGRAMS, program), *map(str, arguments)],
            env=dict(os.environ, TF_USE_LEGACY_KERAS=legacy, **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, expected=0):
        """Waits for the end of the program, which must have this exit status; gives what it said."""
        try:
            said, _ = self.process.communicate(timeout=PATIENCE)
        finally:
            self.kill()
        assert self.process.returncode == expected, said[-6000:]
        return said

    def kill(self):
        """Ends the program, if it has not ended."""
        self.process.kill()
        self.process.wait()


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
