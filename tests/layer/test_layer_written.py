"""What a layer writes into a file, to the letter: files of today are read by later versions."""

import types

import numpy as np
import pytest

from features import keras, tf
from tfcompat.backend import host, serial
from tfcompat.config import Config

tf1 = tf.compat.v1
HOST = host.choose()


def written(**arguments):
    """The JSON of a config."""
    config = Config(**arguments)
    return serial.to_json(HOST, config, serial.resolve(HOST, config))


@pytest.mark.parametrize("axis, fields", [(1, {"axis": 1}), ([1, 3], {"axis": [1, 3], "axes": [1, 3]})])
def test_several_axes_are_written_twice(axis, fields):
    found = written(axis=axis)
    assert {name: found.get(name) for name in ("axis", "axes") if name in found} == fields
    assert serial.from_json(HOST, {"axis": None, "axes": [1, 3]}) == {"axis": [1, 3], "adjustment": None}
    assert serial.from_json(HOST, {"axis": 1}) == {"axis": 1, "adjustment": None}


def test_axis_of_numpy_is_written_as_an_int_and_a_tuple_as_a_list():
    assert type(written(axis=np.int64(2))["axis"]) is int
    assert written(axis=(3, 1))["axis"] == [3, 1]


def test_initializer_of_tf1_is_written_by_the_name_of_its_class():
    found = written(gamma_initializer=tf1.constant_initializer(2.5))["gamma_initializer"]
    assert found["tf1_initializer"] == "constant_initializer" and found["config"]["value"] == 2.5
    assert found["config"]["dtype"] == "float32" and set(found) == {"tf1_initializer", "config"}


def test_initializer_of_tf1_is_read_by_any_host():
    given = {"tf1_initializer": "constant_initializer", "config": {"value": 2.5, "dtype": "float32"}}
    found = serial.resolve(HOST, Config(moving_mean_initializer=given))["moving_mean_initializer"]
    assert type(found) is tf1.constant_initializer and found.get_config()["value"] == 2.5


def test_config_of_keras_is_read_as_keras_writes_it():
    given = keras.initializers.serialize(keras.initializers.Constant(2.5))
    found = serial.resolve(HOST, Config(beta_initializer=given))["beta_initializer"]
    assert type(found).__name__ == "Constant" and found.get_config()["value"] == 2.5


def test_nothing_is_written_for_what_was_not_given():
    found = written(gamma_initializer=None)
    names = ("gamma_initializer", "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")
    assert [found[name] for name in names + ("adjustment", "renorm_clipping")] == [None] * 7


def test_clips_are_written_where_they_were_given_even_if_empty():
    assert written(renorm_clipping={})["renorm_clipping"] == {}
    assert written(renorm_clipping={"rmax": np.float32(0.5)})["renorm_clipping"] == {"rmax": 0.5}


