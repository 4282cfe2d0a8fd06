"""Tries damaged files, each in a forked process, and prints a line of JSON for each try.

TensorFlow is imported before and runs nothing in this process, so that a fork is whole, and quick.
"""

import argparse
import faulthandler
import functools
import io
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import traceback

from fuzz import file_kinds
from fuzz.children import teller

#: Memory that reading a damaged file may take beyond what the process has before.
MEMORY = 256 * 2**20

#: Seconds that a try may take.
SECONDS = 60

#: Exit statuses of a try, beside those of the commands: an error of another kind, and code that was run.
OTHER_ERROR, CODE_RUN, NO_LINE = 70, 71, 72

#: What a process does that runs code of a file; see `sys.addaudithook`.
_CODE = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pickle.find_class", "socket.connect")


def main():
    """Makes the tries that are asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int)
    parser.add_argument("--kind", action="append")
    parser.add_argument("--first", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", help="folder for the files of tries that found something")
    options = parser.parse_args()
    kinds = {name: kind for name, kind in file_kinds.KINDS.items() if name in (options.kind or [name])}
    tell = teller()
    warm_up()
    shares = sum(kind.share for kind in kinds.values())
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in kinds.items():
            valid = os.path.join(folder, name.replace(" ", "-"))
            told = in_a_fork(functools.partial(make, kind, valid), os.devnull)
            told = one(kind, name, None, options, valid, folder) if not told["status"] else told
            if told.get("outcome") != "read":
                raise SystemExit("the valid file of kind %s cannot be made, or read: %s" % (name, told))
            for number in range(-(-options.tries * kind.share // shares)):
                tell(one(kind, name, options.first + number, options, valid, folder))


def warm_up():
    """Imports all that a try needs, so that it is not counted as the memory of one."""
    import h5py  # noqa: F401
    import tensorflow as tf

    import golden.__main__
    import tfcompat.__main__
    import tfcompat.layers

    tf.keras.layers  # noqa: B018 - Keras is loaded when it is first asked for
    tfcompat.__main__.parser()
    golden.__main__.parser()


def make(kind, folder):
    """Writes the valid files of a kind."""
    os.makedirs(folder)
    kind.make(folder)
    return 0


def one(kind, name, number, options, valid, folder):
    """One try: what became of it; number: None for the valid file."""
    work = os.path.join(folder, "try")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(valid, work)
    path = os.path.join(work, kind.damaged)
    if number is not None:
        with open(path, "rb") as source:
            content = source.read()
        draw = random.Random("%s/%s/%d" % (options.seed, name, number))
        with open(path, "wb") as target:
            target.write(draw.choice(kind.damages)(draw, content))
    said = os.path.join(folder, "said")
    told = in_a_fork(functools.partial(attempt, kind, work), said)
    result = {"kind": name, "number": number, "outcome": outcome(told["status"]), "memory": told["memory"]}
    if result["memory"] > MEMORY:
        result["outcome"] = "memory"
    if result["outcome"] not in ("read", "refused"):
        with open(said, errors="replace") as source:
            result["said"] = source.read()[-3000:]
        if options.keep and number is not None:
            os.makedirs(options.keep, exist_ok=True)
            kept = "%s-%d-%s" % (name.replace(" ", "-"), number, os.path.basename(path))
            shutil.copy(path, os.path.join(options.keep, kept))
    return result


def outcome(status):
    """What a wait status of a try means."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "hang" if number == signal.SIGALRM else "crash"
    words = {0: "read", 2: "refused", CODE_RUN: "code run", NO_LINE: "no line"}
    return words.get(os.WEXITSTATUS(status), "other error")


def in_a_fork(call, said):
    """Calls in a child whose output goes to a file; its wait status, and the memory it took beyond what was there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(resident()).encode())
        os.close(writing)
        with open(said, "w") as target:
            os.dup2(target.fileno(), 1)
            os.dup2(target.fileno(), 2)
        os._exit(guarded(call))
    os.close(writing)
    with os.fdopen(reading) as before:
        begins = int(before.read())
    _, status, usage = os.wait4(child, 0)
    return {"status": status, "memory": usage.ru_maxrss * 1024 - begins}


def resident():
    """Bytes of memory of this process."""
    with open("/proc/self/statm") as source:
        return int(source.read().split()[1]) * resource.getpagesize()


def guarded(call):
    """The exit status of a call; an error that nobody expects is printed."""
    with open("/proc/self/statm") as source:
        size = int(source.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 4 * MEMORY, size + 4 * MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    faulthandler.disable()
    sys.addaudithook(refuse_code)
    try:
        return call()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        return OTHER_ERROR


def refuse_code(event, arguments):
    """Ends the process where a file made it run something."""
    if event in _CODE:
        os.write(2, ("ran %s %r" % (event, arguments)).encode())
        os._exit(CODE_RUN)


def attempt(kind, folder):
    """Reads the files of a folder in all ways of a kind; the status of the first one that refuses, else 0."""
    refused = 0
    for words in kind.reads:
        out, sys.stdout = sys.stdout, io.StringIO()
        err, sys.stderr = sys.stderr, io.StringIO()
        try:
            status = file_kinds.read(words, folder)
        finally:
            told, sys.stdout, sys.stderr = sys.stderr.getvalue(), out, err
        print(told, file=sys.stderr, flush=True)
        if status == 2 and not re.fullmatch(r"(\d+/\d+ .*\n)*(tfcompat|golden): [^\n]+\n", told):
            return NO_LINE
        refused = refused or (2 if status else 0)
    return refused


if __name__ == "__main__":
    main()
