"""The layer in Keras models: fit, evaluate, predict, freezing, masks, cloning."""

import copy
import pickle

import numpy as np
import pytest

from features import keras, tf
from kernels import KERNELS, batch, close, values
from tfcompat.layers import BatchNormalization

DEFAULT = {"momentum": 0.5, "name": "norm"}


def sequential(shape=(3,), **arguments):
    return keras.Sequential([keras.Input(shape), BatchNormalization(**dict(DEFAULT, **arguments))])


def functional(shape=(3,), **arguments):
    inputs = keras.Input(shape)
    return keras.Model(inputs, BatchNormalization(**dict(DEFAULT, **arguments))(inputs))


class Subclassed(keras.Model):
    """A model that hands `training` on."""

    def __init__(self, shape=(3,), **arguments):
        super().__init__()
        self.norm = BatchNormalization(**dict(DEFAULT, **arguments))

    def call(self, inputs, training=False):
        return self.norm(inputs, training=training)


class Silent(keras.layers.Layer):
    """A layer that leaves `training` to Keras."""

    def __init__(self, **arguments):
        super().__init__()
        self.norm = BatchNormalization(**arguments)

    def call(self, inputs):
        return self.norm(inputs)


MODELS = pytest.mark.parametrize(
    "form", [sequential, functional, Subclassed], ids=["sequential", "functional", "subclassed"]
)


def norm(model):
    """The layer of ours in a model."""
    (layer,) = [layer for layer in model.layers if isinstance(layer, BatchNormalization)]
    return layer


def fit(model, x, epochs=1, **compile_arguments):
    """Trains on batches of four towards one."""
    model.compile(keras.optimizers.SGD(0.01), "mse", **compile_arguments)
    model.fit(x, np.ones_like(x), batch_size=4, epochs=epochs, shuffle=False, verbose=0)


@MODELS
def test_fit_moves_the_averages_by_every_batch(form):
    model, x = form(), batch((8, 3))
    fit(model, x)
    mean = 0.5 * (0.5 * x[:4].mean(axis=0)) + 0.5 * x[4:].mean(axis=0)
    close(values(norm(model))["moving_mean"], mean)


@MODELS
def test_fit_trains_gamma_and_beta(form):
    model = form()
    fit(model, batch((8, 3)))
    after = values(norm(model))
    assert (after["gamma"] != 1).all() and (after["beta"] != 0).any()


@MODELS
def test_predict_and_evaluate_use_the_averages_and_leave_them(form):
    model, x = form(), batch((8, 3))
    fit(model, x)
    before = values(norm(model))
    scale = before["gamma"] / np.sqrt(before["moving_variance"] + 1e-3)
    expected = (x - before["moving_mean"]) * scale + before["beta"]
    close(model.predict(x, verbose=0), expected)
    loss = model.evaluate(x, np.zeros_like(x), verbose=0)
    assert loss == pytest.approx(np.mean(expected**2), rel=1e-4)
    after = values(norm(model))
    assert all((after[name] == before[name]).all() for name in before)


@MODELS
@pytest.mark.parametrize("kind", sorted(KERNELS))
def test_every_kernel_fits(form, kind):
    arguments, shape, kernel = KERNELS[kind]
    model = form(shape[1:], **arguments)
    fit(model, batch(shape))
    assert norm(model).plan.kernel == kernel
    assert (values(norm(model))["moving_mean"] != 0).all()
    assert np.isfinite(model.predict(batch(shape), verbose=0)).all()


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("kind", sorted(KERNELS))
def test_every_kernel_fits_eagerly_as_it_does_in_a_graph(kind):
    arguments, shape, _ = KERNELS[kind]
    eager, traced = functional(shape[1:], **arguments), functional(shape[1:], **arguments)
    fit(eager, batch(shape), run_eagerly=True)
    fit(traced, batch(shape))
    for name, value in values(norm(eager)).items():
        close(values(norm(traced))[name], value)


@pytest.mark.needs("keras3")
@pytest.mark.parametrize("kind", sorted(KERNELS))
def test_every_kernel_fits_under_xla(kind):
    arguments, shape, _ = KERNELS[kind]
    under_xla, plain = functional(shape[1:], **arguments), functional(shape[1:], **arguments)
    fit(under_xla, batch(shape), jit_compile=True)
    fit(plain, batch(shape), jit_compile=False)
    for name, value in values(norm(plain)).items():
        close(values(norm(under_xla))[name], value)


