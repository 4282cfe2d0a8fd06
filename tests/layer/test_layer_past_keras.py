"""An eager call that says `training` goes past Keras from the second time on, unless Keras would add something."""

import numpy as np
import pytest

from features import keras, tf
from kernels import KERNELS, batch, values
from tfcompat.layers import BatchNormalization, host

pytestmark = pytest.mark.needs("tf2", "registry")


@pytest.fixture
def calls(monkeypatch):
    """The layers that were called by way of Keras."""
    seen, by_keras = [], host.Layer.__call__

    def call(self, *args, **kwargs):
        seen.append(self)
        return by_keras(self, *args, **kwargs)

    monkeypatch.setattr(host.Layer, "__call__", call, raising=False)
    return seen


def goes_past(layer, calls, inputs=None, **kwargs):
    """Whether a call, which is not the first, goes past Keras."""
    inputs = tf.constant(batch()) if inputs is None else inputs
    layer(tf.constant(batch()), training=True)
    calls.clear()
    layer(inputs, **kwargs)
    return layer not in calls


@pytest.mark.parametrize("training", [True, False, 1, np.bool_(False)])
def test_call_that_tells_training_goes_past_keras_but_not_the_first(training, calls):
    layer = BatchNormalization()
    layer(tf.constant(batch()), training=training)
    assert calls == [layer]
    assert goes_past(layer, calls, training=training)


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_call_past_keras_does_what_the_one_by_keras_does(kernel, calls, monkeypatch):
    arguments, shape, _ = KERNELS[kernel]

    def trained():
        layer = BatchNormalization(**arguments)
        outputs = [layer(tf.constant(batch(shape, seed)), training=seed < 3).numpy() for seed in range(4)]
        return layer, outputs

    past, got = trained()
    monkeypatch.setattr(host, "adds_nothing", lambda layer, inputs: False)
    by_keras, expected = trained()
    assert (calls.count(past), calls.count(by_keras)) == (1, 4)
    np.testing.assert_array_equal(got, expected)
    for name, value in values(past).items():
        np.testing.assert_array_equal(value, values(by_keras)[name])


def test_call_that_leaves_training_to_keras_goes_to_keras(calls):
    assert not goes_past(BatchNormalization(), calls)
    assert not goes_past(BatchNormalization(), calls, training=None)


def test_inputs_that_are_no_tensors_go_to_keras(calls):
    assert not goes_past(BatchNormalization(), calls, inputs=batch(), training=True)


def test_call_in_a_function_goes_to_keras(calls):
    layer = BatchNormalization()
    layer(tf.constant(batch()), training=True)
    calls.clear()
    tf.function(lambda x: layer(x, training=True), autograph=False)(tf.constant(batch()))
    assert calls == [layer]


def test_call_in_another_layer_goes_to_keras(calls):
    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = BatchNormalization()

        def call(self, inputs):
            return self.norm(inputs, training=True)

    block = Block()
    block(tf.constant(batch()))
    calls.clear()
    block(tf.constant(batch()))
    assert calls == [block.norm]


def test_activity_regularizer_still_counts(calls):
    layer = BatchNormalization(activity_regularizer=keras.regularizers.L2(0.5))
    assert not goes_past(layer, calls, training=True)
    assert len(layer.losses) == 1


def test_layer_that_casts_its_input_goes_to_keras(calls):
    layer = BatchNormalization(autocast=True, dtype="float32")
    assert not goes_past(layer, calls, inputs=tf.constant(batch(dtype="float64")), training=True)


def test_mask_of_the_input_is_still_carried(calls):
    layer, x = BatchNormalization(), tf.constant(batch((6, 5, 3)))
    layer(x, training=True)
    x = tf.constant(batch((6, 5, 3)))
    x._keras_mask = tf.ones((6, 5), bool)
    y = layer(x, training=True)
    assert y._keras_mask.shape == (6, 5)


def test_call_of_a_subclass_goes_to_keras(calls):
    class Mine(BatchNormalization):
        def call(self, inputs, training=False, mask=None):
            return super().call(inputs, training=training, mask=mask)

    assert not goes_past(Mine(), calls, training=True)


def test_call_past_keras_refuses_an_input_that_does_not_fit():
    layer = BatchNormalization()
    layer(tf.constant(batch()), training=True)
    with pytest.raises(ValueError, match="was built for rank 4, this input has rank 2"):
        layer(tf.zeros((2, 3)), training=True)
    with pytest.raises(ValueError, match="built for size 3 along axis 3, this input has 5"):
        layer(tf.zeros((2, 2, 2, 5)), training=True)
    with pytest.raises(TypeError, match="training is 'yes'"):
        layer(tf.constant(batch()), training="yes")
