"""Runs programs and commands of the documentation, each in a child of a process that has imported TensorFlow already.

Reads a JSON list of jobs, {"folder", "program": path} or {"folder", "command": words}, and prints a JSON list of
{"status", "printed"}.
A child starts as a new interpreter would, but for the modules that are imported: importing TensorFlow takes seconds.
"""

import importlib
import json
import os
import runpy
import sys
import tempfile
import traceback

COMMANDS = {"tfcompat": "tfcompat.__main__", "golden": "golden.__main__"}


def main():
    """Runs all jobs."""
    jobs = json.load(sys.stdin)
    import tensorflow as tf

    tf.keras.layers  # noqa: B018 - Keras is loaded when it is first asked for
    for name in ("tfcompat.layers", "tfcompat.__main__", "golden.__main__"):
        importlib.import_module(name)
    json.dump([in_a_child(job) for job in jobs], sys.stdout)


def in_a_child(job):
    """What a job prints on stdout, and its exit status."""
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            os.dup2(printed.fileno(), 1)
            os._exit(run(job))
        _, status = os.waitpid(child, 0)
        printed.seek(0)
        return {"status": os.WEXITSTATUS(status) or -os.WTERMSIG(status), "printed": printed.read().decode("utf-8")}


def run(job):
    """Runs a job in this process; returns the exit status."""
    os.chdir(job["folder"])
    try:
        if "program" in job:
            runpy.run_path(job["program"], run_name="__main__")
            return 0
        program, *words = job["command"]
        return importlib.import_module(COMMANDS[program]).main(words)
    except SystemExit as stop:
        return stop.code or 0
    except BaseException:
        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    main()
