"""Hunts mutants: the cheapest trials that run the changed lines first, then all of them, until one fails."""

import collections
import os
import queue
import threading

from mutation import mutants
from mutation.forker import Forker
from mutation.protocol import Request

#: Files of tests that are about the modules whose path begins so: all of them are tried before the last round, and
#: first of all for what is outside of functions, which all of them read.
ABOUT = (
    ("tfcompat/kernels/step", ("test_layer_averages",)),
    ("tfcompat/kernels/__init__", ("test_layer_empty", "test_layer_fast")),
    ("tfcompat/kernels/empty", ("test_layer_empty", "test_layer_replicas")),
    ("tfcompat/kernels/replicas", ("test_layer_synchronized", "test_layer_replicas")),
    ("tfcompat/kernels/engines", ("test_layer_engines", "test_layer_fast")),
    ("tfcompat/kernels/fast", ("test_layer_fast_arithmetic", "test_layer_fast")),
    (
        "tfcompat/kernels",
        ("test_layer_moments", "test_layer_averages", "test_layer_fast_arithmetic", "test_layer_fast"),
    ),
    (
        "tfcompat/backend/ops",
        ("test_layer_engines", "test_layer_hosts", "test_layer_fast_arithmetic", "test_layer_averages"),
    ),
    ("tfcompat/backend/bundle", ("test_checkpoint_index",)),
    ("tfcompat/backend/checkpoints", ("test_checkpoint_files", "test_diagnoses")),
    ("tfcompat/backend/replicas", ("test_layer_replicas", "test_layer_synchronized")),
    ("tfcompat/backend/protos", ("test_protos",)),
    (
        "tfcompat/backend/keras",
        (
            "test_layer_past_keras",
            "test_layer_hosts",
            "test_layer_variables",
            "test_layer_models",
            "test_layer_saving",
        ),
    ),
    ("tfcompat/backend/serial", ("test_layer_config", "test_layer_written")),
    ("tfcompat/backend/v1_graph", ("test_layer_scopes", "test_layer_names_of_tf1", "test_layer_graph")),
    ("tfcompat/backend/legacy_layers", ("test_installation",)),
    ("tfcompat/backend/eager", ("test_layer_past_keras", "test_layer_averages", "test_layer_variables")),
    ("tfcompat/backend", ("test_layer_hosts", "test_layer_variables", "test_layer_past_keras", "test_layer_saving")),
    ("tfcompat/config", ("test_unit_config", "test_refusals", "test_layer_config")),
    ("tfcompat/plan", ("test_unit_plan", "test_refusals", "test_layer_fast")),
    ("tfcompat/releases", ("test_shipped", "test_unit_releases")),
    ("tfcompat", ("test_unit_config", "test_unit_releases", "test_refusals")),
)

#: Seconds that those may take.
_ABOUT_SECONDS = 20.0

#: First rounds of trials: their kind, how many seconds they may take when nothing fails, and how many of a group
#: there are.
ROUNDS = (("tests", 3.0, 1), ("cases", 2.0, 1))

#: Seconds by which every trial is taken to be longer.
_FLOOR = 0.02

#: Seconds that a process takes to start, and to collect the tests of a file.
_START, _COLLECT = 0.3, 0.4

#: Seconds of the last round, in which are all trials, tests first.
LAST = 60.0

#: Seconds that a trial may take before it is taken to hang: at least, and times of what it takes.
_PATIENCE, _SLOWER = 20.0, 10

#: What became of a mutant. status: `killed` or `survived`; how: by what trial, or why not; where: its place.
Result = collections.namedtuple("Result", "id status how where")


class Team:
    """Forkers of each Keras, and threads that ask them.

    Args:
      jobs: number of processes that work side by side.
    """

    def __init__(self, jobs):
        self.jobs = jobs
        self._all, self._free = [], collections.defaultdict(list)

    def ask(self, request):
        """The `Answer` of a forker that is free."""
        free = self._free[request.place.keras]
        try:
            forker = free.pop()
        except IndexError:
            forker = Forker(request.place.keras)
            self._all.append(forker)
        answer = forker.ask(request)
        free.append(forker)
        return answer

    def answers(self, requests):
        """(key, `Answer`) of each (key, `Request`), as they come."""
        return self.results(lambda pair: (pair[0], self.ask(pair[1])), requests)

    def results(self, function, values):
        """What the function returns for each value, as they come; what it raises is raised."""
        waiting, done = queue.SimpleQueue(), queue.SimpleQueue()
        for value in values:
            waiting.put(value)

        def work():
            try:
                while True:
                    done.put((function(waiting.get_nowait()), None))
            except queue.Empty:
                return
            except BaseException as error:
                done.put((None, error))

        for _ in range(self.jobs):
            threading.Thread(target=work, daemon=True).start()
        for _ in range(len(values)):
            result, error = done.get()
            if error is not None:
                raise error
            yield result

    def close(self):
        """Ends the forkers."""
        for forker in self._all:
            forker.close()


