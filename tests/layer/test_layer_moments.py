"""Moments as `tf.nn.moments` of other releases than the one that runs takes them, and what the fused kernel is told."""

import types

import numpy as np
import pytest

from features import tf
from kernels import batch, close
from tfcompat import kernels, releases
from tfcompat.backend import ops
from tfcompat.config import Config
from tfcompat.kernels import moments
from tfcompat.kernels import renorm as current_renorm
from tfcompat.plan import resolve

tf1 = tf.compat.v1

#: Shape of the input, and axes that are reduced: axes of size 1 that are kept stay.
SHAPES = {
    "rank 2": ((6, 3), [0]),
    "images": ((4, 2, 3, 3), [0, 1, 2]),
    "one channel": ((4, 1, 3), [0]),
    "first": ((3, 4), [1]),
}
EVERY_SHAPE = pytest.mark.parametrize("shape", sorted(SHAPES))
EVERY_WAY = pytest.mark.parametrize("depends_on_mean", [True, False])


@EVERY_SHAPE
@EVERY_WAY
@pytest.mark.parametrize("keep_dims", [True, False])
def test_moments_of_deviations_are_mean_and_biased_variance(shape, depends_on_mean, keep_dims):
    shape, axes = SHAPES[shape]
    x = batch(shape, dtype="float64")
    got = moments._moments_of_deviations(tf.constant(x), axes, keep_dims, depends_on_mean)
    for value, expected in zip(got, (x.mean(tuple(axes), keepdims=keep_dims), x.var(tuple(axes), keepdims=keep_dims))):
        assert value.shape.as_list() == list(expected.shape)
        np.testing.assert_allclose(value.numpy(), expected, rtol=1e-13)


@EVERY_WAY
@pytest.mark.parametrize("keep_dims", [True, False])
def test_batch_moments_are_the_same_whichever_release_is_followed(depends_on_mean, keep_dims):
    x = batch((4, 1, 3))
    got = moments.batch_moments(tf.constant(x), [0], keep_dims, None, depends_on_mean)
    for value, expected in zip(got, (x.mean(0, keepdims=keep_dims), x.var(0, keepdims=keep_dims))):
        assert value.shape.as_list() == list(expected.shape)
        close(value, expected)