def test_training_of_the_model_reaches_a_layer_that_was_not_told():
    told, silent, x = sequential(), keras.Sequential([keras.Input((3,)), Silent(**DEFAULT)]), batch((8, 3))
    fit(told, x)
    fit(silent, x)
    assert (values(norm(told))["moving_mean"] == values(silent.layers[0].norm)["moving_mean"]).all()
    assert (values(norm(told))["moving_mean"] != 0).all()


def fixed(training):
    """A functional model whose layer was told `training`."""
    inputs = keras.Input((3,))
    return keras.Model(inputs, BatchNormalization(**DEFAULT)(inputs, training=training))


@pytest.mark.needs("functional-training-fixed")
def test_training_fixed_in_a_functional_model_stays_fixed():
    x = batch((8, 3))
    assert abs(fixed(True).predict(x, verbose=0).mean()) < 1e-4
    model = fixed(False)
    fit(model, x)
    assert (values(norm(model))["moving_mean"] == 0).all()


@pytest.mark.needs("functional-training-open")
def test_training_of_a_functional_model_wins_as_for_every_layer_of_keras_3():
    model, x = fixed(False), batch((8, 3))
    fit(model, x)
    assert (values(norm(model))["moving_mean"] != 0).all()
    assert (fixed(True).predict(x, verbose=0) == sequential().predict(x, verbose=0)).all()


@MODELS
def test_frozen_layer_in_a_model_keeps_batch_statistics_and_moves_nothing(form):
    frozen, free, x = form(trainable=False), form(), tf.constant(batch((8, 3)))
    assert (frozen(x, training=True).numpy() == free(x, training=True).numpy()).all()
    assert (values(norm(frozen))["moving_mean"] == 0).all()
    assert frozen.trainable_variables == []


def test_freezing_a_model_freezes_the_layer_in_a_nested_one():
    inner, x = functional(), batch((8, 3))
    outer = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(3)])
    outer.layers[0].trainable = False
    assert not norm(inner).trainable
    before = values(norm(inner))
    fit(outer, x)
    after = values(norm(inner))
    assert all((after[name] == before[name]).all() for name in before)
    inner.trainable = True
    fit(outer, x)
    assert (values(norm(inner))["moving_mean"] != 0).all()


def test_regularizer_adds_to_the_loss_of_the_model():
    model, x = sequential(gamma_regularizer=keras.regularizers.l2(0.5)), batch((8, 3))
    plain = sequential()
    for each in (model, plain):
        each.compile("sgd", "mse")
    with_it, without = (each.evaluate(x, x, verbose=0) for each in (model, plain))
    assert with_it - without == pytest.approx(1.5, rel=1e-4)


def test_constraint_holds_after_fit():
    model = sequential(gamma_constraint=keras.constraints.MaxNorm(0.25))
    fit(model, batch((8, 3)))
    assert np.linalg.norm(values(norm(model))["gamma"]) <= 0.25 * (1 + 1e-5)


def test_model_with_two_layers_gives_them_names_of_their_own():
    model = keras.Sequential([keras.Input((3,)), BatchNormalization(), BatchNormalization()])
    assert [layer.name for layer in model.layers] == ["batch_normalization", "batch_normalization_1"]


def masked_model(layer):
    """Embedding that masks zeros -> the layer."""
    inputs = keras.Input((4,), dtype="int32")
    embedded = keras.layers.Embedding(5, 3, mask_zero=True)(inputs)
    return keras.Model(inputs, layer(embedded, training=True)), keras.Model(inputs, embedded)


IDS = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [4, 1, 2, 0]], "int32")


@pytest.mark.needs("masks")
def test_masked_elements_do_not_count():
    model, embedding = masked_model(BatchNormalization(momentum=0.5, fused=False))
    model(tf.constant(IDS))
    embedded = np.asarray(embedding(tf.constant(IDS)))
    close(values(norm(model))["moving_mean"], 0.5 * embedded[IDS != 0].mean(axis=0))
    close(values(norm(model))["moving_variance"], 0.5 + 0.5 * embedded[IDS != 0].var(axis=0))


