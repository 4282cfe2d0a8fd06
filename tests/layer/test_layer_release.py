"""The layer follows the release that it is told, whatever TensorFlow runs."""

import json

import numpy as np
import pytest

import tfcompat
from features import tf
from kernels import IMAGE, batch, close
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1
RENORM_BEFORE_1_15 = ["renorm_mean", "renorm_mean_weight", "renorm_stddev", "renorm_stddev_weight"]


@pytest.fixture(autouse=True)
def nothing_chosen():
    yield
    tfcompat.set_release(None)


def images():
    return tf1.placeholder(tf.float32, (None,) + IMAGE[1:])


def leaves():
    return [variable.op.name.split("/")[-1] for variable in tf1.global_variables()]


@pytest.mark.graph
@pytest.mark.parametrize(
    "release, expected",
    [
        ("1.3", ["beta", "gamma", "moving_mean", "moving_variance"] + RENORM_BEFORE_1_15),
        ("1.14", ["gamma", "beta", "moving_mean", "moving_variance"] + RENORM_BEFORE_1_15),
        ("1.15", ["gamma", "beta", "moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"]),
    ],
)
def test_variables_are_those_of_the_release_in_its_order(graph, release, expected):
    batch_normalization(images(), renorm=True, release=release)
    assert leaves() == expected


@pytest.mark.graph
@pytest.mark.parametrize("release, count", [("1.5", 2), ("1.6", 0)])
def test_update_operations_of_a_frozen_layer_are_those_of_the_release(graph, release, count):
    batch_normalization(images(), training=True, trainable=False, release=release)
    assert len(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)) == count


@pytest.mark.graph
def test_process_and_scope_choose_for_the_function_too(graph):
    tfcompat.set_release("1.3")
    with tfcompat.release("1.14"):
        batch_normalization(images())
    batch_normalization(images())
    assert leaves() == ["gamma", "beta", "moving_mean", "moving_variance", "beta", "gamma"] + leaves()[2:4]


def test_release_is_chosen_when_the_layer_is_made_and_not_when_it_is_built():
    with tfcompat.release("1.3"):
        layer = BatchNormalization(renorm=True)
    layer(batch())
    assert [w.name.split("/")[-1].split(":")[0] for w in layer.weights][-4:] == RENORM_BEFORE_1_15
    assert layer.plan.behaviour.release == "1.3"


def test_debiased_renorm_begins_without_a_correction():
    plain, renorm = BatchNormalization(fused=False), BatchNormalization(renorm=True, release="1.14")
    x = batch()
    np.testing.assert_allclose(plain(x, training=True), renorm(x, training=True), rtol=1e-5, atol=1e-6)
    weight = 1.0 - 0.99
    np.testing.assert_allclose(tf.convert_to_tensor(renorm.renorm_mean_weight).numpy(), weight, rtol=1e-5)
    np.testing.assert_allclose(
        tf.convert_to_tensor(renorm.renorm_mean) / weight, np.mean(x, axis=(0, 1, 2)), rtol=1e-4, atol=1e-6
    )


def test_config_remembers_a_chosen_release_and_not_the_one_that_runs():
    assert BatchNormalization().get_config()["release"] is None
    with tfcompat.release("1.4"):
        config = BatchNormalization(renorm=True).get_config()
    assert json.loads(json.dumps(config))["release"] == "1.4"
    again = BatchNormalization.from_config(config)
    assert again.get_config() == config
    again(batch())
    assert again.plan.behaviour.release == "1.4"


def test_argument_that_the_release_does_not_have_is_a_type_error():
    with pytest.raises(TypeError, match="virtual_batch_size is 2; tf.layers takes it from TensorFlow 1.5 on"):
        BatchNormalization(virtual_batch_size=2, release="1.4")


def test_release_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="release is '1.16'"):
        BatchNormalization(release="1.16")


def test_fused_where_it_cannot_be_was_an_error_in_1_3():
    with pytest.raises(ValueError, match="fused=True, but the input has rank 2"):
        BatchNormalization(fused=True, release="1.3")(np.ones((4, 3), np.float32))
    BatchNormalization(fused=True, release="1.4")(np.ones((4, 3), np.float32))


def test_layer_explains_itself_once_it_is_built(capsys):
    layer = BatchNormalization(release="1.4")
    with pytest.raises(ValueError, match="is not built.*tfcompat.explain"):
        layer.explain()
    layer(batch())
    layer.explain()
    assert "as TensorFlow 1.4 does it" in capsys.readouterr().out


def test_followed_release_whose_kernel_takes_rank_5_is_followed_on_any_runtime():
    x = tf.constant(batch((4, 2, 3, 2, 3)))
    layer, flat = BatchNormalization(release="2.10"), BatchNormalization(release="2.10")
    five, four = layer(x, training=True), flat(tf.reshape(x, (4, 2, 6, 3)), training=True)
    assert layer.plan.kernel == "fused" and five.shape.as_list() == [4, 2, 3, 2, 3]
    close(tf.reshape(five, (4, 2, 6, 3)).numpy(), four.numpy())
    close(layer.moving_variance.numpy(), flat.moving_variance.numpy())


@pytest.mark.parametrize("release, mean_of_weights", [("2.21", 0.0), ("2.22", 2.0)])
def test_second_derivatives_of_the_variance_are_right_from_2_22_on(release, mean_of_weights):
    layer = BatchNormalization(release=release, fused=False)
    x, weights = tf.constant(batch((4, 1))), tf.constant([[1.0], [2.0], [2.0], [3.0]])
    layer.build((4, 1))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            variance = layer._moments(x, [0], keep_dims=False)[1]
        first = tf.reduce_sum(inner.gradient(variance, x) * weights)
    # the derivative of 2 (x - mean(x)) / n along the weights is 2 (weights - mean(weights)) / n
    close(outer.gradient(first, x).numpy(), 2 * (weights.numpy() - mean_of_weights) / 4)