@EVERY_WAY
def test_only_a_variance_that_depends_on_the_mean_has_its_second_derivative(depends_on_mean):
    x = tf.constant([1.0, 2.0, 6.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            variance = moments._moments_of_deviations(x, [0], False, depends_on_mean)[1]
        first = inner.gradient(variance, x)
        of_first = first[0]
    second = outer.gradient(of_first, x)
    close(first, [2 / 3 * (value - 3) for value in (1, 2, 6)])
    close(second, [4 / 9, -2 / 9, -2 / 9] if depends_on_mean else [2 / 3, 0, 0])


@pytest.mark.graph
@EVERY_WAY
def test_operations_of_moments_are_named_as_in_tensorflow(depends_on_mean, graph):
    mean, variance = moments._moments_of_deviations(tf1.placeholder(tf.float32, (4, 3)), [0], True, depends_on_mean)
    assert (mean.op.name, variance.op.name) == ("moments/mean", "moments/variance")


def test_a_variance_that_rounding_makes_negative_is_zero():
    x = tf.constant(np.full(7, 1.1, "float32"))
    assert float(moments._moments_of_deviations(x, [0], False, True)[1]) >= 0.0


@pytest.fixture
def told(monkeypatch):
    """What the fused kernel is told; at inference its moments are NaN."""
    calls = []

    def kernel(x, scale, offset, **kwargs):
        calls.append(dict(kwargs, scale=scale, offset=offset))
        nan = tf.fill([3], np.float32("nan"))
        return (x, nan, nan) if kwargs.get("is_training") is False else (x, tf.ones(3), tf.ones(3))

    monkeypatch.setattr(ops, "fused_batch_norm", kernel)
    return calls


def stepped(training, may_average=False, release=ops.RELEASE, **arguments):
    """The step of the fused kernel, as updates by name applied to averages of 0 and 2."""
    config = Config(**arguments)
    plan = resolve(config, releases.behaviour(release), (4, 2, 2, 3), "float32")
    weights = {"gamma": None, "beta": None, "moving_mean": tf.zeros(3), "moving_variance": tf.fill([3], 2.0)}
    step = kernels.run(
        tf.zeros((4, 2, 2, 3)), weights, plan, config, training, None, may_average=may_average, may_round=False
    )
    return types.SimpleNamespace(
        updates=step.updates, taken_off={update.weight: update.value(weights) for update in step.updates}
    )


@pytest.mark.parametrize("may_average", [True, False])
def test_the_fused_kernel_is_told_a_factor_and_the_averages_where_it_moves_them(may_average, told):
    stepped(True, may_average, momentum=0.75)
    (call,) = told
    moves = may_average and ops.FUSED_AVERAGES
    assert call.get("exponential_avg_factor") == (0.25 if moves else None)
    assert ("mean" in call, "variance" in call) == (moves, moves)


def test_a_missing_gamma_and_beta_are_ones_and_zeros_of_the_parameters(told):
    stepped(True, center=False, scale=False)
    assert [told[0][name].numpy().tolist() for name in ("scale", "offset")] == [[1.0] * 3, [0.0] * 3]
    assert {told[0][name].dtype for name in ("scale", "offset")} == {tf.float32}


def test_at_inference_the_fused_kernel_updates_nothing(told):
    assert stepped(False).updates == ()
    assert told[0]["is_training"] is False


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("training, off", [(False, [0.0, 0.0]), (True, [-0.25, 0.25])])
def test_moments_that_the_kernel_leaves_unset_do_not_get_into_the_averages(training, off, told, monkeypatch):
    monkeypatch.setattr(ops, "FUSED_LEAVES_MOMENTS_UNSET", True)

    def run(training):
        taken = stepped(training, momentum=0.75).taken_off
        return taken["moving_mean"], taken["moving_variance"]

    assert [value.numpy()[0] for value in tf.function(run)(tf.constant(training))] == off


@pytest.mark.needs("tf2")
def test_moments_of_a_kernel_that_sets_them_are_used_as_they_are(told, monkeypatch):
    monkeypatch.setattr(ops, "FUSED_LEAVES_MOMENTS_UNSET", False)
    run = tf.function(lambda training: stepped(training, momentum=0.75).taken_off["moving_mean"])
    assert np.isnan(run(tf.constant(False)).numpy()).all()


@pytest.mark.parametrize("release", ["1.15", "2.21"])
def test_updates_of_the_fused_kernel_happen_in_frozen_layers_as_the_release_says(release, told):
    behaviour = releases.behaviour(release)
    frozen = {update.even_frozen for update in stepped(True, release=release).updates}
    assert frozen == {behaviour.frozen_layer_updates_eagerly}


def test_a_tensor_for_epsilon_is_refused_with_the_cure(told):
    epsilon = tf.constant(0.5)
    with pytest.raises(TypeError) as caught:
        stepped(True, epsilon=epsilon)
    assert str(caught.value) == (
        "epsilon is {!r}; the fused kernel takes a number. Give a number, or fused=False.".format(epsilon)
    )


def test_updates_of_renorm_name_what_comes_before_them_and_happen_while_training():
    config = Config(renorm=True)
    plan = resolve(config, releases.behaviour("2.21"), (4, 3), "float32")
    weights = {variable.name: tf.ones(variable.shape) for variable in plan.variables}
    training = tf.constant(True)
    updates = current_renorm.correct(tf.ones(3), tf.ones(3), weights, plan, config, training).updates
    told = {update.weight: (update.kind, update.after, update.even_frozen) for update in updates}
    state = ("renorm_mean", "renorm_stddev")
    assert told == {
        "renorm_mean": ("subtract", (), True),
        "renorm_stddev": ("subtract", (), True),
        "moving_mean": ("subtract", state, False),
        "moving_stddev": ("subtract", (), False),
        "moving_variance": ("assign", (*state, "moving_stddev"), False),
    }
    assert all(update.when is training for update in updates)
