"""Batch normalization at inference as a scale and an offset, in the layer before it, and as PyTorch has it."""

import legacy
import numpy as np
import pytest
import tensorflow as tf

import tfcompat
from tfcompat.errors import InputError
from tfcompat.migrate import fold, fold_model, load_tf1_checkpoint, to_pytorch
from tfcompat.migrate.folding import layers as folding
from tfcompat.migrate.folding.models import fold_with_report

layers = tf.keras.layers
EPS = np.finfo("float32").eps


def drawn(layer, shape, low=0.5):
    """The layer built on inputs of this shape, with variables drawn."""
    random = np.random.RandomState(3)
    layer(tf.zeros(shape))
    layer.set_weights([random.uniform(low, 1.5, weight.shape) for weight in layer.get_weights()])
    return layer


def batch(shape):
    return np.random.RandomState(4).uniform(-2, 2, shape).astype("float32")


SHAPE = (4, 5, 5, 6)
LAYERS = {
    "fused": {},
    "unfused": {"fused": False},
    "no-scale": {"scale": False},
    "no-center": {"center": False},
    "renorm": {"renorm": True},
    "renorm-of-1-14": {"renorm": True, "release": "1.14"},
    "virtual-batch": {"virtual_batch_size": 2},
    "adjustment": {"adjustment": lambda shape: (tf.ones(shape) * 3, tf.ones(shape))},
    "two-axes": {"axis": [1, 3]},
    "axis-1": {"axis": 1, "fused": False},
    "small-epsilon": {"epsilon": 1e-7, "release": "1.15"},
}


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_scale_and_offset_are_what_the_layer_does_at_inference(name):
    layer, x = drawn(tfcompat.BatchNormalization(**LAYERS[name]), SHAPE), batch(SHAPE)
    found, y = fold(layer), layer(x).numpy()
    shape = (1, -1, 1, 1) if name == "axis-1" else found.scale.shape if name == "two-axes" else (-1,)
    ours = x * found.scale.reshape(shape) + found.offset.reshape(shape)
    assert found.scale.dtype == found.offset.dtype == np.float32
    assert np.max(np.abs(ours - y)) <= 4 * EPS * np.max(np.abs(y))


def test_the_epsilon_is_the_one_that_the_kernel_takes():
    """Up to TensorFlow 2.11 the fused kernel took 1.001e-5 for a smaller one."""
    small = drawn(tfcompat.BatchNormalization(epsilon=1e-7, release="1.15"), SHAPE)
    small.moving_variance.assign(np.full(6, 1e-5, "float32"))
    x, found = batch(SHAPE), fold(small)
    y = small(x).numpy()
    assert np.max(np.abs(x * found.scale + found.offset - y)) <= 8 * EPS * np.max(np.abs(y))
    wrong = folding.affine(*(v.numpy() for v in small.weights), epsilon=1e-7)
    assert np.max(np.abs(x * wrong.scale + wrong.offset - y)) > 0.1 * np.max(np.abs(y))


def test_each_value_is_rounded_once():
    layer = drawn(tfcompat.BatchNormalization(), SHAPE)
    gamma, beta, mean, variance = (v.numpy().astype("float64") for v in layer.weights)
    scale = gamma / np.sqrt(variance + 1e-3)
    assert np.array_equal(fold(layer).scale, scale.astype("float32"))
    assert np.array_equal(fold(layer).offset, (beta - mean * scale).astype("float32"))


def test_a_layer_of_keras_folds_the_same():
    theirs, x = drawn(layers.BatchNormalization(), SHAPE), batch(SHAPE)
    found = fold(theirs)
    assert np.max(np.abs(x * found.scale + found.offset - theirs(x).numpy())) <= 8 * EPS * 4


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5])
def test_broken_statistics_are_refused(value):
    layer = drawn(tfcompat.BatchNormalization(name="mine"), SHAPE)
    layer.moving_variance.assign([1, 1, value, 1, 1, 1])
    with pytest.raises(InputError, match=r"mine: channel 2 has moving_mean .* estimate the statistics"):
        fold(layer)


def test_a_layer_that_is_not_built_is_refused():
    for function in (fold, to_pytorch):
        with pytest.raises(InputError, match="'mine' has no moving_mean; call it or build it first"):
            function(tfcompat.BatchNormalization(name="mine"))


BEFORE = {
    "dense": (layers.Dense, (8,), {"units": 5}),
    "conv1d": (layers.Conv1D, (8, 3), {"filters": 4, "kernel_size": 2}),
    "conv2d": (layers.Conv2D, (6, 6, 3), {"filters": 4, "kernel_size": 3}),
    "conv3d": (layers.Conv3D, (4, 4, 4, 2), {"filters": 3, "kernel_size": 2}),
    "grouped": (layers.Conv2D, (6, 6, 4), {"filters": 6, "kernel_size": 3, "groups": 2}),
    "depthwise": (layers.DepthwiseConv2D, (6, 6, 3), {"kernel_size": 3, "depth_multiplier": 2}),
    "separable": (layers.SeparableConv2D, (6, 6, 3), {"filters": 4, "kernel_size": 3}),
    "transpose": (layers.Conv2DTranspose, (6, 6, 3), {"filters": 4, "kernel_size": 3, "strides": 2}),
    "transpose-3d": (layers.Conv3DTranspose, (3, 3, 3, 2), {"filters": 4, "kernel_size": 2}),
}


def net(inputs, outputs):
    model = tf.keras.Model(inputs, outputs)
    random = np.random.RandomState(5)
    model.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in model.get_weights()])
    return model