@pytest.mark.parametrize("training", [True, False])
def test_mask_passes_through_the_layer(training):
    inputs = keras.Input((4, 3))
    masked = BatchNormalization()(keras.layers.Masking(0.0)(inputs), training=training)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(masked))
    x = batch((2, 4, 3))
    x[:, 2:] = 0
    shorter = keras.Model(inputs, masked)(tf.constant(x)).numpy()[:, :2]
    close(model(tf.constant(x)), shorter.mean(axis=1))


@pytest.mark.needs("masks")
def test_masked_model_fits():
    model, _ = masked_model(BatchNormalization(momentum=0.5))
    model.compile("sgd", "mse")
    model.fit(IDS, np.zeros((3, 4, 3), "float32"), batch_size=3, verbose=0)
    assert np.isfinite(values(norm(model))["moving_mean"]).all()
    assert (values(norm(model))["moving_mean"] != 0).all()


@pytest.mark.parametrize("kind", sorted(KERNELS))
def test_clone_of_a_model_is_a_model_like_it(registry, kind):
    arguments, shape, _ = KERNELS[kind]
    if "adjustment" in arguments:
        registry["tests>jitter"] = arguments["adjustment"]
    model = functional(shape[1:], **arguments)
    fit(model, batch(shape))
    clone = keras.models.clone_model(model)
    assert norm(clone) is not norm(model) and norm(clone).get_config() == norm(model).get_config()
    clone.set_weights(model.get_weights())
    x = batch(shape, seed=5)
    assert (clone.predict(x, verbose=0) == model.predict(x, verbose=0)).all()


def test_clone_has_variables_of_its_own():
    model = functional()
    clone = keras.models.clone_model(model)
    fit(clone, batch((8, 3)))
    assert (values(norm(model))["moving_mean"] == 0).all()


@pytest.mark.needs("deepcopy")
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, pytest.param(lambda model: pickle.loads(pickle.dumps(model)), marks=pytest.mark.needs("pickle"))],
    ids=["deepcopy", "pickle"],
)
def test_copy_of_a_model_computes_the_same_and_is_independent(copied):
    model, x = functional(), batch((8, 3))
    fit(model, x)
    twin = copied(model)
    expected = model.predict(x, verbose=0)
    assert (twin.predict(x, verbose=0) == expected).all()
    fit(twin, x + 7)
    assert (model.predict(x, verbose=0) == expected).all()
    assert (twin.predict(x, verbose=0) != expected).any()


@pytest.mark.needs("deepcopy")
def test_deepcopy_of_a_layer_is_independent_of_it():
    layer, x = BatchNormalization(momentum=0.5), tf.constant(batch((8, 3)))
    layer(x, training=True)
    twin = copy.deepcopy(layer)
    assert (twin(x).numpy() == layer(x).numpy()).all()
    before = values(layer)["moving_mean"]
    twin(x, training=True)
    assert (values(layer)["moving_mean"] == before).all()
    assert (values(twin)["moving_mean"] != before).all()


@pytest.mark.needs("deepcopy")
def test_deepcopy_of_a_layer_moves_the_variables_that_keras_knows():
    layer = BatchNormalization(momentum=0.5)
    layer.build((8, 3))
    twin = copy.deepcopy(layer)
    assert {id(variable) for variable in twin.variables} == {id(getattr(twin, name)) for name in values(twin)}
    twin(tf.constant(batch((8, 3))), training=True)
    assert [variable.numpy().any() for variable in twin.variables if "moving_mean" in variable.name] == [True]


def test_float64_model_keeps_float64():
    inputs = keras.Input((3,), dtype="float64")
    outputs = BatchNormalization()(inputs)
    model = keras.Model(inputs, outputs)
    assert tf.as_dtype(outputs.dtype) == tf.float64
    assert {tf.as_dtype(variable.dtype) for variable in model.variables} == {tf.float64}
    x = batch((4, 3), dtype="float64")
    np.testing.assert_allclose(model(x).numpy(), x / np.sqrt(1 + 1e-3), rtol=1e-14)


@pytest.mark.needs("casts-input")
def test_layer_that_was_given_a_dtype_casts_its_input():
    inputs = keras.Input((3,))
    outputs = BatchNormalization(dtype="float64")(inputs)
    assert tf.as_dtype(outputs.dtype) == tf.float64
    y = keras.Model(inputs, outputs)(batch((4, 3)))
    assert y.dtype == tf.float64
