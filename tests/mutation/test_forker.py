"""A change is found by cases and by tests in a fork, and so is a hang or a crash; a fault of the harness is no find."""

import pytest

from golden import pins
from mutation.forker import Forker
from mutation.protocol import Place, Request, Trial

pytestmark = pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system cannot fork")

CASES = Place("keras3", "cases", "eager", ())
TESTS = Place("keras3", "tests", "v2", ("tests/unit/test_unit_plan.py",))
PLAN, AVERAGES = "tfcompat/plan.py", "tfcompat/kernels/averages.py"
DEFAULTS, FOLLOWED = Trial("- rank2-defaults", "basics"), Trial("1.14 renorm-rank4", "renorm 1.14")
KEPT = "tests/unit/test_unit_plan.py::test_plan_cannot_be_changed"


@pytest.fixture(scope="module")
def forker():
    made = Forker("keras3")
    yield made
    made.close()


def changed(path, before, after):
    with open("%s/%s" % (pins.ROOT, path)) as source:
        text = source.read()
    assert text.count(before) == 1
    return {path: text.replace(before, after)}


def request(place, trials, changes=None, trace=(), patience=60.0):
    return Request(place, trials, changes or {}, trace, patience)


def test_unchanged_code_passes_and_tells_its_lines(forker):
    answer = forker.ask(request(CASES, [DEFAULTS, FOLLOWED], trace=[PLAN]))
    assert answer.ending == "end" and [seen.trial for seen in answer.seen] == [DEFAULTS, FOLLOWED]
    assert [seen.failure for seen in answer.seen] == [None, None]
    assert all(seen.lines[PLAN] for seen in answer.seen)


def test_case_finds_a_change_and_stops_there(forker):
    change = changed(AVERAGES, "return (average - tf.cast(new, dtype))", "return (average + tf.cast(new, dtype))")
    (seen,) = forker.ask(request(CASES, [DEFAULTS, FOLLOWED], change)).seen
    assert seen.trial == DEFAULTS and "moving_mean" in seen.failure


def test_case_of_a_followed_release_finds_a_change_of_what_only_that_release_does(forker):
    change = changed(
        "tfcompat/kernels/debiased_renorm.py", "updates += (moved(weight, 1.0", "updates += (moved(weight, 0.9"
    )
    answer = forker.ask(request(CASES, [DEFAULTS, FOLLOWED], change))
    assert [bool(seen.failure) for seen in answer.seen] == [False, True]


def test_test_finds_a_change_and_a_change_leaves_nothing_behind(forker):
    change = changed(PLAN, "if 0 in axes:", "if 1 in axes:")
    assert forker.ask(request(TESTS, [], change)).seen[-1].failure
    answer = forker.ask(request(TESTS, [Trial(KEPT, KEPT)]))
    assert [(seen.trial.id, seen.failure) for seen in answer.seen] == [(KEPT, None)]


def test_change_that_cannot_be_imported_is_found(forker):
    change = {PLAN: "raise RuntimeError"}
    assert "RuntimeError" in forker.ask(request(CASES, [DEFAULTS], change)).seen[0].failure
    assert "RuntimeError" in forker.ask(request(TESTS, [], change)).seen[0].failure


def test_test_that_is_gone_finds_nothing_by_that(forker):
    gone = KEPT + "_any_more"
    answer = forker.ask(request(TESTS, [Trial(gone, gone)]))
    assert len(answer.seen) > 50 and not any(seen.failure for seen in answer.seen)


def test_change_that_hangs_is_ended(forker):
    change = changed(PLAN, "    axes = _resolve_axes(", "    while True:\n        pass\n    axes = _resolve_axes(")
    answer = forker.ask(request(CASES, [DEFAULTS], change, patience=3.0))
    assert (answer.seen, answer.ending) == ([], "hang")


def test_change_that_kills_the_process_is_a_crash(forker):
    change = changed(PLAN, "    axes = _resolve_axes(", "    import os\n    os.abort()\n    axes = _resolve_axes(")
    answer = forker.ask(request(CASES, [DEFAULTS], change))
    assert (answer.seen, answer.ending) == ([], "crash")


def test_fault_of_the_harness_is_no_find(forker):
    with pytest.raises(RuntimeError, match="no mode sideways"):
        forker.ask(request(CASES._replace(mode="sideways"), [DEFAULTS]))


def test_program_that_a_test_starts_has_the_change(forker):
    place = Place("keras3", "tests", "v2", ("tests/test_installation.py",))
    node = "tests/test_installation.py::test_installed_names_are_ours_on_every_path[keras3]"
    path = "tfcompat/backend/legacy_layers.py"
    (seen,) = forker.ask(request(place, [Trial(node, node)], trace=[path])).seen
    assert seen.failure is None and seen.lines[path]
    change = changed(path, "        setattr(module, name, value)", "        pass")
    (seen,) = forker.ask(request(place, [Trial(node, node)], change)).seen
    assert "AssertionError" in seen.failure


def test_mutant_is_killed_by_a_test_that_runs_its_line(forker):
    mutants = pytest.importorskip("mutation.mutants", reason="mutants are made with mutmut, from Python 3.10 on")
    from mutation.hunt import Hunt, Result
    from mutation.reach import Reached

    (mutant,) = [one for one in mutants.of_file(PLAN) if one.after == "if rank in ranks:"]
    finds = "tests/unit/test_unit_plan.py::test_float64_was_no_reason_before_2_3"
    there = [Reached(TESTS, Trial(name, name), 0.1, {PLAN: 1 << mutant.line}) for name in (KEPT, finds)]
    assert Hunt(forker.ask, there, {}).result(mutant) == Result(mutant.id, "killed", finds, "keras3 tests v2")
