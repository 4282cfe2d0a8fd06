"""What a user can do wrong is answered by TensorFlow's type of error, with what came and what to do."""

import numpy as np
import pytest

from features import tf
from kernels import IMAGE, batch
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1


@pytest.mark.parametrize(
    "axis, message",
    [
        (1.5, "axis is 1.5, a float; allowed is int or list.*axis=-1"),
        ("3", "axis is '3', a str; allowed is int or list"),
        (None, "axis is None"),
        (np.int64(1), "axis is .*1.*, a int64; allowed is int or list"),
    ],
)
def test_axis_of_another_type_is_refused(axis, message):
    with pytest.raises(TypeError, match=message):
        BatchNormalization(axis=axis)


@pytest.mark.parametrize(
    "axis, error, message",
    [
        (4, ValueError, "axis is 4; allowed for an input of rank 4 is -4 to 3"),
        (-5, ValueError, "axis is -5; allowed for an input of rank 4 is -4 to 3"),
        ([1, 7], ValueError, r"axis is \[1, 7\]; allowed"),
        ([1, 1], ValueError, r"names axis \[1, 1\] twice; name each once"),
        ([-1, 3], ValueError, r"names axis \[3, 3\] twice"),
        ([], IndexError, "axis is empty; name at least one axis"),
        ([1.0], TypeError, "every axis must be an int, 1.0 is a float"),
    ],
)
def test_axis_that_the_input_does_not_have_is_refused(axis, error, message):
    with pytest.raises(error, match=message):
        BatchNormalization(axis=axis)(tf.constant(batch()))


@pytest.mark.parametrize(
    "clipping, error, message",
    [
        (
            {"rmax": 3.0, "max": 1.0},
            ValueError,
            r"has the keys \['max', 'rmax'\]; allowed are rmax, rmin, dmax.*rename max",
        ),
        (3.0, TypeError, "renorm_clipping is 3.0, a float; allowed is a dict"),
    ],
)
def test_clipping_of_another_form_is_refused(clipping, error, message):
    with pytest.raises(error, match=message):
        BatchNormalization(renorm=True, renorm_clipping=clipping)


def test_clipping_is_not_looked_at_without_renorm():
    assert BatchNormalization(renorm_clipping={"max": 1.0}).config.renorm is False


@pytest.mark.parametrize("size", [0, -1])
def test_virtual_batch_that_is_not_positive_is_refused(size):
    with pytest.raises(ValueError, match="virtual_batch_size is %d; allowed is a positive int" % size):
        BatchNormalization(virtual_batch_size=size)(tf.constant(batch()))


def test_virtual_batch_and_adjustment_exclude_each_other():
    with pytest.raises(ValueError, match="virtual_batch_size and adjustment are both given; drop one"):
        BatchNormalization(virtual_batch_size=2, adjustment=lambda shape: (1.0, 0.0))(tf.constant(batch()))


def test_virtual_batch_and_axis_0_exclude_each_other():
    with pytest.raises(ValueError, match=r"groups axis 0, the batch, so axis=\[0, 3\] cannot keep it"):
        BatchNormalization(virtual_batch_size=2, axis=[0, 3])(tf.constant(batch()))


def test_virtual_batch_that_does_not_divide_the_batch_is_refused():
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        BatchNormalization(virtual_batch_size=3)(tf.constant(batch()), training=True)


@pytest.mark.parametrize("shape, message", [(None, "an unknown rank"), ((), "rank 0")])
def test_input_without_a_rank_is_refused(graph, shape, message):
    with pytest.raises(ValueError, match=message + "; its rank must be known.*set_shape"):
        batch_normalization(tf1.placeholder(tf.float32, shape))


def test_input_without_channels_is_refused(graph):
    with pytest.raises(ValueError, match=r"\(None, 2, None\), its size along axis 2 is unknown.*set_shape"):
        batch_normalization(tf1.placeholder(tf.float32, (None, 2, None)))


def test_other_rank_after_building_is_refused(graph):
    layer = BatchNormalization()
    layer(tf.constant(batch((6, 3))))
    with pytest.raises(ValueError, match="built for rank 2, this input has rank 4.*Use a second layer"):
        layer(tf.constant(batch()))


def test_other_channels_after_building_are_refused(graph):
    layer = BatchNormalization()
    layer(tf.constant(batch((6, 3))))
    with pytest.raises(ValueError, match="built for size 3 along axis 1, this input has 5.*Use a second layer"):
        layer(tf.constant(batch((6, 5))))


@pytest.mark.parametrize("shape", [(6, 5), IMAGE], ids=["channels", "rank"])
def test_other_input_after_building_is_refused_eagerly(shape):
    layer = BatchNormalization(name="norm")
    layer(tf.constant(batch((6, 3))))
    with pytest.raises(ValueError, match="norm.*incompatible|built for"):
        layer(tf.constant(batch(shape)))


@pytest.mark.parametrize("training", [2, "yes", 0.5])
def test_training_that_is_neither_true_nor_false_is_refused(graph, training):
    with pytest.raises(
        TypeError, match="training is %r, a %s; allowed is a bool" % (training, type(training).__name__)
    ):
        batch_normalization(tf.constant(batch()), training=training)


def test_tensor_epsilon_is_refused_by_the_fused_kernel():
    with pytest.raises(TypeError, match="epsilon is .*; the fused kernel takes a number.*fused=False"):
        BatchNormalization(epsilon=tf.constant(0.001))(tf.constant(batch()))


@pytest.mark.parametrize("name", ["gamma_initializer", "beta_regularizer", "gamma_constraint"])
def test_unknown_name_of_a_keras_object_is_refused_by_keras(name):
    with pytest.raises(ValueError, match="nonsense"):
        BatchNormalization(**{name: "nonsense"})


def test_unknown_argument_is_refused_and_named():
    with pytest.raises((TypeError, ValueError), match="axes_"):
        BatchNormalization(axes_=3)


def test_scope_name_outside_of_a_graph_is_refused():
    layer = BatchNormalization(name="norm")
    layer(tf.constant(batch()))
    with pytest.raises(ValueError, match="layer 'norm' has no variable scope"):
        print(layer.scope_name)
