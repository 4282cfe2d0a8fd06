"""`synchronized=True`: replicas together do what the ordinary layer does with one big batch."""

import numpy as np
import pytest

from children import assert_same, under
from kinds import SYNCHRONIZED

#: How far numbers may be apart, in units of float32's epsilon times the largest one.  Sums over replicas are added in
#: another order, which moves the mean by an epsilon or two of its size: against the deviation, in which outputs and
#: gradients are measured, that is more by mean / deviation.  Measured: at most 3.3.
UNITS = 8
EPSILON = float(np.finfo("float32").eps)

#: The deviation of the inputs is 2 or more.
DEVIATION = 2


def assert_near(found, expected, offset):
    assert set(expected) <= set(found)
    for name, value in expected.items():
        scale = 1 if name.startswith("moving") else 1 + offset / DEVIATION
        bound = UNITS * EPSILON * scale * np.abs(value).max()
        assert found[name].shape == value.shape, name
        np.testing.assert_allclose(found[name].astype("float64"), value, rtol=0, atol=bound, err_msg=name)


@pytest.mark.parametrize("case", SYNCHRONIZED)
def test_replicas_together_are_one_big_batch(observed, keras, case):
    found = under(observed[keras], "synchronized/" + case)
    assert_near(found, under(observed[keras], "one-batch/" + case), offset=SYNCHRONIZED[case][2])


@pytest.mark.parametrize("case", SYNCHRONIZED)
def test_averages_are_the_same_on_every_replica(observed, keras, case):
    found = under(observed[keras], "synchronized/" + case)
    each = {name: value for name, value in found.items() if name.endswith("-each")}
    assert len(each) >= 2
    for name, values in each.items():
        assert all(value.tobytes() == values[0].tobytes() for value in values), name


def test_replica_without_examples_that_is_to_keep_its_averages_takes_part_all_the_same(observed, keras):
    assert_same(under(observed[keras], "keeping/synchronized"), under(observed[keras], "synchronized/one-empty"))


def test_every_element_that_a_mask_leaves_counts_once(observed, keras):
    found = under(observed[keras], "masked")
    expected = {name[len("expected-") :]: value for name, value in found.items() if name.startswith("expected-")}
    assert len(expected) == 3
    assert_near({name: found["found-" + name] for name in expected}, expected, offset=0)


def test_nothing_is_summed_at_inference(observed, keras):
    found = under(observed[keras], "at-inference")
    assert_same({"y": found["found"]}, {"y": found["expected"]})


def test_one_replica_is_the_ordinary_layer_bit_for_bit(observed, keras):
    found = under(observed[keras], "alone")
    parts = [
        {name.split("-", 1)[1]: value for name, value in found.items() if name.startswith(which)}
        for which in ("found-", "expected-")
    ]
    assert len(parts[0]) > 6
    assert_same(*parts)


def test_replicas_of_a_graph_are_one_big_batch(observed, keras):
    found, expected = under(observed[keras], "graph/synchronized/plain"), under(observed[keras], "one-batch/plain")
    names = {"norm/moving_mean": "moving_mean", "norm/moving_variance": "moving_variance"}
    found = dict({names[name]: found[name] for name in names}, output=found["outputs"].reshape(-1, 3))
    assert_near(found, {name: expected[name] for name in found}, offset=0)
