"""A model with the layer comes back from a file: every format that this Keras has, every kernel."""

import numpy as np
import pytest

from features import KERAS, keras, tf
from kernels import IMAGE, batch, close, values
from tfcompat.layers import BatchNormalization

#: What a model is saved with -> the arguments of its layer.
LAYERS = {
    "fused": {},
    "unfused": {"fused": False},
    "axes": {"axis": [1, 3]},
    "renorm": {"renorm": True, "renorm_clipping": {"rmax": 3.0, "rmin": 0.25, "dmax": 5.0}},
    "virtual": {"virtual_batch_size": 2},
    "no-scale": {"scale": False},
    "frozen": {"trainable": False},
    "regularized": {"gamma_regularizer": keras.regularizers.l2(0.25), "beta_constraint": keras.constraints.NonNeg()},
    "tf1-initializer": {"gamma_initializer": tf.compat.v1.random_normal_initializer(1.0, 0.1, seed=3)},
}
EVERY_LAYER = pytest.mark.parametrize("kind", sorted(LAYERS))


def model_with(dtype="float32", **arguments):
    """A functional model whose layer's averages have moved."""
    inputs = keras.Input(IMAGE[1:], dtype=dtype)
    model = keras.Model(inputs, BatchNormalization(momentum=0.5, name="norm", **arguments)(inputs))
    model(tf.constant(batch(dtype=dtype)), training=True)
    return model


def norm(model):
    return model.get_layer("norm")


def assert_alike(first, second, dtype="float32"):
    """Both compute the same, in training too, and move alike."""
    x = tf.constant(batch(seed=5, dtype=dtype))
    assert (second(x).numpy() == first(x).numpy()).all()
    assert (second(x, training=True).numpy() == first(x, training=True).numpy()).all()
    expected, got = values(norm(first)), values(norm(second))
    assert set(got) == set(expected)
    for name, value in expected.items():
        assert got[name].dtype == value.dtype
        assert (got[name] == value).all(), name


FORMATS = [
    pytest.param("model.keras", id="keras", marks=pytest.mark.needs("keras-archive")),
    pytest.param("model.h5", id="h5"),
]


@EVERY_LAYER
@pytest.mark.parametrize("file_name", FORMATS)
def test_model_comes_back_from_a_file(tmp_path, kind, file_name):
    model = model_with(**LAYERS[kind])
    path = str(tmp_path / file_name)
    model.save(path)
    loaded = keras.models.load_model(path)
    assert type(norm(loaded)) is BatchNormalization
    assert norm(loaded).plan == norm(model).plan
    assert norm(loaded).get_config() == norm(model).get_config()
    assert_alike(model, loaded)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("file_name", FORMATS)
def test_dtype_of_the_variables_comes_back(tmp_path, dtype, file_name):
    model = model_with(dtype, fused=False)
    path = str(tmp_path / file_name)
    model.save(path)
    loaded = keras.models.load_model(path)
    assert norm(loaded).plan.dtype == dtype
    assert_alike(model, loaded, dtype)


@pytest.mark.parametrize("file_name", FORMATS)
def test_sequential_model_comes_back_and_trains_on(tmp_path, file_name):
    model = keras.Sequential([keras.Input((3,)), BatchNormalization(momentum=0.5, name="norm")])
    model.compile("sgd", keras.losses.MeanSquaredError())
    x = batch((8, 3))
    model.fit(x, np.ones_like(x), verbose=0)
    path = str(tmp_path / file_name)
    model.save(path)
    loaded = keras.models.load_model(path, compile=False)  # Keras 3 cannot train on with the optimizer of an h5 file
    loaded.compile("sgd", keras.losses.MeanSquaredError())
    assert (loaded.predict(x, verbose=0) == model.predict(x, verbose=0)).all()
    before = values(norm(loaded))["moving_mean"]
    loaded.fit(x, np.ones_like(x), verbose=0)
    assert (values(norm(loaded))["moving_mean"] != before).all()


