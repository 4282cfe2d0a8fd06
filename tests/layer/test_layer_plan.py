"""`layer.plan` tells what runs and why."""

import re

import pytest

from features import tf
from kernels import IMAGE, KERNELS, batch
from tfcompat.layers import BatchNormalization


def plan(shape=IMAGE, dtype="float32", **arguments):
    layer = BatchNormalization(**arguments)
    assert layer.plan is None
    layer(tf.constant(batch(shape, dtype=dtype)))
    return layer.plan


def test_fused_plan_says_layout_and_unbiased_variance():
    found = plan()
    assert (found.kernel, found.data_format, found.fused_vetoes) == ("fused", "NHWC", ())
    assert found.unbiased_variance
    assert (found.rank, found.axes, found.axis_sizes, found.param_shape) == (4, (3,), (3,), (3,))


@pytest.mark.parametrize(
    "arguments, veto",
    [
        ({"fused": False}, "fused=False"),
        ({"renorm": True}, "renorm=True"),
        ({"virtual_batch_size": 2}, "virtual_batch_size=2"),
        ({"synchronized": True}, "synchronized=True, and the kernel sees one replica"),
        ({"adjustment": KERNELS["adjustment"][0]["adjustment"]}, "adjustment"),
        ({"axis": [1, 3]}, r"axis \[1, 3\]"),
        ({"axis": 2}, r"axis \[2\]"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_unfused_plan_says_what_was_in_the_way(arguments, veto):
    found = plan(**arguments)
    assert found.kernel == "unfused" and found.data_format is None
    assert not found.unbiased_variance
    (reason,) = found.fused_vetoes
    assert re.search(veto, reason)


def test_every_reason_is_given():
    assert len(plan(fused=False, renorm=True, axis=[1, 2]).fused_vetoes) == 3


def test_plan_of_a_matrix_says_that_the_rank_is_in_the_way():
    assert "rank 2" in plan((6, 3)).fused_vetoes[0]


@pytest.mark.needs("rank5-fused")
def test_rank_5_is_fused():
    found = plan((2, 2, 2, 2, 3))
    assert (found.kernel, found.data_format) == ("fused", "NDHWC")


@pytest.mark.needs("tf1")
def test_rank_5_is_not_fused_yet():
    assert "rank 5" in plan((2, 2, 2, 2, 3)).fused_vetoes[0]


@pytest.mark.parametrize(
    "arguments, shape",
    [
        ({}, (3,)),
        ({"axis": 1, "fused": False}, (2,)),
        ({"axis": [3, 1]}, (1, 2, 1, 3)),
        ({"virtual_batch_size": 2}, (1, 1, 1, 1, 3)),
    ],
    ids=["last", "second", "axes", "virtual"],
)
def test_plan_says_the_shape_that_the_variables_have(arguments, shape):
    layer = BatchNormalization(**arguments)
    layer(tf.constant(batch()))
    assert layer.plan.param_shape == shape
    assert {tuple(variable.shape) for variable in layer.variables} == {shape}


@pytest.mark.parametrize("dtype, params", [("float16", "float32"), ("float32", "float32"), ("float64", "float64")])
def test_plan_says_the_dtypes(dtype, params):
    found = plan(dtype=dtype, fused=False)
    assert (found.dtype, found.param_dtype) == (dtype, params)


def test_plan_names_the_release_that_is_followed():
    assert plan().behaviour.release == tf.__version__


def test_plan_cannot_be_changed():
    with pytest.raises(AttributeError):
        plan().kernel = "unfused"


def test_building_leaves_what_was_asked_for():
    layer = BatchNormalization(axis=-1)
    before = layer.config
    layer(tf.constant(batch()))
    assert layer.config is before and layer.axis == -1 and layer.fused is None
