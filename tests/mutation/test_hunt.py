"""The most promising trials run first, and every mutant ends as killed or as survived."""

import pytest

from mutation.hunt import Hunter, Learned
from mutation.mutants import Mutant
from mutation.places import PLACES
from mutation.protocol import Answer, Seen, Trial
from mutation.reach import Known, Watched, watched
from mutation.results import Results

SOURCE = """LIMIT = 3


def size(wanted):
    if wanted:
        return wanted + LIMIT
    return 0


def other():
    return LIMIT
"""
FILE = "box.py"
MUTANT = Mutant(FILE, "abc", "size", (6, 6), "    return wanted + LIMIT", "    return wanted - LIMIT", "changed")


def bits(*lines):
    return sum(1 << line for line in lines)


def at(first, last=None):
    return watched(
        MUTANT._replace(lines=(first, last or first)), {FILE: SOURCE, "user.py": "def use():\n    size(1)\n"}
    )


def test_change_in_a_function_is_run_by_its_statement():
    assert at(6) == Watched({FILE: bits(6)}, frozenset())
    assert at(5) == Watched({FILE: bits(5)}, frozenset())


def test_change_of_what_runs_on_import_is_run_by_those_who_name_it():
    assert at(1) == Watched({FILE: bits(6, 11), "user.py": 0}, {"LIMIT"})


def test_change_of_a_signature_is_run_by_the_body():
    assert at(4) == Watched({FILE: bits(5, 6, 7)}, frozenset())


def trial(number, group="g", seconds=0.1):
    return Known(Trial("- case-%d" % number, group), seconds, {FILE: bits(6)})


def test_one_of_each_group_comes_before_a_second():
    known = [trial(1, "a"), trial(2, "a"), trial(3, "b")]
    order = [one.trial.id[-1] for one in Learned().trials(FILE, PLACES[0], known)]
    assert order == ["1", "3", "2"]


def test_what_found_much_comes_first():
    learned, last = Learned(), PLACES[-1]
    known = [trial(1, "a"), trial(2, "a"), trial(3, "b")]
    for _ in range(5):
        learned.learn(FILE, last, known[1].trial, 0.1)
    assert learned.trials(FILE, last, known)[0] is known[1]
    assert learned.places(FILE)[0] is last
    assert learned.places("another.py") == list(PLACES)


class AllIn:
    """A reach in which every trial is in one place."""

    def __init__(self, known):
        self.known = known

    def running(self, place, lines):
        return self.known if place == PLACES[1] else []


def hunt(known, answer, asked):
    hunter = Hunter(AllIn(known), Learned(), {FILE: SOURCE})

    def ask(request):
        asked.append([trial.id for trial in request.trials])
        return answer(request)

    hunter.ask = ask
    return hunter.hunt(MUTANT)


def passing(request):
    return Answer([Seen(trial, 0.1, None, {}) for trial in request.trials], "end")


def test_mutant_survives_when_the_time_is_over_and_no_trial_runs_twice():
    asked = []
    outcome = hunt([trial(n, str(n)) for n in range(100)], passing, asked)
    tried = [name for names in asked for name in names]
    assert (outcome.status, outcome.by, outcome.tried) == ("survived", "", len(tried))
    assert len(asked) == 2 and len(set(tried)) == len(tried) < 100


def test_failing_trial_kills_and_is_named():
    outcome = hunt([trial(7)], lambda r: Answer([Seen(r.trials[0], 0.1, "differs", {})], "end"), [])
    assert (outcome.status, outcome.by, outcome.why) == ("killed", "keras3 eager - case-7", "differs")


@pytest.mark.parametrize("ending", ["hang", "crash"])
def test_process_that_does_not_come_to_its_end_kills_and_that_is_told(ending):
    outcome = hunt([trial(7), trial(8)], lambda r: Answer([Seen(r.trials[0], 0.1, None, {})], ending), [])
    assert (outcome.status, outcome.why) == ("killed", ending)
    assert outcome.by == "keras3 eager - case-8 " + ending


def test_mutant_that_nothing_runs_survives_at_once():
    asked = []
    assert hunt([], passing, asked).tried == 0 and asked == []


def test_outcomes_are_kept_and_the_last_counts_and_half_a_line_is_no_outcome(tmp_path):
    path = str(tmp_path / "results.jsonl")
    outcome = hunt([trial(1)], passing, [])
    Results(path).add(outcome._replace(status="killed"))
    Results(path).add(outcome)
    with open(path, "a") as target:
        target.write('{"id": "def", "pa')
    assert Results(path).by_id == {"abc": outcome}
