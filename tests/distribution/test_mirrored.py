"""`MirroredStrategy`: averages, outputs and gradients of every replica have the bits of the real function."""

import numpy as np
import pytest

from children import assert_same, under
from kinds import DEVICES, EAGER, EMPTY, KINDS, SAVED, STATISTICS

#: What the real function makes of a replica without examples is NaN, for good.
SPOILT = ("virtual",)


@pytest.mark.parametrize("devices", DEVICES)
@pytest.mark.parametrize("kind", KINDS)
def test_replicas_do_what_the_real_function_does(observed, real, keras, kind, devices):
    where = "%s/%d" % (kind, devices)
    assert_same(under(observed[keras], "ours/" + where), under(real, "real/" + where))


@pytest.mark.parametrize("kind", EAGER)
def test_replicas_do_so_without_a_function(observed, real, keras, kind):
    assert_same(under(observed[keras], "ours/%s/eager" % kind), under(real, "real/%s/eager" % kind))


@pytest.mark.parametrize("devices", DEVICES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "frozen"])
def test_each_replica_has_averages_of_its_own_and_reading_gives_their_mean(observed, keras, kind, devices):
    found = under(observed[keras], "ours/%s/%d" % (kind, devices))
    for name in set(STATISTICS) & set(found):
        each = found[name + "-each"]
        assert len(each) == devices and not np.array_equal(each[0], each[-1])
        np.testing.assert_allclose(found[name], np.mean(each.astype("float64"), axis=0), rtol=1e-6)


@pytest.mark.parametrize("kind", [kind for kind in EMPTY if kind not in SPOILT])
def test_replica_without_examples_is_left_out_as_by_the_real_function(observed, real, keras, kind):
    assert_same(under(observed[keras], "ours/%s/empty" % kind), under(real, "real/%s/empty" % kind))


@pytest.mark.parametrize("kind", SPOILT)
def test_replica_without_examples_keeps_averages_that_the_real_function_would_spoil(observed, real, keras, kind):
    assert np.isnan(under(real, "real/%s/empty" % kind)["moving_mean"]).all()
    found = under(observed[keras], "ours/%s/empty" % kind)
    assert not any(np.isnan(value).any() for value in found.values())
    assert not found["moving_mean-each"][1].any() and (found["moving_variance-each"][1] == 1).all()


@pytest.mark.parametrize("kind", EMPTY)
def test_replica_without_examples_that_is_to_keep_everything_does(observed, keras, kind):
    found = under(observed[keras], "keeping/" + kind)
    for name in set(STATISTICS) & set(found):
        initial = float(name.endswith(("variance", "stddev")))
        assert (found[name + "-each"][1] == initial).all(), name


@pytest.mark.parametrize("kind", SAVED)
def test_checkpoint_of_a_strategy_is_restored_outside_and_under_another_one(observed, real, keras, kind):
    found = under(observed[keras], "ours/%s/from-ours" % kind)
    assert_same(found, under(real, "real/%s/from-real" % kind))
    for name in set(STATISTICS) & set(found):
        assert_same({name: found["outside-" + name]}, {name: found["saved-" + name]})
        assert_same({name: found["four-" + name]}, {name: found["saved-" + name]})


@pytest.mark.parametrize("kind", SAVED)
def test_checkpoints_of_the_real_function_and_ours_are_read_by_each_other(real, kind):
    expected = under(real, "real/%s/from-real" % kind)
    assert_same(under(real, "ours/%s/from-real" % kind), expected)
    assert_same(under(real, "real/%s/from-ours" % kind), expected)


def test_model_is_fitted_as_one_with_the_layer_of_keras_2(observed, real, keras):
    assert_same(under(observed[keras], "ours/fit"), under(real, "real/fit"))