def check(model, x, into):
    """Folds, compares in eps of the largest output, and tells into which layers."""
    found = fold_with_report(model)
    assert [row.into for row in found.layers] == into
    assert not any(
        isinstance(one, (tfcompat.BatchNormalization, layers.BatchNormalization)) for one in every(found.model)
    )
    ours, theirs = found.model(x), model(x)
    for a, b in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs)):
        assert legacy.in_eps(a.numpy(), b.numpy()) <= 32
    return found


def every(model):
    return [inner for one in model.layers for inner in (every(one) if hasattr(one, "layers") else [one])]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", sorted(BEFORE))
def test_each_kind_of_layer_takes_scale_and_offset(name, bias):
    cls, shape, arguments = BEFORE[name]
    inputs = layers.Input(shape)
    x = tfcompat.BatchNormalization()(cls(use_bias=bias, name="before", **arguments)(inputs))
    check(net(inputs, layers.ReLU()(x)), batch((2,) + shape), ["before"])


def test_what_cannot_go_into_the_layer_before_becomes_a_scale_and_an_offset():
    inputs = layers.Input((6, 6, 3))
    first = tfcompat.BatchNormalization(name="first")(inputs)
    x = layers.Conv2D(4, 3, activation="relu")(first)
    x = tfcompat.BatchNormalization(name="after-relu")(x)
    used_twice = layers.Conv2D(4, 3, name="used-twice")(x)
    x = tfcompat.BatchNormalization(name="one-user", axis=[1, 3])(used_twice)
    found = check(net(inputs, [x, used_twice]), batch((2, 6, 6, 3)), [None, None, None])
    reasons = [row.reason for row in found.layers]
    assert reasons[0] == "InputLayer before it takes no scale"
    assert reasons[1].endswith("has an activation") and reasons[2] == "used-twice is used elsewhere, too"


def test_another_axis_than_the_channels_of_the_layer_before():
    inputs = layers.Input((6, 6, 3))
    x = tfcompat.BatchNormalization(axis=1, fused=False)(layers.Conv2D(4, 3, name="before")(inputs))
    found = check(net(inputs, x), batch((2, 6, 6, 3)), [None])
    assert found.layers[0].reason == "it keeps axis 1, the channels of before are axis 3"


def test_models_in_models_are_folded(tmp_path):
    inner = tf.keras.Sequential(
        [layers.Input((6, 6, 3)), layers.Conv2D(4, 3, name="in"), tfcompat.BatchNormalization(), layers.ReLU()]
    )
    inputs = layers.Input((6, 6, 3))
    x = layers.Dense(2, name="out")(layers.Flatten()(inner(inputs)))
    model = net(inputs, layers.BatchNormalization()(x))
    found = check(model, batch((2, 6, 6, 3)), ["out", "in"])
    found.model.save(str(tmp_path / "folded.keras"))
    again = tf.keras.models.load_model(str(tmp_path / "folded.keras"))
    x = batch((2, 6, 6, 3))
    assert again(x).numpy().tobytes() == found.model(x).numpy().tobytes()


def test_a_layer_called_in_training_is_refused():
    inputs = layers.Input((6,))
    model = tf.keras.Model(inputs, tfcompat.BatchNormalization(name="mine")(layers.Dense(3)(inputs), training=True))
    with pytest.raises(InputError, match="'mine' was called with training=True"):
        fold_model(model)


def test_a_subclassed_model_is_refused():
    model = legacy.build("tabnet")[0]
    with pytest.raises(InputError, match="is no Sequential or functional model"):
        fold_model(model)


@pytest.mark.parametrize("name", ["resnet", "renorm", "slim", "tpu", "dcgan", "keras", "never-updated"])
def test_nets_of_real_tensorflow_give_the_same_folded(name):
    model, norms = legacy.build(name)
    load_tf1_checkpoint(model, legacy.checkpoint(name))
    found = fold_with_report(model)
    assert len(found.layers) == len(norms)
    if name == "dcgan":
        x = batch((4, 5))
        assert legacy.in_eps(found.model(x).numpy(), model(x).numpy()) <= 32
    else:
        expected = legacy.expected(name)
        assert legacy.in_eps(found.model(expected["input"]).numpy(), expected["output"]) <= 32


def test_pytorch_has_the_inverse_momentum_and_the_same_state():
    layer = drawn(tfcompat.BatchNormalization(momentum=0.99, epsilon=2e-3), SHAPE)
    made = to_pytorch(layer)
    assert made.arguments == {
        "num_features": 6,
        "eps": 2e-3,
        "momentum": 0.01,
        "affine": True,
        "track_running_stats": True,
    }
    names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    for theirs, ours in names.items():
        assert made.state[theirs].tobytes() == getattr(layer, ours).numpy().tobytes()
    assert made.state["num_batches_tracked"] == 0


def test_pytorch_needs_both_or_none_of_weight_and_bias():
    made = to_pytorch(drawn(tfcompat.BatchNormalization(scale=False), SHAPE))
    assert made.arguments["affine"] and made.state["weight"].tolist() == [1] * 6
    made = to_pytorch(drawn(tfcompat.BatchNormalization(scale=False, center=False), SHAPE))
    assert not made.arguments["affine"] and "weight" not in made.state and "bias" not in made.state
    assert to_pytorch(drawn(tfcompat.BatchNormalization(virtual_batch_size=2), SHAPE)).state["bias"].shape == (6,)
    with pytest.raises(InputError, match="PyTorch keeps one axis"):
        to_pytorch(drawn(tfcompat.BatchNormalization(axis=[1, 3]), SHAPE))
