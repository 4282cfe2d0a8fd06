"""Processes of this package, which say what they find in lines of JSON."""

import json
import os
import subprocess
import sys
import tempfile

from golden import pins, processes


def said_by(module, words, environment, name):
    """Yields what a child says, line by line.

    Args:
      module: that it runs; it ends with 0 where it has said all.
      words: its arguments.
      environment: its variables.
      name: what stands for it in messages.

    Raises:
      processes.WorkerFailed: it ended otherwise; the message has the last line of its stderr.
    """
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            env=environment,
            cwd=pins.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            universal_newlines=True,
        )
        try:
            for line in child.stdout:
                yield json.loads(line)
            status = child.wait()
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        if status:
            errors.seek(0)
            raise processes.WorkerFailed("%s ended too early: %s" % (name, errors.read().strip().split("\n")[-1]))


def teller():
    """A function of what to tell the parent, in the child. What others print from now on goes to stderr."""
    target = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return lambda value: print(json.dumps(value), file=target, flush=True)
