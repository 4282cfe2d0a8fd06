"""What a layer was asked for comes back from `get_config`, whatever it was built on."""

import dataclasses
import inspect
import json

import numpy as np
import pytest

from features import HERE, keras, tf
from kernels import IMAGE, batch, values
from tfcompat.config import Config
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1
CLIPS = {"rmax": 3.0, "rmin": 0.25, "dmax": 5.0}
INITIALIZERS = ("beta_initializer", "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer")
OBJECTS = INITIALIZERS + ("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")

#: Name -> arguments of a layer and what `get_config` says of those that it writes as they are.
PLAIN = {
    "axis-int": {"axis": 1, "fused": False},
    "axis-negative": {"axis": -2},
    "axis-list": {"axis": [1, 3]},
    "axis-tuple": {"axis": (3, 1)},
    "momentum": {"momentum": 0.5},
    "epsilon": {"epsilon": 0.25},
    "no-center": {"center": False},
    "no-scale": {"scale": False},
    "renorm": {"renorm": True},
    "renorm-clipping": {"renorm": True, "renorm_clipping": CLIPS, "renorm_momentum": 0.5},
    "fused-true": {"fused": True},
    "fused-false": {"fused": False},
    "virtual-batch": {"virtual_batch_size": 2},
    "trainable": {"trainable": False},
    "name": {"name": "mine"},
    "freeze-statistics": {"freeze_statistics": True},
    "freeze-affine": {"freeze_affine": True},
    "updates-immediate": {"updates": "immediate"},
    "updates-skip": {"updates": "skip"},
    "numerics-fast": {"numerics": "fast"},
    "synchronized": {"synchronized": True},
    "empty-batch": {"empty_batch": "keep"},
}


def plain(name):
    marks = [pytest.mark.needs("axis-tuple")] if name == "axis-tuple" else []
    return pytest.param(PLAIN[name], id=name, marks=marks)


def built(**arguments):
    """A layer that has seen images of two rows, three columns and three channels."""
    layer = BatchNormalization(**arguments)
    layer(tf.constant(batch()), training=True)
    return layer


def rebuilt(layer):
    """The layer of a layer's config, which has been JSON in between."""
    return BatchNormalization.from_config(json.loads(json.dumps(layer.get_config())))


@pytest.mark.parametrize("arguments", [plain(name) for name in PLAIN])
@pytest.mark.parametrize("make", [BatchNormalization, built], ids=["new", "built"])
def test_config_gives_back_what_was_asked_for(make, arguments):
    config = make(**arguments).get_config()
    written = {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}
    assert {name: config[name] for name in arguments} == written


@pytest.mark.parametrize("arguments", [plain(name) for name in PLAIN])
def test_layer_of_a_config_is_planned_and_computes_like_the_first(arguments):
    first = BatchNormalization(**arguments)
    x = tf.constant(batch())
    expected = first(x, training=True)
    second = rebuilt(first)
    assert (second(x, training=True).numpy() == expected.numpy()).all()
    assert second.plan == first.plan
    assert second.get_config() == first.get_config()
    assert second.trainable == first.trainable and second.name == first.name


def test_config_has_every_argument_and_its_default():
    config = BatchNormalization().get_config()
    defaults = BatchNormalization().config
    for name in set(vars(defaults)) - set(OBJECTS):
        assert config[name] == getattr(defaults, name), name


TF1_INITIALIZERS = {
    "constant": lambda: tf1.constant_initializer(2.5),
    "random-normal": lambda: tf1.random_normal_initializer(1.0, 0.02, seed=3),
    "random-uniform": lambda: tf1.random_uniform_initializer(0.5, 1.5, seed=3),
    "truncated-normal": lambda: tf1.truncated_normal_initializer(1.0, 0.02, seed=3),
    "variance-scaling": lambda: tf1.variance_scaling_initializer(2.0, seed=3),
    "ones": lambda: tf1.ones_initializer(),
    "dtype": lambda: tf1.random_normal_initializer(1.0, 0.02, seed=3, dtype=tf.float64),
}