class Wrapped(keras.Model):
    """A subclassed model."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm = BatchNormalization(momentum=0.5, axis=[1, 3], name="norm")

    def call(self, inputs, training=False):
        return self.norm(inputs, training=training)


@pytest.mark.needs("keras-archive")
def test_subclassed_model_comes_back(tmp_path):
    model = Wrapped()
    model(tf.constant(batch()), training=True)
    path = str(tmp_path / "model.keras")
    model.save(path, **({"save_format": "keras_v3"} if KERAS < (2, 13) else {}))
    loaded = keras.models.load_model(path, custom_objects={"Wrapped": Wrapped})
    assert_alike(model, loaded)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.needs("savedmodel-keeps-frozen")] if kind == "frozen" else [])
        for kind in sorted(LAYERS)
    ],
)
@pytest.mark.needs("keras2", "registry")
def test_model_comes_back_from_a_savedmodel_of_keras_2(tmp_path, kind):
    model = model_with(**LAYERS[kind])
    path = str(tmp_path / "model")
    model.save(path, save_format="tf")
    loaded = keras.models.load_model(path)
    assert type(norm(loaded)) is BatchNormalization
    assert_alike(model, loaded)


@EVERY_LAYER
@pytest.mark.needs("tf2")
def test_savedmodel_of_a_module_serves_and_trains(tmp_path, kind):
    model = model_with(**LAYERS[kind])
    layer = norm(model)
    module = tf.Module()
    module.variables_ = [v if isinstance(v, tf.Variable) else v.value for v in layer.variables]
    signature = [tf.TensorSpec((None,) + IMAGE[1:], tf.float32)]
    module.serve = tf.function(lambda x: layer(x, training=False), input_signature=signature)
    module.train = tf.function(lambda x: layer(x, training=True), input_signature=signature)
    path = str(tmp_path / "module")
    tf.saved_model.save(module, path)
    loaded = tf.saved_model.load(path)
    x = tf.constant(batch(seed=5))
    close(loaded.serve(x), model(x), eps=4)
    before = [v.numpy() for v in loaded.variables_]
    close(loaded.train(x), model(x, training=True), eps=4)
    moved = any((v.numpy() != b).any() for v, b in zip(loaded.variables_, before))
    assert moved == (kind != "frozen")


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.needs("unknown-virtual-batch")] if kind == "virtual" else [])
        for kind in sorted(LAYERS)
    ],
)
@pytest.mark.needs("tf2")
def test_savedmodel_of_a_model_serves(tmp_path, kind):
    model = model_with(**LAYERS[kind])
    path = str(tmp_path / "model")
    tf.saved_model.save(model, path)
    loaded = tf.saved_model.load(path)
    x = tf.constant(batch(seed=5))
    (got,) = loaded.signatures["serving_default"](x).values()
    close(got, model(x), eps=4)


@EVERY_LAYER
@pytest.mark.needs("export")
def test_exported_model_serves(tmp_path, kind):
    model = model_with(**LAYERS[kind])
    path = str(tmp_path / "exported")
    model.export(path)
    x = tf.constant(batch(seed=5))
    loaded = tf.saved_model.load(path)
    close(loaded.serve(x), model(x), eps=4)


WEIGHTS = [
    pytest.param("all.weights.h5", id="weights-h5"),
    pytest.param("checkpoint", id="checkpoint", marks=pytest.mark.needs("keras2")),
]


@EVERY_LAYER
@pytest.mark.parametrize("file_name", WEIGHTS)
def test_weights_come_back_into_another_model(tmp_path, kind, file_name):
    model, other = model_with(**LAYERS[kind]), model_with(**LAYERS[kind])
    model(tf.constant(batch(seed=9)), training=True)
    path = str(tmp_path / file_name)
    model.save_weights(path)
    other.load_weights(path)
    assert_alike(model, other)


@EVERY_LAYER
@pytest.mark.needs("checkpoint-read")
def test_train_checkpoint_restores(tmp_path, kind):
    model, other = model_with(**LAYERS[kind]), model_with(**LAYERS[kind])
    model(tf.constant(batch(seed=9)), training=True)
    path = tf.train.Checkpoint(model=model).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(model=other).read(path).assert_existing_objects_matched()
    assert_alike(model, other)


@EVERY_LAYER
def test_get_weights_and_set_weights_fit_together(kind):
    model, other = model_with(**LAYERS[kind]), model_with(**LAYERS[kind])
    model(tf.constant(batch(seed=9)), training=True)
    norm(other).set_weights(norm(model).get_weights())
    assert_alike(model, other)


def bias(shape):
    """An adjustment."""
    ones = tf.ones([shape[0], 1, 1, 1])
    return ones, 0.5 * ones


@pytest.mark.parametrize("file_name", FORMATS)
def test_model_with_a_registered_adjustment_comes_back(tmp_path, registry, file_name):
    registry["tests>bias"] = bias
    model = model_with(adjustment=bias)
    path = str(tmp_path / file_name)
    model.save(path)
    loaded = keras.models.load_model(path)
    assert norm(loaded).adjustment is bias
    assert_alike(model, loaded)


@pytest.mark.parametrize("file_name", FORMATS)
def test_model_with_an_unregistered_adjustment_is_not_saved(tmp_path, file_name):
    model = model_with(adjustment=bias)
    with pytest.raises(ValueError, match="bias.*register_keras_serializable"):
        model.save(str(tmp_path / file_name))


@pytest.mark.parametrize("file_name", FORMATS)
def test_subclass_comes_back_by_custom_objects(tmp_path, file_name):
    class Doubled(BatchNormalization):
        def call(self, inputs, training=False, mask=None):
            return 2 * super().call(inputs, training=training, mask=mask)

    inputs = keras.Input((3,))
    model = keras.Model(inputs, Doubled(name="norm")(inputs))
    path = str(tmp_path / file_name)
    model.save(path)
    loaded = keras.models.load_model(path, custom_objects={"Doubled": Doubled})
    assert_loaded = loaded(tf.ones((2, 3))).numpy()
    np.testing.assert_allclose(assert_loaded, 2 / np.sqrt(1.001), rtol=1e-6)
