"""Kills a conversion by SIGKILL at every step that it makes, and looks at what is there after each.

A step is a tensor that is done, or a call that changes files or waits for the disk.  Every attempt is a forked process;
TensorFlow is imported before, and runs nothing in this process.
"""

import glob
import json
import os
import signal
import sys

import h5py
import legacy
import numpy as np

from tfcompat.migrate.checkpoints.exporting import Exporting
from tfcompat.migrate.checkpoints.loading import Loading
from tfcompat.migrate.checkpoints.reader import Checkpoint

NEW, OLD = "no-statistics", "shadows"
CALLS = ("replace", "remove", "fsync", "mkdir")


class Steps:
    """Counts steps, and ends this process at the last one that it may make."""

    def __init__(self, last):
        self._left = last
        for name in CALLS:
            setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, function):
        def call(*args, **kwargs):
            self()
            return function(*args, **kwargs)

        return call

    def __call__(self, *args):
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def convert(name, target, last=1000, overwrite=False):
    """Converts a model in a new process; True if it came to its end."""
    child = os.fork()
    if child == 0:
        steps = Steps(last)
        if target.endswith(".ckpt"):
            weights = os.path.join(os.path.dirname(target), "weights", name + ".weights.h5")
            work = Exporting(weights, lambda: legacy.build(name)[0])
        else:
            work = Loading(legacy.checkpoint(name), lambda: legacy.build(name)[0], None)
        work.write(target, overwrite, steps)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    return status == 0


def state(target):
    """What a reader finds: `absent`, `old`, or values in all."""
    if target.endswith(".ckpt"):
        if not os.path.exists(target + ".index"):
            return "absent"
        found = Checkpoint(target)
        return [(v.name, float(found.read(v.name).sum())) for v in found.variables]
    if not os.path.exists(target):
        return "absent"
    with h5py.File(target, "r") as source:
        values = []
        source.visititems(
            lambda name, item: values.append((name, float(np.sum(item[()])))) if hasattr(item, "dtype") else None
        )
    return values


def attempts(target, over):
    """`absent`, `old` or `new` after a kill at every step, and at the end; whether there is an old one before."""
    known = {}
    for name, word in ((OLD, "old"), (NEW, "new")):
        clear(target)
        assert convert(name, target)
        known[json.dumps(state(target))] = word
        if word == "old":
            kept = {path: open(path, "rb").read() for path in glob.glob(target + "*")}
    known['"absent"'] = "absent"
    states, done = [], False
    while not done:
        clear(target)
        for path in kept if over else ():
            with open(path, "wb") as copy:
                copy.write(kept[path])
        done = convert(NEW, target, len(states), overwrite=over)
        states.append(known.get(json.dumps(state(target)), "broken"))
    left = [path for path in os.listdir(os.path.dirname(target)) if path.endswith(".partial")]
    return {"states": states, "left": left}


def clear(target):
    for path in glob.glob(target + "*"):
        os.remove(path)


def main(folder):
    os.makedirs(os.path.join(folder, "weights"))
    for name in (NEW, OLD):
        assert convert(name, os.path.join(folder, "weights", name + ".weights.h5"))
    result = {}
    for name in ("model.weights.h5", "model.ckpt"):
        for over in (False, True):
            result["over " * over + name] = attempts(os.path.join(folder, name), over)
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
