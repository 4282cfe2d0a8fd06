"""Kills a recorder by SIGKILL before every step that it makes, and looks at what is there after each.

A step is a call that changes files or waits for the disk; between two of them is `half` of what is written to a file.
Every attempt is a forked process.
"""

import builtins
import collections
import json
import os
import shutil
import signal
import sys

from golden import catalogue, digests, files, fsck, integrity
from golden.files import DataError
from golden.pack import Pack
from golden.store import Recording, Store, definition_digest
from samples import KEY, make_case, make_observation

CALLS = ("replace", "remove", "fsync", "mkdir")
CASES = ("first", "second")
ELSEWHERE = KEY._replace(release="2.9.3")

#: Scenario -> what is recorded before, and what is done while the recorder is killed: functions of a store.
Scenario = collections.namedtuple("Scenario", "before act")


class Steps:
    """Tells steps, and ends this process instead of the last one that it may make."""

    def __init__(self, left, tell):
        self.left, self.tell = left, tell
        for name in CALLS:
            setattr(os, name, self._counted(name, getattr(os, name)))
        files.open = self._open

    def _counted(self, name, function):
        def call(*args, **kwargs):
            self.step(name)
            return function(*args, **kwargs)

        return call

    def _open(self, path, mode):
        if mode == "wb":
            self.step("open")
        opened = builtins.open(path, mode)
        return Written(opened, self) if mode == "wb" else opened

    def step(self, name):
        if self.left == 0:
            os.write(self.tell, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


class Written:
    """A file whose writes come in two halves."""

    def __init__(self, opened, steps):
        self.opened, self.steps = opened, steps

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.opened.close()

    def write(self, content):
        self.steps.step("write")
        self.opened.write(content[: len(content) // 2])
        self.opened.flush()
        self.steps.step("half")
        self.opened.write(content[len(content) // 2 :])

    def flush(self):
        self.opened.flush()

    def fileno(self):
        return self.opened.fileno()


def observed(case_id, value):
    """An observation that was made from the inputs of the case."""
    inputs = integrity.input_hashes(make_case(case_id), KEY.release)
    return make_observation((value, -0.0, 2.5), inputs=inputs)


def record(store, case_ids, value, key=KEY, replace=None):
    """Records cases."""
    recording = Recording(store, key, {"fingerprint": "f00d", "tensorflow": key.release, "gpu": None})
    for case_id in case_ids:
        recording.add(case_id, definition_digest(make_case(case_id)), observed(case_id, value))
    recording.write(replace)


def nothing(store):
    os.makedirs(store.root)


def elsewhere(store):
    record(store, CASES, 1.0, ELSEWHERE)


def replaced(store):
    """Leaves an observation in each pack that no index names."""
    elsewhere(store)
    record(store, CASES, 2.0)
    record(store, CASES, 3.0, replace="for the test")


SCENARIOS = {
    "first": Scenario(nothing, lambda store: record(store, CASES, 1.0)),
    "more": Scenario(elsewhere, lambda store: record(store, CASES, 2.0)),
    "replace": Scenario(
        lambda store: (elsewhere(store), record(store, CASES, 1.0)),
        lambda store: (record(store, CASES, 2.0, replace="for the test"), store.prune()),
    ),
    "prune": Scenario(replaced, Store.prune),
}


def attempt(store, act, steps):
    """Acts in a new process that may make some steps; returns the step before which it was killed, or `end`."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        Steps(steps, writing)
        act(store)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        step = told.read()
    status = os.waitpid(child, 0)[1]
    assert status == (signal.SIGKILL if step else 0), status
    return step or "end"


def content_of(root):
    """Name -> content of every file below a folder."""
    found = {}
    for name in digests.names_below(root):
        with open(os.path.join(root, name), "rb") as source:
            found[name] = source.read()
    return found


def index_of(content, key=KEY):
    return content.get("index/%s/%s/%s.json" % key)


def named_by(content):
    """The (case, sha) that the indexes of a store's files name."""
    return {
        (case_id, line.split(" ")[0])
        for name, text in content.items()
        if name.startswith("index/")
        for case_id, line in json.loads(text.decode())["cases"].items()
    }


def unharmed(root, content):
    """`whole` if all that was recorded is still there."""
    now = content_of(root)
    if index_of(now, ELSEWHERE) != index_of(content, ELSEWHERE):
        return "another release changed"
    for case_id, sha in named_by(content):
        try:
            Pack.read(os.path.join(root, "observations", case_id + ".bin")).get(sha)
        except DataError as error:
            return str(error)
    return "whole"


def after_a_kill(root, scenario, steps):
    """What a store is like after a kill, and after the same again."""
    shutil.rmtree(root, ignore_errors=True)
    scenario.before(Store(root))
    before = content_of(root)
    state = {"step": attempt(Store(root), scenario.act, steps)}
    now = content_of(root)
    state.update(before=unharmed(root, before), kinds=kinds_of(root))
    scenario.act(Store(root))
    end = content_of(root)
    index = {index_of(before): "0 as before", index_of(end): "1 complete"}
    state.update(index=index.get(index_of(now), "broken"), left=sorted(name for name in now if name not in end))
    return state, end


def kinds_of(root):
    """The kinds of what `fsck` finds."""
    return sorted({one.kind for one in fsck.Check(root).findings()})


def main(folder):
    """Prints what was found, as JSON."""
    cases = collections.OrderedDict((case_id, make_case(case_id)) for case_id in CASES)
    catalogue.load = lambda directory=None: cases
    os.fsync = lambda handle: None  # takes long, and a process that is killed loses nothing that it wrote
    result = {}
    for name, scenario in SCENARIOS.items():
        root, states = os.path.join(folder, name), []
        scenario.before(Store(root))
        scenario.act(Store(root))
        expected = content_of(root)
        while not states or states[-1]["step"] != "end":
            state, end = after_a_kill(root, scenario, len(states))
            same = end == expected and kinds_of(root) == []
            state["again"] = "as if never killed" if same else "%s" % sorted(set(end) ^ set(expected))
            states.append(state)
        result[name] = states
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