@pytest.mark.parametrize("which", INITIALIZERS)
@pytest.mark.parametrize("kind", sorted(TF1_INITIALIZERS))
def test_initializer_of_tf1_survives(which, kind):
    first = BatchNormalization(fused=False, **{which: TF1_INITIALIZERS[kind]()})
    first.build(IMAGE)
    second = rebuilt(first)
    second.build(IMAGE)
    assert type(getattr(second, which)) is type(getattr(first, which))
    assert getattr(second, which).get_config() == getattr(first, which).get_config()
    if kind in ("constant", "ones"):
        for name, value in values(first).items():
            assert (values(second)[name] == value).all()


@pytest.mark.parametrize("which", INITIALIZERS)
@pytest.mark.parametrize(
    "make",
    [
        lambda: "zeros",
        lambda: keras.initializers.Constant(2.5),
        lambda: keras.initializers.RandomNormal(1, 0.1, seed=3),
    ],
    ids=["name", "constant", "random"],
)
def test_initializer_of_keras_survives(which, make):
    given = make()
    first = BatchNormalization(**{which: given})
    first.build(IMAGE)
    second = rebuilt(first)
    if HERE["tf2"]:
        tf.random.set_seed(7)  # as before each test: some releases count the draws of a seed
    second.build(IMAGE)
    differing = dict(getattr(first, which).get_config().items() ^ getattr(second, which).get_config().items())
    assert set(differing) <= (set() if HERE["tf2"] else {"dtype"})  # TF 1 leaves it out
    if given == "zeros" or isinstance(given, keras.initializers.Constant) or HERE["tf2"]:  # TF 1 counts draws of a seed
        for name, value in values(first).items():
            assert (values(second)[name] == value).all()


def test_no_initializer_stays_none():
    assert built(gamma_initializer=None).get_config()["gamma_initializer"] is None
    assert rebuilt(built(gamma_initializer=None)).gamma_initializer is None


@pytest.mark.parametrize("which", ["gamma", "beta"])
def test_regularizer_and_constraint_survive(which):
    first = built(**{which + "_regularizer": keras.regularizers.l2(0.25), which + "_constraint": "non_neg"})
    second = rebuilt(first)
    assert getattr(second, which + "_regularizer").get_config()["l2"] == 0.25
    assert type(getattr(second, which + "_constraint")) is keras.constraints.NonNeg
    second.build(IMAGE)
    assert [float(loss) for loss in second.losses] == ([0.75] if which == "gamma" else [0.0])


@pytest.mark.parametrize(
    "number", [np.float32(0.5), np.float64(0.5), np.array(0.5)], ids=["float32", "float64", "array"]
)
@pytest.mark.parametrize("argument", ["momentum", "epsilon", "renorm_momentum"])
def test_numpy_number_is_written_as_a_number(argument, number):
    config = built(fused=False, **{argument: number}).get_config()
    assert config[argument] == 0.5 and type(config[argument]) is float
    json.dumps(config)


def test_numpy_numbers_in_clipping_are_written_as_numbers():
    layer = built(renorm=True, renorm_clipping={"rmax": np.float32(3.0), "dmax": None})
    assert rebuilt(layer).renorm_clipping == {"rmax": 3.0, "dmax": None}


@pytest.mark.parametrize("argument", ["momentum", "renorm_momentum"])
def test_tensor_that_cannot_be_written_is_named(argument):
    layer = BatchNormalization(**{argument: tf.constant(0.5)})
    told = (
        "^%s is <?tf.Tensor.*; only a number can be saved. Give the layer a number, or set the tensor after loading.$"
    )
    with pytest.raises(ValueError, match=told % argument):
        layer.get_config()


def test_layer_keeps_its_own_copy_of_axis_and_clipping():
    axis, clips = [1, 3], dict(CLIPS)
    layer = BatchNormalization(axis=axis, renorm=True, renorm_clipping=clips)
    axis[0], clips["rmax"] = 2, 0.0
    assert layer.get_config()["axis"] == [1, 3]
    assert layer.get_config()["renorm_clipping"] == CLIPS


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_that_was_given_survives(dtype):
    first = BatchNormalization(dtype=dtype, fused=False)
    first(tf.constant(batch(dtype=dtype)), training=True)
    second = rebuilt(first)
    second.build(IMAGE)
    assert second.plan == first.plan
    assert [v.dtype for v in second.variables] == [v.dtype for v in first.variables]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_that_was_inferred_survives(dtype):
    first = BatchNormalization(fused=False)
    first(tf.constant(batch(dtype=dtype)), training=True)
    second = rebuilt(first)
    second.build(IMAGE)
    assert second.plan == first.plan


