"""The layer in eager mode, in `tf.function` and under XLA."""

import numpy as np
import pytest

from features import RELEASE, keras, tf
from kernels import IMAGE, KERNELS, batch, close, values
from tfcompat.layers import BatchNormalization

EVERY_KERNEL = pytest.mark.parametrize("kind", sorted(KERNELS))
BOTH_PHASES = pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])

#: XLA against TensorFlow's own kernels, in float32 eps of the largest value.
XLA_BOUND = 16


def make(kind):
    """A built layer whose averages have moved once, and its next input."""
    arguments, shape, kernel = KERNELS[kind]
    layer = BatchNormalization(**arguments)
    layer(tf.constant(batch(shape, seed=1)), training=True)
    assert layer.plan.kernel == kernel
    return layer, tf.constant(batch(shape, seed=2))


def compiled(function, **kwargs):
    """`tf.function` under XLA, however this release spells it."""
    flag = "jit_compile" if RELEASE >= (2, 5) else "experimental_compile"
    return tf.function(function, **{flag: True}, **kwargs)


def test_training_normalizes_every_channel_with_its_own_statistics():
    layer = BatchNormalization(epsilon=1e-6)
    y = layer(tf.constant(batch()), training=True).numpy()
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(0, 1, 2)), 1, atol=1e-4)


@pytest.mark.parametrize("fused, correction", [(None, 24 / 23), (False, 1)], ids=["fused", "unfused"])
def test_averages_move_towards_the_batch_by_one_minus_momentum(fused, correction):
    layer, x = BatchNormalization(momentum=0.75, fused=fused), batch()
    layer(tf.constant(x), training=True)
    close(values(layer)["moving_mean"], 0.25 * x.mean(axis=(0, 1, 2)))
    close(values(layer)["moving_variance"], 0.75 + 0.25 * x.var(axis=(0, 1, 2)) * correction)


@pytest.mark.parametrize("momentum", [0.25, 0.375])
@pytest.mark.parametrize("release", [None, "1.4", "1.14"])
@pytest.mark.parametrize("kind", sorted(KERNELS))
def test_averages_move_by_one_minus_any_momentum_whatever_release_is_followed(kind, release, momentum):
    arguments, shape, _ = KERNELS[kind]
    if release == "1.4" and kind in ("axes", "virtual", "adjustment"):
        arguments = {}  # came with 1.5
    layer = BatchNormalization(momentum=momentum, release=release, **arguments)
    layer(tf.constant(batch(shape)), training=True)
    after = np.squeeze(values(layer)["moving_mean"])
    kept = layer.plan.axes
    mean = batch(shape).mean(axis=tuple(axis for axis in range(len(shape)) if axis not in kept))
    close(after, (1.0 - momentum) * mean)


def test_inference_uses_the_averages_and_leaves_them():
    layer, x = make("fused")
    before = values(layer)
    y = layer(x)
    expected = (x.numpy() - before["moving_mean"]) / np.sqrt(before["moving_variance"] + 1e-3)
    close(y, expected)
    after = values(layer)
    assert all((after[name] == before[name]).all() for name in before)


@EVERY_KERNEL
def test_training_moves_the_averages_and_inference_does_not(kind):
    layer, x = make(kind)
    before = values(layer)
    layer(x, training=False)
    between = values(layer)
    layer(x, training=True)
    after = values(layer)
    statistics = set(before) - {"gamma", "beta"}
    assert all((between[name] == before[name]).all() for name in before)
    assert all((after[name] != before[name]).any() for name in statistics)
    assert all((after[name] == before[name]).all() for name in set(before) - statistics)


@EVERY_KERNEL
@BOTH_PHASES
@pytest.mark.parametrize("given", ["python", "tensor"])
def test_function_does_what_eager_mode_does(kind, training, given):
    if kind == "virtual" and given == "tensor":
        training = training and RELEASE < (2, 11)
    eager, x = make(kind)
    traced, _ = make(kind)
    expected = eager(x, training=training)
    step = tf.function(lambda x, training: traced(x, training=training))
    got = step(x, tf.constant(training) if given == "tensor" else training)
    close(got, expected, eps=4)
    for name, value in values(eager).items():
        close(values(traced)[name], value, eps=4)


@EVERY_KERNEL
@BOTH_PHASES
@pytest.mark.needs("xla")
def test_xla_comes_close_and_moves_the_averages(kind, training):
    eager, x = make(kind)
    under_xla, _ = make(kind)
    before = values(under_xla)
    expected = eager(x, training=training)
    got = compiled(lambda x: under_xla(x, training=training))(x)
    close(got, expected, eps=XLA_BOUND)
    after = values(under_xla)
    for name, value in values(eager).items():
        close(after[name], value, eps=XLA_BOUND)
    assert (after["moving_mean"] != before["moving_mean"]).any() == training


@EVERY_KERNEL
@pytest.mark.needs("xla")
def test_xla_gradients_come_close(kind):
    layer, x = make(kind)
    weights = tf.constant(batch(tuple(x.shape), seed=3))

    def gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        return tape.gradient(
            y, [x, layer.gamma if isinstance(layer.gamma, tf.Variable) else layer.gamma.value], weights
        )

    state = [variable.numpy() for variable in layer.weights]
    expected = gradients(x)
    layer.set_weights(state)
    for got, reference in zip(compiled(gradients)(x), expected):
        close(got, reference, eps=256)


@EVERY_KERNEL
def test_function_takes_batches_of_unknown_size(kind):
    eager, x = make(kind)
    traced, _ = make(kind)
    unknown = [None] + x.shape.as_list()[1:]
    step = tf.function(lambda x: traced(x, training=True), input_signature=[tf.TensorSpec(unknown, tf.float32)])
    close(step(x), eager(x, training=True), eps=4)
    assert step.get_concrete_function().output_shapes.as_list() == unknown


