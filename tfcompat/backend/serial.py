"""Initializers, regularizers, constraints and adjustments: from what the user gave to objects, and to JSON and back."""

import dataclasses
from types import ModuleType
from typing import Any, Dict

from tfcompat.backend.ops import tf, tf1
from tfcompat.config import Config

_INITIALIZERS = ("beta_initializer", "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer")
_REGULARIZERS = ("beta_regularizer", "gamma_regularizer")
_CONSTRAINTS = ("beta_constraint", "gamma_constraint")
_NUMBERS = ("momentum", "epsilon", "renorm_momentum")

#: Key under which several axes are written again: Keras 3 throws a list under `axis` away while it reads an h5 file.
_AXES_KEY = "axes"

#: Key under which an initializer object of `tf.compat.v1` is written; Keras has no name for those.
_TF1_KEY = "tf1_initializer"


def resolve(host: ModuleType, config: Config) -> Dict[str, Any]:
    """Callables (or None) for the names and dicts that stand for them in a config.

    Raises:
      ValueError: a name that Keras does not know.
    """
    keras = host.keras
    objects = {name: _initializer(keras, getattr(config, name)) for name in _INITIALIZERS}
    objects.update((name, keras.regularizers.get(getattr(config, name))) for name in _REGULARIZERS)
    objects.update((name, keras.constraints.get(getattr(config, name))) for name in _CONSTRAINTS)
    for name, value in objects.items():
        if value is not None and not callable(value):
            raise ValueError(
                "{} is {!r}, which Keras does not know. Give a function, a Keras object, its config or name.".format(
                    name, getattr(config, name)
                )
            )
    return objects


def _initializer(keras: Any, value: Any) -> Any:
    if isinstance(value, dict) and _TF1_KEY in value:
        return _tf1_class(value[_TF1_KEY]).from_config(value["config"])
    return None if value is None else keras.initializers.get(value)


def _tf1_class(name: Any) -> Any:
    """The class of initializers of `tf.compat.v1` of a name.

    Raises:
      ValueError: there is none.
    """
    found = getattr(tf1, name, None) if isinstance(name, str) and name.endswith("_initializer") else None
    if not isinstance(found, type):
        raise ValueError("{!r} is no initializer of tf.compat.v1, such as `constant_initializer`".format(name))
    return found


def to_json(host: ModuleType, config: Config, objects: Dict[str, Any]) -> Dict[str, Any]:
    """All arguments of a config, JSON-ready; `from_json` gives them back.

    Raises:
      ValueError: an argument that cannot be written: a tensor, or a function that is not registered with Keras.
    """
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    if isinstance(config.axis, (list, tuple)):
        fields["axis"] = fields[_AXES_KEY] = list(config.axis)
    else:
        fields["axis"] = int(config.axis)
    for name in _INITIALIZERS:
        fields[name] = _initializer_to_json(host, objects[name])
    for name in _REGULARIZERS:
        fields[name] = host.keras.regularizers.serialize(objects[name]) if objects[name] is not None else None
    for name in _CONSTRAINTS:
        fields[name] = host.keras.constraints.serialize(objects[name]) if objects[name] is not None else None
    for name in _NUMBERS:
        fields[name] = _number(name, fields[name])
    if config.renorm_clipping is not None:
        fields["renorm_clipping"] = {key: _number(key, value) for key, value in config.clipping.items()}
    if config.adjustment is not None:
        fields["adjustment"] = _adjustment_to_json(host, config.adjustment)
    return fields


def from_json(host: ModuleType, fields: Dict[str, Any]) -> Dict[str, Any]:
    """The arguments of a config from their JSON form; initializers and their like are resolved later.

    Raises:
      ValueError: the adjustment is not registered here.
    """
    fields = dict(fields, adjustment=_adjustment(host, fields.get("adjustment")))
    if _AXES_KEY in fields:
        fields["axis"] = fields.pop(_AXES_KEY)
    return fields


def dtype_to_json(written: Any) -> Any:
    """`mixed_float16` for what a Keras writes of the dtype policy of that name; every Keras makes the policy of it."""
    if isinstance(written, dict) and written.get("class_name") in ("DTypePolicy", "Policy"):
        return written["config"]["name"]
    return written


def _initializer_to_json(host: ModuleType, value: Any) -> Any:
    if value is None:
        return None
    name = _tf1_name(value)
    if name is not None:
        return {_TF1_KEY: name, "config": _plain_config(value.get_config())}
    return host.keras.initializers.serialize(value)


def _tf1_name(value: Any) -> Any:
    """`constant_initializer` for an object of that class of `tf.compat.v1`, None for anything else."""
    for name in dir(tf1):
        if name.endswith("_initializer") and type(value) is getattr(tf1, name, None):
            return name
    return None


def _plain_config(config: Dict[str, Any]) -> Dict[str, Any]:
    return {key: value.name if isinstance(value, tf.DType) else value for key, value in config.items()}


def _number(name: str, value: Any) -> Any:
    if value is None or (isinstance(value, (int, float)) and not hasattr(value, "dtype")):
        return value
    if hasattr(value, "item") and not tf.is_tensor(value):
        return value.item()
    raise ValueError(
        "{} is {!r}; only a number can be saved. Give the layer a number, or set the tensor after loading.".format(
            name, value
        )
    )


def _adjustment_to_json(host: ModuleType, adjustment: Any) -> Any:
    """The registered name of a function; what Keras writes of an object whose class is registered."""
    name = host.registered_name(adjustment)
    if name is not None:
        return name
    if hasattr(adjustment, "get_config") and host.registered_name(type(adjustment)) is not None:
        return host.serialize(adjustment)
    raise ValueError(
        "adjustment is {!r}, which Keras cannot find again; to save the layer, decorate the function with "
        "@keras.saving.register_keras_serializable() (@tf.keras.utils.register_keras_serializable() before "
        "Keras 3).".format(adjustment)
    )


def _adjustment(host: ModuleType, written: Any) -> Any:
    if isinstance(written, dict):
        return _registered_instance(host, written)
    if not isinstance(written, str):
        return written
    found = host.registered_object(written)
    if found is None:
        raise ValueError(
            "the layer's adjustment is a function registered as {!r}, which is unknown here. Import the module "
            "that registers it first, or load in a keras.utils.custom_object_scope({{{!r}: the_function}}).".format(
                written, written
            )
        )
    return found


def _registered_instance(host: ModuleType, written: Dict[str, Any]) -> Any:
    """The object whose class is registered; what else Keras could make of a dict, a file may not ask for."""
    name = written.get("registered_name") or written.get("class_name")
    found: Any = host.registered_object(name) if isinstance(name, str) else None
    if not hasattr(found, "from_config") or not isinstance(written.get("config"), dict):
        raise ValueError(
            "the layer's adjustment is written as {!r}; allowed is the name of a registered function, or an object "
            "whose class is registered. Import the module that registers it first.".format(written)
        )
    return found.from_config(written["config"])
