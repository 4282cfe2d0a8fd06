"""Which trial runs which lines: all of them run once, with traces."""

import collections
import fnmatch
import glob
import hashlib
import os
import pickle

from golden import catalogue, expectations, files, pins
from golden.store import Store
from mutation import mutants
from mutation.protocol import Place, Request, Trial

FILE = os.path.join(pins.ROOT, ".mutation", "reach.pickle")

#: Seconds without news after which a trial is taken to hang, where no more is known.
PATIENCE = 300.0

_LAYER = ("tests/layer",)
_PURE = (
    "tests/unit",
    "tests/spec/test_clauses.py",
    "tests/spec/test_shipped.py",
    "tests/spec/test_worked_example.py",
    "tests/spec/test_render.py",
)
_MIGRATE = tuple(
    "tests/migrate/test_%s.py" % name for name in ("rebuild", "checkpoint_models", "checkpoint_h5", "fold")
)
_FILES = tuple(
    "tests/migrate/test_%s.py" % name
    for name in ("checkpoint_files", "checkpoint_index", "checkpoint_plan", "diagnoses", "protos")
)

#: Tests that start processes or threads for tens of seconds.
_LONG = ("tests/layer/test_layer_life.py", "tests/layer/test_layer_threads.py", "tests/layer/test_layer_deployed.py")

#: Where tests run.
TESTS = (
    Place("keras3", "tests", "v2", _PURE),
    Place("keras3", "tests", "v2", _LAYER),
    Place("keras2", "tests", "v2", _LAYER),
    Place("keras2", "tests", "v1", _LAYER),
    Place("keras3", "tests", "v1", _LAYER),
    Place("keras3", "tests", "v2", ("tests/test_installation.py", "tests/test_keras_elsewhere.py")),
    Place("keras2", "tests", "v2", ("tests/test_installation.py",)),
    Place("keras2", "tests", "v2", _MIGRATE),
    Place("keras3", "tests", "v2", _MIGRATE),
    Place("keras3", "tests", "v2", _FILES),
)

#: (Keras, mode) -> (first, step) of the cases that run there: every case runs in one mode of Keras 3 at least.
_CASES = {
    ("keras3", "graph-v1"): (0, 4),
    ("keras3", "eager"): (1, 4),
    ("keras3", "graph-v2"): (2, 4),
    ("keras3", "function"): (3, 4),
    ("keras2", "graph-v1"): (2, 8),
    ("keras2", "graph-v2"): (4, 12),
    ("keras2", "eager"): (3, 8),
    ("keras2", "function"): (1, 12),
}

#: Where cases follow other releases: the mode in which all of them are recorded.
_FOLLOWED = ("keras3", "graph-v1")

#: Cases in one process, of which several run side by side.
_AT_ONCE = 100

#: Cases of a trait and release.
_OF_TRAIT = 3

#: A trial that passes. lines: path -> bits of the lines that it runs.
Reached = collections.namedtuple("Reached", "place trial seconds lines")


def work():
    """(name, `Place`, `Trial`s) of all that runs; tests say themselves which there are."""
    cases = catalogue.load()
    for place in TESTS:
        for file in (file for path in place.paths for file in _files(path)):
            yield " ".join((place.keras, place.mode, file)), place._replace(paths=(file,)), ()
    for (keras, mode), (first, step) in _CASES.items():
        chosen = [case_id for case_id in list(cases)[first::step] if mode in cases[case_id]["modes"]]
        trials = [Trial("- " + case_id, cases[case_id]["family"]) for case_id in chosen]
        trials += _followed(cases, mode) if (keras, mode) == _FOLLOWED else []
        for number in range(0, len(trials), _AT_ONCE):
            place = Place(keras, "cases", mode, ())
            yield "%s %s %d" % (keras, mode, number), place, tuple(trials[number : number + _AT_ONCE])


def _followed(cases, mode):
    """Trials that follow the releases at which a trait begins or ends, with cases that the trait matters to."""
    from tfcompat.releases import RELEASES, TRAITS

    store = Store()
    recorded = {key.release: store.index(key) for key in store.keys() if key[1:] == ("onednn-off", mode)}
    found = collections.OrderedDict()
    for trait in TRAITS:
        for before, after in zip(RELEASES, RELEASES[1:]):
            if after != trait.first and before != trait.last:
                continue
            for release in (before, after):
                stands = expectations.stand_in(release, sorted(recorded))
                there = recorded[stands].cases if stands else ()
                matching = [one for one in there if any(fnmatch.fnmatch(one, p) for p in trait.touches.split("|"))]
                chosen = [trait.case] * (trait.case in there) + matching[:: max(1, len(matching) // _OF_TRAIT)]
                for case_id in chosen:
                    found[Trial("%s %s" % (stands, case_id), "%s %s" % (cases[case_id]["family"], stands))] = None
    return list(found)


def survey(team, again=False, tell=print):
    """Every `Reached`; what has not changed since it ran is not run again.

    Args:
      team: a `hunt.Team`.
      again: run all of it.
      tell: is told of each part that has run.
    """
    known = {} if again or not os.path.exists(FILE) else _read()
    parts = [part + (_digest(part[1], part[2]),) for part in work()]
    sources = {path: hashlib.sha256(mutants.source_of(path).encode()).hexdigest() for path in mutants.files()}
    asked = [part for part in parts if not _is_current(known.get(part[0]), part[3], sources)]
    for (name, place, _, digest), answer in team.answers([(part, _request(part[1], part[2])) for part in asked]):
        passed = [seen for seen in answer.seen if seen.failure is None]
        failed = [seen.trial.id for seen in answer.seen if seen.failure not in (None, "skipped")]
        tell("%s: %d pass, %s; %s fail: %s" % (name, len(passed), answer.ending, len(failed), " ".join(failed[:5])))
        there = place._replace(paths=())  # a trial knows its file, and one process runs those of several
        reached = [Reached(there, seen.trial, seen.seconds, seen.lines) for seen in passed]
        ran = {path: sources[path] for seen in passed for path in seen.lines}
        known[name] = digest, ran, reached
        files.write_atomically(FILE, pickle.dumps(known))
    return [reached for name, _, _, _ in parts for reached in known[name][2]]


def _read():
    with open(FILE, "rb") as source:
        return pickle.load(source)


def _request(place, trials):
    return Request(place, trials, {}, tuple(mutants.files()), PATIENCE)


def _is_current(entry, digest, sources):
    """Whether a part is what it was when it ran, and so is every source that it ran."""
    return entry is not None and entry[0] == digest and all(sources.get(path) == sha for path, sha in entry[1].items())


def _digest(place, trials):
    """Of what runs, and of the tests."""
    digest = hashlib.sha256(repr((place, trials)).encode())
    for path in place.paths:
        with open(os.path.join(pins.ROOT, path), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def _files(path):
    """The test files of a folder, but those that take long, or the file."""
    there = [os.path.relpath(one, pins.ROOT) for one in sorted(glob.glob(os.path.join(pins.ROOT, path, "test_*.py")))]
    return [one for one in there if one not in _LONG] or [path]