def test_layer_that_was_not_built_infers_its_dtype_after_the_round_trip():
    layer = rebuilt(BatchNormalization(fused=False))
    assert layer(tf.constant(batch(dtype="float64"))).dtype == tf.float64


@pytest.mark.needs("policy")
def test_mixed_precision_policy_survives():
    policy = (
        keras.mixed_precision.Policy("mixed_float16")
        if hasattr(keras.mixed_precision, "Policy")
        else keras.DTypePolicy("mixed_float16")
    )
    first = BatchNormalization(dtype=policy)
    second = rebuilt(first)
    for layer in (first, second):
        assert layer(tf.constant(batch(dtype="float16")), training=True).dtype == tf.float16
        assert {tf.as_dtype(variable.dtype) for variable in layer.variables} == {tf.float32}


def scaled(shape):
    """An adjustment."""
    ones = tf.ones([shape[0], 1, 1, 1])
    return 2.0 * ones, ones


def test_adjustment_that_keras_does_not_know_cannot_be_written():
    told = (
        "^adjustment is <function scaled.*, which Keras cannot find again; to save the layer, decorate the function "
        r"with @keras.saving.register_keras_serializable\(\) \(@tf.keras.utils.register_keras_serializable\(\) before "
        r"Keras 3\).$"
    )
    with pytest.raises(ValueError, match=told):
        BatchNormalization(adjustment=scaled).get_config()


def test_adjustment_that_keras_knows_survives(registry):
    registry["tests>scaled"] = scaled
    first = built(adjustment=scaled)
    assert rebuilt(first).adjustment is scaled


@pytest.mark.needs("registry")
def test_adjustment_that_was_decorated_survives(registry):
    decorated = keras.utils.register_keras_serializable("tests")(scaled)
    assert rebuilt(built(adjustment=decorated)).adjustment is decorated


def test_adjustment_that_is_not_known_when_loading_is_named_with_the_cure(registry):
    registry["tests>scaled"] = scaled
    config = BatchNormalization(adjustment=scaled).get_config()
    del registry["tests>scaled"]
    told = (
        "^the layer's adjustment is a function registered as 'tests>scaled', which is unknown here. Import the module "
        r"that registers it first, or load in a keras.utils.custom_object_scope\({'tests>scaled': the_function}\).$"
    )
    with pytest.raises(ValueError, match=told):
        BatchNormalization.from_config(config)
    with keras.utils.custom_object_scope({"tests>scaled": scaled}):
        assert BatchNormalization.from_config(config).adjustment is scaled


class Scaling:
    """An adjustment that is an object."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, shape):
        ones = tf.ones([shape[0], 1, 1, 1])
        return self.factor * ones, ones

    def get_config(self):
        return {"factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@pytest.mark.needs("registry")
def test_adjustment_of_a_class_that_keras_knows_survives(registry):
    keras.utils.register_keras_serializable("tests")(Scaling)
    again = rebuilt(built(adjustment=Scaling(3.0))).adjustment
    assert type(again) is Scaling and again.factor == 3.0


def test_class_is_found_by_its_registered_name():
    layer = built(axis=[1, 3], name="mine")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(again) is BatchNormalization
    assert again.get_config() == layer.get_config()


class Doubled(BatchNormalization):
    """A subclass with an argument of its own."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def get_config(self):
        return dict(super().get_config(), factor=self.factor)


def test_subclass_with_an_argument_of_its_own_survives():
    config = Doubled(factor=3.0, axis=[1, 3]).get_config()
    again = Doubled.from_config(config)
    assert type(again) is Doubled and again.factor == 3.0 and again.axis == [1, 3]


def test_class_function_and_config_have_the_same_arguments_with_the_same_defaults():
    config = {field.name: field.default for field in dataclasses.fields(Config)}
    common = {"trainable": True, "name": None, "release": None, "numerics": None}
    of_class = signature(BatchNormalization.__init__)
    of_function = signature(batch_normalization)
    assert of_class == dict(config, **common)
    assert of_function == dict(config, **common, training=False, reuse=None)


def signature(function):
    """Argument -> default, of those that have one."""
    parameters = inspect.signature(function).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters if parameter.default is not parameter.empty}