@pytest.mark.parametrize(
    "dtype, expected",
    [
        ({"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}, "mixed_float16"),
        ({"class_name": "Policy", "config": {"name": "mixed_bfloat16"}}, "mixed_bfloat16"),
        ({"class_name": "Other", "config": {"name": "x"}}, {"class_name": "Other", "config": {"name": "x"}}),
        ({}, {}),
        ("float32", "float32"),
        (None, None),
    ],
)
def test_policy_is_written_by_its_name(dtype, expected):
    assert serial.dtype_to_json(dtype) == expected


def refusal(asked):
    with pytest.raises(ValueError, match="[.]") as caught:
        asked()
    return str(caught.value)


@pytest.mark.parametrize("name", ["momentum", "epsilon", "renorm_momentum"])
@pytest.mark.parametrize("value", [tf.constant(0.5), "half"], ids=["tensor", "text"])
def test_what_is_no_number_cannot_be_written(name, value):
    assert refusal(lambda: written(**{name: value})) == (
        "{} is {!r}; only a number can be saved. Give the layer a number, or set the tensor after loading.".format(
            name, value
        )
    )


@pytest.mark.parametrize("value", [None, 1, 0.25, True])
def test_number_is_written_as_it_is(value):
    assert written(momentum=value)["momentum"] is value


def test_clip_that_cannot_be_written_is_named():
    assert refusal(lambda: written(renorm_clipping={"rmax": tf.constant(3.0)})).startswith("rmax is <tf.Tensor")


def adjusted(shape):
    """An adjustment."""


class Adjusting:
    """An adjustment with a config, of a class that nobody knows."""

    def get_config(self):
        return {}

    def __call__(self, shape):
        return adjusted(shape)


@pytest.mark.parametrize("adjustment", [adjusted, Adjusting()], ids=["function", "object"])
def test_adjustment_that_is_not_registered_cannot_be_written(adjustment):
    assert refusal(lambda: written(adjustment=adjustment)) == (
        "adjustment is {!r}, which Keras cannot find again; to save the layer, decorate the function with "
        "@keras.saving.register_keras_serializable() (@tf.keras.utils.register_keras_serializable() before "
        "Keras 3).".format(adjustment)
    )


def test_adjustment_that_is_registered_is_written_by_its_name_and_read_again(registry):
    registry["tests>adjusted"] = adjusted
    assert written(adjustment=adjusted)["adjustment"] == "tests>adjusted"
    assert serial.from_json(HOST, {"adjustment": "tests>adjusted"}) == {"adjustment": adjusted}
    assert serial.from_json(HOST, {"adjustment": adjusted}) == {"adjustment": adjusted}


def test_adjustment_that_is_unknown_here_is_named_with_the_cure():
    assert refusal(lambda: serial.from_json(HOST, {"adjustment": "gone>f"})) == (
        "the layer's adjustment is a function registered as 'gone>f', which is unknown here. Import the module that "
        "registers it first, or load in a keras.utils.custom_object_scope({'gone>f': the_function})."
    )


@pytest.mark.parametrize(
    "name",
    [
        "beta_initializer",
        "gamma_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
        "beta_regularizer",
        "gamma_regularizer",
        "beta_constraint",
        "gamma_constraint",
    ],
)
def test_what_keras_gives_must_be_a_function(name):
    echo = types.SimpleNamespace(get=lambda value: len if isinstance(value, str) else value)
    fake = types.SimpleNamespace(keras=types.SimpleNamespace(initializers=echo, regularizers=echo, constraints=echo))
    assert set(serial.resolve(fake, Config(**{name: None}))) > {name}
    assert refusal(lambda: serial.resolve(fake, Config(**{name: 5}))) == (
        "{} is 5, which Keras does not know. Give a function, a Keras object, its config or name.".format(name)
    )


@pytest.mark.parametrize("name", ["gone_initializer", "Session", "global_variables_initializer", 3, None])
def test_what_is_no_initializer_of_tf1_is_not_read(name):
    config = {"gamma_initializer": {"tf1_initializer": name, "config": {}}}
    told = refusal(lambda: serial.resolve(HOST, Config(**config)))
    assert told == "{!r} is no initializer of tf.compat.v1, such as `constant_initializer`".format(name)


class Known:
    """An adjustment of a class that Keras can find."""

    def __init__(self, factor):
        self.factor = factor

    def get_config(self):
        return {"factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@pytest.mark.parametrize("key", ["registered_name", "class_name"])
def test_object_is_made_of_its_class_and_config(registry, key):
    registry["tests>Known"] = Known
    found = serial.from_json(HOST, {"adjustment": {key: "tests>Known", "config": {"factor": 3.0}}})["adjustment"]
    assert type(found) is Known and found.factor == 3.0


@pytest.mark.parametrize(
    "told",
    [
        {"class_name": "gone>Known", "config": {}},
        {"class_name": "tests>Known", "config": None},
        {"class_name": "tests>Known"},
        {"class_name": "tests>adjusted", "config": {}},
        {"class_name": ["tests>Known"], "config": {}},
        {"config": {}},
    ],
)
def test_object_that_cannot_be_made_is_refused(registry, told):
    registry.update({"tests>Known": Known, "tests>adjusted": adjusted})
    assert refusal(lambda: serial.from_json(HOST, {"adjustment": told})) == (
        "the layer's adjustment is written as {!r}; allowed is the name of a registered function, or an object whose "
        "class is registered. Import the module that registers it first.".format(told)
    )
