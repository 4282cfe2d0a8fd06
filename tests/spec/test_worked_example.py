"""The numbers of the worked example are those of arithmetic done here, and of the layer."""

from fractions import Fraction

import numpy as np
import pytest

from tfcompat.spec import worked_example


@pytest.fixture(scope="module")
def values():
    """What the lines say, by their words."""
    return {line.what: line.value for line in worked_example.lines()}


def test_convolution_has_the_shapes_that_newcomers_ask_about():
    assert worked_example.images().shape == (10, 5, 5, 3)
    assert worked_example.convolved().shape == (10, 3, 3, 64)


def test_convolution_is_one():
    pixels, weights, convolved = worked_example.images(), worked_example.filters(), worked_example.convolved()
    for image, row, column, k in [(0, 0, 0, 0), (3, 1, 2, 7), (9, 2, 2, 63), (4, 2, 0, 32)]:
        window = pixels[image, row : row + 3, column : column + 3]
        assert convolved[image, row, column, k] == (window * weights[..., k]).sum()


def test_64_groups_have_90_values_each_and_keep_to_one_channel():
    groups = worked_example.groups((10, 3, 3, 64))
    assert np.bincount(groups.ravel()).tolist() == [90] * 64
    assert (groups[..., 7] == 7).all()


def test_groups_of_another_axis_are_along_that_axis():
    assert worked_example.groups((2, 3), axis=0).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_numbers_are_those_of_exact_arithmetic(values):
    group = [0] * 45 + [6] * 45  # filter 7 takes colour 1 times 3: 3 * (1 - 1) and 3 * (1 + 1)
    n = len(group)
    mean = Fraction(sum(group), n)
    variance = sum((x - mean) ** 2 for x in group) / n
    unbiased = variance * n / (n - 1)
    rate = 1 - Fraction(9, 10)
    assert (n, mean, variance, unbiased) == (90, 3, 9, Fraction(810, 89))
    assert values["values in the group"] == n
    assert values["mean"] == mean
    assert values["variance, which normalizes"] == variance
    assert values["unbiased variance, which the fused kernel averages"] == pytest.approx(float(unbiased), rel=1e-15)
    assert values["`moving_mean`, from 0"] == pytest.approx(float(mean * rate), rel=1e-15)
    assert values["`moving_variance`, from 1, fused"] == pytest.approx(float(1 - (1 - unbiased) * rate), rel=1e-15)
    assert values["`moving_variance`, from 1, unfused"] == pytest.approx(float(1 - (1 - variance) * rate), rel=1e-15)
    output = values["output for 6 while training, with gamma 1 and beta 0"]
    assert output**2 * (9 + 0.001) == pytest.approx((6 - 3) ** 2, rel=1e-15)


def test_every_formula_evaluates_to_its_value():
    for line in worked_example.lines(channel=20):
        python = line.formula.replace(r"\cdot", "*").replace("^", "**").replace("{", "(").replace("}", ")")
        python = python.replace(r")(", ")/(").replace(r"\frac", "").replace(r"\sqrt", "np.sqrt")
        assert eval(python, {"np": np}) == pytest.approx(line.value, rel=1e-6), line.formula


@pytest.mark.parametrize("fused", [True, False])
def test_layer_computes_the_same(fused, values):
    from tfcompat import BatchNormalization

    layer = BatchNormalization(momentum=0.9, fused=fused)
    convolved = worked_example.convolved()
    output = np.asarray(layer(convolved.astype("float32"), training=True))
    moved = values["`moving_variance`, from 1, {}".format("fused" if fused else "unfused")]
    assert layer.gamma.shape == (64,)
    assert np.asarray(layer.moving_mean)[7] == pytest.approx(values["`moving_mean`, from 0"], rel=1e-6)
    assert np.asarray(layer.moving_variance)[7] == pytest.approx(moved, rel=1e-6)
    sixes = output[..., 7][convolved[..., 7] == 6]
    assert sixes == pytest.approx(values["output for 6 while training, with gamma 1 and beta 0"], rel=1e-6)
