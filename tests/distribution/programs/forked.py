"""Runs programs of this folder, each in a child of this process, which has imported TensorFlow once for all of them.

Reads a line of JSON for each: {"start": [path, argument, ...], "environment": {}, "said": path of a file} is answered
with the child's number, {"wait": number} with its exit status.
"""

import json
import os
import runpy
import sys
import traceback

import common


def start(command, environment, said):
    """Starts a program; its number is that of the process."""
    child = os.fork()
    if child:
        return child
    with open(said, "wb") as target:
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
    os.environ.update(environment)
    sys.argv = command
    try:
        common.make_devices()
        runpy.run_path(command[0], run_name="__main__")
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)


def wait(child):
    """The exit status of a program, less than 0 for a signal."""
    _, status = os.waitpid(child, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    common.tf.keras.layers  # noqa: B018 - Keras is loaded when it is first asked for
    for line in iter(sys.stdin.readline, ""):
        job = json.loads(line)
        answer = wait(job["wait"]) if "wait" in job else start(job["start"], job["environment"], job["said"])
        answers.write("%d\n" % answer)


if __name__ == "__main__":
    main()