class Hunt:
    """Hunts mutants.

    Args:
      ask: a function of a `Request`, as `Team.ask`.
      reached: every `reach.Reached`.
      killers: mutant id -> (place name, trial id) that killed it before.
      last: seconds of the last round.
    """

    def __init__(self, ask, reached, killers, last=LAST):
        self._ask, self._killers, self._last = ask, killers, last
        self._by_file = collections.defaultdict(list)
        self._by_name, self._by_stem = {}, collections.defaultdict(list)
        for one in reached:
            self._by_name[name_of(one.place), one.trial.id] = one
            self._by_stem[_stem(one)].append(one)
            for path in one.lines:
                self._by_file[path].append(one)
        for path, there in self._by_file.items():
            there.sort(key=lambda one: _price(one, path))
        self._lately = collections.defaultdict(collections.Counter)

    def result(self, mutant):
        """The `Result` of a mutant."""
        there = self._reaching(mutant)
        if not there and mutant.line:
            return Result(mutant.id, "survived", "not reached", "")
        changed = {mutant.path: mutants.source_with(mutant)}
        tried = set()
        for chosen in self._rounds(mutant, there):
            chosen = [one for one in chosen if id(one) not in tried]
            tried.update(map(id, chosen))
            for place, several in _by_place(chosen):
                found = self._failing(place, several, changed)
                if found:
                    self._lately[mutant.path, mutant.function][name_of(place), found.id] += 1
                    return Result(mutant.id, "killed", found.id, name_of(place))
        return Result(mutant.id, "survived", "%d of %d trials" % (len(tried), len(there)), "")

    def _reaching(self, mutant):
        """Trials that run the statement, those first that promise most for their time."""
        there = self._by_file[mutant.path]
        return [one for one in there if not mutant.line or one.lines[mutant.path] >> mutant.line & 1]

    def _rounds(self, mutant, there):
        """Lists of trials, those first that found this mutant or others of its function."""
        lately = [key for key, _ in self._lately[mutant.path, mutant.function].most_common(3)]
        likely = [self._by_name.get(key) for key in [self._killers.get(mutant.id)] + lately]
        allowed = set(map(id, there))
        likely = [one for one in likely if one is not None and id(one) in allowed]
        yield likely[:1]
        yield likely[1:]
        names = next((names for start, names in ABOUT if mutant.path.startswith(start)), ())
        about = [one for name in names for one in self._by_stem[name] if not mutant.line or id(one) in allowed]
        about = _cheapest(about, _ABOUT_SECONDS)
        yield about if not mutant.line else []
        first = ROUNDS[::-1] if mutant.path.startswith("tfcompat/kernels") else ROUNDS
        for kind, seconds, of_group in first:
            yield _cheapest([one for one in there if one.place.kind == kind], min(seconds, self._last), of_group)
        yield about
        yield _cheapest(_in_turns(there), self._last)

    def _failing(self, place, several, changed):
        """The `Trial` that fails, None if all pass; what hangs does so again with three times the patience."""
        patience = max(_PATIENCE, _SLOWER * max(one.seconds for one in several))
        trials = [one.trial for one in several]
        request = Request(place, trials, changed, (), patience)
        for again in (request, request._replace(patience=3 * patience)):
            answer = self._ask(again)
            failed = [seen.trial for seen in answer.seen if seen.failure not in (None, "skipped")]
            if failed:
                return failed[0] if failed[0].group else failed[0]._replace(id=trials[0].id)
            if answer.ending == "end":
                return None
            running = trials[min(len(answer.seen), len(trials) - 1)]
        return running


def _price(one, path):
    """What a trial costs: a test its time, a case its time for each line of the file that it runs."""
    lines = bin(one.lines[path]).count("1") if one.place.kind == "cases" else 10
    return (one.seconds + _FLOOR) / lines


def name_of(place):
    """`keras3 cases eager` of a `Place`."""
    return " ".join((place.keras, place.kind, place.mode))


def _cheapest(there, seconds, of_group=None):
    """The first trials, so many of each group in a place, that take so many seconds with what they need to start."""
    taken, groups, started = [], collections.Counter(), {}
    for one in there:
        starts = {(one.place, _file(one)): _START + (_COLLECT if one.place.kind == "tests" else 0.0)}
        takes = one.seconds + sum(cost for key, cost in starts.items() if key not in started)
        if takes <= seconds and (of_group is None or groups[_group(one)] < of_group):
            groups[_group(one)] += 1
            started.update(starts)
            seconds -= takes
            taken.append(one)
    return taken


def _in_turns(there):
    """Tests before cases, and no second trial of a group before all have had one."""
    turns, order = collections.Counter(), []
    for one in there:
        turns[_group(one)] += 1
        order.append((turns[_group(one)], one.place.kind != "tests", one))
    return [row[-1] for row in sorted(order, key=lambda row: row[:-1])]


def _group(one):
    return one.place.keras, one.place.kind, one.trial.group


def _by_place(chosen):
    """(place, trials) for each process to start, the quickest first: tests of one file, or cases."""
    places = collections.OrderedDict()
    for one in chosen:
        places.setdefault((one.place, _file(one)), []).append(one)
    ordered = sorted(places.items(), key=lambda item: sum(one.seconds for one in item[1]))
    return [(place, several) for (place, _), several in ordered]


def _stem(one):
    """`test_layer_hosts` of a test in that file."""
    return os.path.splitext(os.path.basename(_file(one)))[0]


def _file(one):
    """The file of a test, empty for a case."""
    return one.trial.id.split("::")[0] if one.place.kind == "tests" else ""
