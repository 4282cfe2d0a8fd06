"""A hunt tries what is cheap first and gives up only when everything that runs the line has passed."""

import os

import pytest

pytest.importorskip("mutmut", reason="mutants are made with mutmut, from Python 3.10 on")

from golden import pins
from mutation import hunt, mutants
from mutation.hunt import Hunt
from mutation.protocol import Answer, Place, Seen, Trial
from mutation.reach import Reached

CASES, TESTS = Place("keras3", "cases", "eager", ()), Place("keras3", "tests", "v2", ("tests/unit",))
PATH = "tfcompat/backend/host.py"


@pytest.fixture(scope="module")
def mutant():
    return next(one for one in mutants.of_file(PATH) if one.line)


def reached(place, name, seconds, line, group=None):
    return Reached(place, Trial(name, group or name), seconds, {PATH: 1 << line})


def asking(finds=(), endings=("end",)):
    """An `ask` in whose answers some trials fail, and the requests that it got."""
    requests = []

    def ask(request):
        requests.append(request)
        seen = []
        for trial in request.trials:
            seen.append(Seen(trial, 0.0, "wrong" if trial.id in finds else None, {}))
            if trial.id in finds:
                break
        ending = endings[min(len(requests), len(endings)) - 1]
        return Answer(seen if ending == "end" else [], ending)

    return ask, requests


def tried(requests):
    return [trial.id for request in requests for trial in request.trials]


def test_trial_that_fails_kills_and_the_hunt_ends_there(mutant):
    ask, requests = asking(finds=["quick"])
    there = [reached(CASES, "quick", 0.1, mutant.line), reached(TESTS, "slow", 5.0, mutant.line)]
    result = Hunt(ask, there, {}).result(mutant)
    assert result == hunt.Result(mutant.id, "killed", "quick", "keras3 cases eager")
    assert tried(requests) == ["quick"]
    assert requests[0].changed == {PATH: mutants.source_with(mutant)}


def test_what_killed_before_is_tried_first(mutant):
    ask, requests = asking(finds=["slow"])
    there = [reached(CASES, "quick", 0.1, mutant.line), reached(TESTS, "slow", 5.0, mutant.line)]
    Hunt(ask, there, {mutant.id: ("keras3 tests v2", "slow")}).result(mutant)
    assert tried(requests) == ["slow"]


def test_all_that_reaches_the_line_is_tried_before_a_mutant_survives(mutant):
    ask, requests = asking()
    family = [reached(CASES, "case-%d" % number, 0.1, mutant.line, "family") for number in range(20)]
    elsewhere = [reached(CASES, "elsewhere", 0.1, mutant.line + 1)]
    result = Hunt(ask, family + elsewhere, {}).result(mutant)
    assert (result.status, result.how) == ("survived", "20 of 20 trials")
    assert sorted(tried(requests)) == sorted(one.trial.id for one in family)


def test_line_that_nothing_runs_is_not_reached(mutant):
    ask, requests = asking()
    result = Hunt(ask, [reached(CASES, "elsewhere", 0.1, mutant.line + 1)], {}).result(mutant)
    assert (result.status, result.how, requests) == ("survived", "not reached", [])


@pytest.mark.parametrize("ending", ["hang", "crash"])
def test_hang_and_crash_kill_when_they_come_again_with_more_patience(mutant, ending):
    ask, requests = asking(endings=[ending])
    result = Hunt(ask, [reached(CASES, "quick", 0.1, mutant.line)], {}).result(mutant)
    assert (result.status, result.how) == ("killed", "quick")
    first, second = requests
    assert second.patience == 3 * first.patience


def test_slow_machine_is_no_hang(mutant):
    ask, _ = asking(endings=["hang", "end"])
    assert Hunt(ask, [reached(CASES, "quick", 0.1, mutant.line)], {}).result(mutant).status == "survived"


def test_change_outside_of_functions_is_tried_by_all_that_use_the_file():
    outside = next(one for one in mutants.of_file("tfcompat/backend/ops.py") if not one.line)
    ask, requests = asking()
    there = [
        Reached(CASES, Trial("uses", "uses"), 0.1, {outside.path: 1 << 5}),
        Reached(CASES, Trial("does-not", "does-not"), 0.1, {PATH: 1 << 5}),
    ]
    Hunt(ask, there, {}).result(outside)
    assert tried(requests) == ["uses"]


def test_team_gives_what_the_threads_find_and_raises_what_they_raise():
    assert sorted(hunt.Team(2).results(lambda value: value * value, [1, 2, 3])) == [1, 4, 9]
    with pytest.raises(ZeroDivisionError):
        list(hunt.Team(2).results(lambda value: 1 / value, [0]))


def test_all_that_is_about_the_module_is_tried_before_the_last_round(mutant):
    about = [reached(TESTS, "tests/layer/test_layer_hosts.py::test_%d" % n, 4.0, mutant.line, "g") for n in range(2)]
    other = reached(TESTS, "tests/unit/test_plan.py::test", 5.0, mutant.line)
    ask, requests = asking()
    Hunt(ask, [other, *about], {}, last=1.0).result(mutant)
    assert [request.trials for request in requests] == [[one.trial for one in about]]


def test_files_that_are_about_a_module_are_there():
    there = {os.path.splitext(name)[0] for _, _, names in os.walk(os.path.join(pins.ROOT, "tests")) for name in names}
    assert {name for _, names in hunt.ABOUT for name in names} <= there