@BOTH_PHASES
@pytest.mark.parametrize("form", [int, np.bool_, tf.constant], ids=["int", "numpy", "constant"])
def test_training_may_be_anything_that_is_true_or_false(training, form):
    layer, x = make("unfused")
    other, _ = make("unfused")
    assert (layer(x, training=form(training)).numpy() == other(x, training=training).numpy()).all()
    assert (values(layer)["moving_mean"] == values(other)["moving_mean"]).all()


def test_training_may_be_a_variable():
    layer, x = make("fused")
    other, _ = make("fused")
    phase = tf.Variable(True, trainable=False)
    step = tf.function(lambda x: layer(x, training=phase))
    close(step(x), other(x, training=True), eps=4)
    phase.assign(False)
    close(step(x), other(x, training=False), eps=4)


def test_training_none_means_inference():
    layer, x = make("fused")
    before = values(layer)
    assert (layer(x, training=None).numpy() == layer(x, training=False).numpy()).all()
    assert (values(layer)["moving_mean"] == before["moving_mean"]).all()


@EVERY_KERNEL
def test_frozen_layer_keeps_batch_statistics_but_moves_no_average(kind):
    arguments, shape, _ = KERNELS[kind]
    frozen, free = BatchNormalization(trainable=False, **arguments), BatchNormalization(**arguments)
    x = tf.constant(batch(shape))
    assert (frozen(x, training=True).numpy() == free(x, training=True).numpy()).all()
    assert (values(frozen)["moving_mean"] == 0).all()
    assert (values(frozen)["moving_variance"] == 1).all()
    assert frozen.trainable_variables == []
    assert len(frozen.variables) == len(free.variables)


@pytest.mark.parametrize("given", [np.asarray, np.ndarray.tolist, tf.Variable], ids=["numpy", "list", "variable"])
def test_input_may_be_whatever_becomes_a_tensor(given):
    x = batch((6, 3))
    layer, other = BatchNormalization(), BatchNormalization()
    assert (layer(given(x), training=True).numpy() == other(tf.constant(x), training=True).numpy()).all()


@pytest.mark.parametrize("dtype, params", [("float16", "float32"), ("float32", "float32"), ("float64", "float64")])
@pytest.mark.parametrize("shape", [(6, 3), IMAGE], ids=["rank2", "rank4"])
def test_variables_follow_the_dtype_of_the_first_input(dtype, params, shape):
    if dtype == "float64" and len(shape) == 4 and RELEASE < (2, 3):
        shape = (6, 3)  # the fused kernel has no float64, and was not given up for it
    layer = BatchNormalization()
    y = layer(tf.constant(batch(shape, dtype=dtype)), training=True)
    assert y.dtype == dtype
    assert {tf.as_dtype(variable.dtype).name for variable in layer.variables} == {params}


def test_layer_is_shared_by_two_inputs():
    layer = BatchNormalization(momentum=0.5)
    layer(tf.constant(batch(seed=1)), training=True)
    layer(tf.constant(batch(seed=2)), training=True)
    expected = 0.25 * batch(seed=1).mean(axis=(0, 1, 2)) + 0.5 * batch(seed=2).mean(axis=(0, 1, 2))
    close(values(layer)["moving_mean"], expected)
    assert len(layer.variables) == 4


def test_gradient_descent_changes_gamma_and_beta_alone():
    layer, x = make("fused")
    before = values(layer)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(x, training=False) - 1.0))
    optimizer = keras.optimizers.SGD(0.01)
    optimizer.apply_gradients(zip(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables))
    after = values(layer)
    assert {name for name in before if (after[name] != before[name]).any()} == {"gamma", "beta"}


def test_regularizers_give_losses_and_constraints_apply():
    layer = BatchNormalization(gamma_regularizer=lambda v: 0.5 * tf.reduce_sum(v), beta_constraint=tf.nn.relu)
    layer(tf.constant(batch()), training=True)
    assert [float(loss) for loss in layer.losses] == [1.5]
    assert layer.beta.constraint is tf.nn.relu
    assert layer.gamma.constraint is None


def test_eager_function_form_gives_what_a_new_layer_gives():
    from tfcompat.layers import batch_normalization

    x = tf.constant(batch())
    expected = BatchNormalization(epsilon=0.1, fused=False)(x, training=True)
    got = batch_normalization(x, -1, 0.9, 0.1, training=True, fused=False)
    assert (got.numpy() == expected.numpy()).all()


@pytest.mark.needs("masks")
@pytest.mark.parametrize("kind", ["rank2", "axes", "unfused", "renorm"])
def test_mask_that_hides_nothing_changes_nothing(kind):
    layer, x = make(kind)
    other, _ = make(kind)
    mask = tf.ones(x.shape[:-1], tf.bool)
    close(layer(x, training=True, mask=mask), other(x, training=True), eps=8)
    close(values(layer)["moving_variance"], values(other)["moving_variance"], eps=8)


@pytest.mark.needs("masks")
def test_mask_given_to_the_call_leaves_elements_out():
    layer, x = BatchNormalization(momentum=0.0), batch((6, 3))
    layer(tf.constant(x), training=True, mask=tf.constant([True, True, True, False, False, False]))
    close(values(layer)["moving_mean"], x[:3].mean(axis=0))
    close(values(layer)["moving_variance"], x[:3].var(axis=0))


@pytest.mark.needs("tf1")
def test_mask_is_refused_before_tensorflow_2_12():
    with pytest.raises(TypeError, match="a mask is given; tf.layers takes one from TensorFlow 2.12 on"):
        BatchNormalization()(tf.constant(batch((6, 3))), mask=tf.ones((6,), tf.bool))
