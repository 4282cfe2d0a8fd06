"""The recordings for implementations without TensorFlow: what is met, what is not, and that a fault is named."""

import json
import re

import numpy as np
import pytest

from examples.conformance.numpy_batch_norm import BatchNorm
from golden import __main__ as command_line
from golden import catalogue
from golden.conformance import Unsuitable, clauses, limits, plain
from golden.conformance.judge import Conformance
from golden.conformance.replay import Replay
from golden.store import Store

CASES = catalogue.load()
SUBJECT = "examples.conformance.numpy_batch_norm:BatchNorm"


def outcomes_of(factory, *chosen, mode="eager", factor=4.0):
    run = Conformance(factory, Store(), CASES, limits.load(), factor)
    run.run("2.21.0", mode, set(chosen))
    return {outcome.case: outcome for outcome in run.outcomes}


def broken(**changes):
    """The example with a fault in what `step` gives."""

    class Broken(BatchNorm):
        def step(self, variables, x, training, dy):
            y, gradients, moved = super().step(variables, x, training, dy)
            change = changes.get("moved", lambda moved, variables: moved)
            return changes.get("y", lambda y: y)(y), changes.get("gradients", dict)(gradients), change(moved, variables)

    return Broken


FAULTS = {
    "output": (broken(y=lambda y: -y), "s0/y0"),
    "shape of the output": (broken(y=lambda y: y[:, :1]), "s0/y0"),
    "NaN": (broken(y=lambda y: y * np.nan), "s0/y0"),
    "gradient of beta": (broken(gradients=lambda g: dict(g, beta=-g["beta"])), "s0/d:batch_normalization/beta"),
    "no gradient of gamma": (
        broken(gradients=lambda g: {name: value for name, value in g.items() if name != "gamma"}),
        "s0/d:batch_normalization/gamma: not given",
    ),
    "averages stand still": (broken(moved=lambda moved, variables: {}), "s0/v:batch_normalization/moving_mean"),
    "momentum the other way": (
        broken(moved=lambda moved, variables: {n: variables[n] + 99 * (v - variables[n]) for n, v in moved.items()}),
        "s0/v:batch_normalization/moving_variance",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_named(fault):
    factory, told = FAULTS[fault]
    outcome = outcomes_of(factory, "rank4-defaults")["rank4-defaults"]
    assert outcome.status == "not met" and told in outcome.detail


def test_right_subject_is_met_and_says_how_far_it_is():
    outcome = outcomes_of(BatchNorm, "rank4-defaults")["rank4-defaults"]
    assert outcome.status == "met" and 0 < outcome.eps < 16


def test_what_a_subject_refuses_is_not_there():
    outcome = outcomes_of(BatchNorm, "renorm-rank4")["renorm-rank4"]
    assert (outcome.status, outcome.detail) == ("not there", "more than one channel axis in float32")


def test_keywords_that_step_does_not_take_are_not_there():
    found = outcomes_of(BatchNorm, "class-mask-rank3", "second-order-rank2")
    assert {o.detail for o in found.values()} == {"step takes no mask", "step takes no second_order"}


def test_error_of_a_subject_is_not_met_and_shown():
    def refusing(case):
        raise RuntimeError("out of order")

    outcome = outcomes_of(refusing, "rank4-defaults")["rank4-defaults"]
    assert outcome.status == "not met" and "RuntimeError: out of order" in outcome.detail


@pytest.mark.parametrize(
    "case, told",
    [
        ("axis-none", "TensorFlow refuses the call (TypeError)"),
        ("adjustment-random", "TensorFlow's random numbers"),
        ("training-int-tensor", "training is no bool"),
    ],
)
def test_what_only_tensorflow_has_is_not_compared(case, told):
    outcome = outcomes_of(BatchNorm, case)[case]
    assert (outcome.status, outcome.detail) == ("not compared", told)


@pytest.mark.parametrize("mode, seen", [("graph-v1", (0.0, 0.0)), ("eager", (0.0, 1.0))])
def test_calls_of_one_graph_read_the_variables_as_they_were_and_all_move_them(mode, seen):
    class Counting(BatchNorm):
        """Gives its moving mean, which counts the calls."""

        def step(self, variables, x, training, dy):
            return variables["moving_mean"], {}, {"moving_mean": variables["moving_mean"] + 1}

    case = dict(CASES["class-called-twice-training"], start="initial", args={})
    variables = [
        ["norm/" + name, "float32", [3], "ref"] for name in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    arrays = Replay(case, variables, Counting, "2.21.0", mode).run()
    before = arrays["initial/v:norm/moving_mean"]
    assert ((arrays["s0/y0"] - before).max(), (arrays["s0/y1"] - before).max()) == seen
    assert (arrays["s0/v:norm/moving_mean"] - before).tolist() == [2.0] * 3


def test_plain_values_are_those_of_the_catalogue():
    assert plain.decode({"$": "numpy", "dtype": "float64", "value": 0.75}, "x") == np.float64(0.75)
    assert plain.decode([{"$": "tuple", "of": [1, 2]}], "x") == [(1, 2)]
    assert plain.arguments_of({"gamma_initializer": "zeros"}, "x")["gamma_initializer"] is np.zeros
    regularizer = plain.decode({"$": "regularizer", "scale": 0.5}, "x")
    assert regularizer(np.array([1.0, 2.0])) == 2.5
    assert regularizer.gradient(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("spec", ["yes", 2, 1.5, [True], {"$": "tensor", "dtype": "bool", "value": [True, False]}])
def test_training_that_is_no_bool_is_not_for_other_implementations(spec):
    with pytest.raises(Unsuitable):
        plain.training_of(spec)


@pytest.mark.parametrize(
    "row", [{"eps": 1}, {"reason": "r"}, {"eps": 0, "reason": "r"}, {"eps": 1, "reason": "r", "x": "*"}]
)
def test_malformed_limit_is_refused_with_its_place(tmp_path, row):
    path = tmp_path / "limits.json"
    path.write_text(json.dumps([row]))
    with pytest.raises(ValueError, match=r"limits.json, row 0: a row has eps > 0"):
        limits.load(str(path))


def verify(capsys, *arguments):
    code = command_line.main(["verify", "--subject", SUBJECT, "--factor", "4"] + list(arguments))
    return code, capsys.readouterr()


def test_command_prints_families_and_clauses(capsys):
    code, printed = verify(capsys, "--mode", "eager", "--case", "momentum-*", "--case", "renorm-rank*")
    assert code == 0
    assert re.search(r"^momentum +\d+ ", printed.out, re.MULTILINE)
    assert re.search(r"^BN-AVG-1 +in part ", printed.out, re.MULTILINE)
    assert re.search(r"^BN-RENORM-1 +not there ", printed.out, re.MULTILINE)


def test_command_fails_where_something_is_not_met_or_strictly_not_there(capsys):
    assert verify(capsys, "--mode", "eager", "--case", "renorm-rank*")[0] == 0
    assert verify(capsys, "--mode", "eager", "--case", "renorm-rank*", "--strict")[0] == 1
    assert verify(capsys, "--mode", "eager", "--case", "rank4-defaults", "--factor", "0.001")[0] == 1


def test_json_has_everything(capsys):
    code, printed = verify(capsys, "--json", "--release", "1.15", "--case", "rank2-*")
    told = json.loads(printed.out)
    assert code == 0 and told["release"] == "1.15.5" and told["counts"]["met"] and not told["failed"]
    assert set(told["outcomes"][0]) == {"case", "family", "mode", "status", "detail", "eps"}
    assert {"id", "text", "counts", "verdict"} == set(told["clauses"][0])


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--subject", "no_such_module:f"], "No module named 'no_such_module'; write package.module:factory"),
        (["--subject", "golden.conformance:f"], "has no attribute 'f'; write package.module:factory"),
        (["--release", "3.0"], "there is no recording of TensorFlow 3.0; recorded are: 1.0.1,"),
        (["--case", "no-such"], "no case is called no-such"),
        (["--keras", "keras3"], "--keras is for subjects on TensorFlow"),
        (["--live"], "--live is for subjects on TensorFlow"),
        (["--integrity"], "--integrity is for subjects on TensorFlow"),
        (["--release", "1.4", "--mode", "eager"], "TensorFlow 1.4.0 in the mode eager; recorded are: graph-v1"),
        (["--configuration", "onednn-on"], "--configuration is for subjects on TensorFlow"),
        (["--clauses", "golden.conformance"], "has no attribute 'CLAUSES'; it names a module with CLAUSES"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, told):
    code, printed = verify(capsys, *arguments)
    assert code == 2 and told in printed.err and printed.err.count("\n") == 1


def test_clause_whose_cases_are_partly_there_is_met_in_part():
    counts = dict.fromkeys(("met", "not met", "not there", "not compared"), 0)
    assert clauses.verdict(clauses.Clause("A", "", dict(counts, met=1, **{"not there": 1}))) == "in part"
    assert clauses.verdict(clauses.Clause("A", "", dict(counts, met=1, **{"not met": 1}))) == "not met"
    assert clauses.verdict(clauses.Clause("A", "", counts)) == "not compared"
