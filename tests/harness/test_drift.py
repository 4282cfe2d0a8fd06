"""Every class of change between two observations is told, with the worst array and both values."""

import copy

import numpy as np
import pytest

from golden import drift
from golden.observation import Array, Observation
from samples import make_observation

EPS = float(np.finfo(np.float32).eps)
TINY = np.float32(2.0**-126)


def change(one, other, ignored=()):
    return drift.Change(one, other, ignored)


def of(*values, dtype="float32", name="y"):
    return Observation([(name, Array.of(np.array(values, dtype)))])


def raising(kind="ValueError", phase="build", message="no"):
    return Observation((), {"raised": {"type": kind, "phase": phase}}, {"message": message})


def test_equal_observations_are_the_same():
    assert change(make_observation(), make_observation()).kind == "same"


def test_another_error_message_is_the_same():
    assert change(raising(message="no"), raising(message="never")).kind == "same"


def test_what_differs_from_run_to_run_is_the_same():
    one, other = make_observation(), make_observation((9.0, 9.0, 9.0), layers=3)
    assert change(one, other, ["s0/y0", "facts.layers"]).kind == "same"
    assert change(one, other, ["s0/y0"]).reasons == ("facts",)


@pytest.mark.parametrize("eps", [0.5, 1.0, 99.0, 100.0])
def test_up_to_100_eps_is_rounding(eps):
    told = change(of(1.0, 0.0), of(1.0, eps * EPS))
    assert told.kind == "rounding" and told.reasons == () and told.worst.eps == eps


@pytest.mark.parametrize("eps", [101.0, 1e6])
def test_more_than_100_eps_is_semantic(eps):
    told = change(of(-1.0, 0.0), of(-1.0, eps * EPS))
    assert (told.kind, told.reasons) == ("semantic", ("values",))


def test_worst_array_has_index_both_values_words_ulps_and_eps():
    one, other = of(2.0, 1.0), of(2.0, 1.5)
    one.arrays["near"], other.arrays["near"] = Array.of(np.float32([1.0])), Array.of(np.float32([1.0 + EPS]))
    worst = change(one, other).worst
    assert (worst.array, worst.differing, worst.of, worst.element.index) == ("y", 1, 2, [1])
    assert worst.element.words == ["0x3f800000", "0x3fc00000"] and worst.element.ulps == 2**22
    assert str(worst) == "y[1]: before 1.0e+00, after 1.5e+00, 2.1e+06 eps"
    assert change(one, other).report() == [str(worst) + "; 1 other array by less"]


def test_worst_element_is_the_one_furthest_apart_and_not_the_first():
    assert change(of(1.0, 4.0, 1.0), of(1.0 + EPS, 5.0, 1.0)).worst.element.index == [1]


def test_distance_is_the_same_in_both_directions():
    one, other = of(1.0, 2.0).arrays["y"], of(1.0, 3.0).arrays["y"]
    assert drift.eps_apart(one, other) == drift.eps_apart(other, one) == pytest.approx(1 / (3 * EPS))


def test_nan_with_another_sign_is_rounding_and_nan_for_a_number_is_not():
    negative = Observation([("y", Array("float32", (1,), np.array([0xFFC00000], "<u4").tobytes()))])
    assert change(of(np.nan), negative).kind == "rounding"
    assert change(of(np.nan), of(1.0)).reasons == ("values",)
    assert change(of(np.inf), of(-np.inf)).reasons == ("values",)
    assert change(of(np.nan), of(1.0)).worst.as_json()["eps"] is None


def test_signs_of_zero_and_subnormals_taken_for_zero_are_rounding():
    assert change(of(0.0), of(-0.0)).kind == "rounding"
    assert change(of(TINY / 2), of(0.0)).kind == "rounding"
    assert change(of(TINY * 2), of(0.0)).kind == "semantic"
    assert change(of(2.0**-20, dtype="float16"), of(0.0, dtype="float16")).kind == "semantic"


def test_zero_that_becomes_a_number_is_semantic_both_ways():
    assert change(of(0.0), of(0.5)).kind == change(of(0.5), of(0.0)).kind == "semantic"


def test_other_integers_are_semantic():
    assert change(of(1, dtype="int32"), of(2, dtype="int32")).reasons == ("values",)


def test_overflowing_difference_is_semantic():
    assert change(of(1e308, dtype="float64"), of(-1e308, dtype="float64")).kind == "semantic"


def test_other_dtype_and_other_shape_are_semantic():
    assert change(of(1.0), of(1.0, dtype="float64")).reasons == ("type",)
    assert change(of(1.0), of(1.0, 1.0)).report() == ["y: before float32 (1,), after float32 (2,)"]


def test_lost_gained_and_reordered_arrays_are_semantic():
    one, other = of(1.0, name="a"), of(1.0, name="b")
    assert change(one, other).reasons == ("arrays",)
    assert change(one, other).summary() == ["1 arrays gone: a", "1 arrays new: b"]
    both, turned = copy.deepcopy(one), copy.deepcopy(other)
    both.arrays["b"], turned.arrays["a"] = other.arrays["b"], one.arrays["a"]
    assert change(both, turned).reasons == ("order",)


def test_other_facts_are_semantic_and_named():
    told = change(make_observation(outputs=[1]), make_observation(outputs=[2]))
    assert told.reasons == ("facts",) and told.summary() == ["facts: outputs"]
    assert told.as_json()["facts"] == {"outputs": {"before": [1], "after": [2]}}


def test_names_of_operations_are_semantic_and_told_apart():
    one, other = (
        make_observation(batch_norm_ops=["FusedBatchNormV2"]),
        make_observation(batch_norm_ops=["FusedBatchNormV3"]),
    )
    assert (change(one, other).kind, change(one, other).reasons) == ("semantic", ("operations",))
    assert change(one, make_observation(batch_norm_ops=["FusedBatchNormV3"], n=1)).reasons == ("facts",)


def test_raising_or_not_is_semantic_and_sums_up_as_both_ends():
    told = change(raising(), of(1.0))
    assert told.reasons == ("error", "arrays")
    assert [line.strip() for line in told.summary()] == ["before ValueError in phase build: no", "after no error"]


@pytest.mark.parametrize("other", [{"kind": "TypeError"}, {"phase": "run"}])
def test_other_error_type_and_other_phase_are_semantic(other):
    assert change(raising(), raising(**other)).reasons == ("error",)
