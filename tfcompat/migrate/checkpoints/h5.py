"""Models that Keras of TensorFlow 1.13 to 1.15 saved as HDF5."""

import json
import os
from typing import Any, Dict, List, Mapping, Optional, Set

from tfcompat.errors import InputError, first_line

#: What the class was called: `BatchNormalizationV1` up to 1.14.
_CLASSES = ("BatchNormalization", "BatchNormalizationV1")
_RELEASE = "1.15"

#: Arguments of layers that Keras 3 does not have and that changed nothing: a separable convolution has no kernel of
#: that name, and what `implementation` and `time_major=False` chose is what there is.
_KERNEL = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_GONE = {
    "SeparableConv1D": _KERNEL,
    "SeparableConv2D": _KERNEL,
    "DepthwiseConv2D": _KERNEL,
    "LSTM": ("implementation", "time_major"),
    "GRU": ("implementation", "time_major"),
    "SimpleRNN": ("implementation", "time_major"),
    "Embedding": ("input_length",),
}


def load_h5_model(path: str, custom_objects: Optional[Mapping[str, Any]] = None) -> Any:
    """Loads a Sequential or functional model from a file of `model.save`, in Keras 2 or Keras 3.

    Batch normalizations become `tfcompat.BatchNormalization` that follow TensorFlow 1.15.

    Args:
      path: of the file.
      custom_objects: classes and functions of the model that Keras does not know, by name.

    Returns:
      The model, not compiled.

    Raises:
      InputError: the file cannot be read, has no model in it, or one that cannot be built or holds Python code.
    """
    from tfcompat.backend import h5, host
    from tfcompat.layers import BatchNormalization

    path = os.fspath(path)
    keras = host.choose().keras
    try:
        written = h5.model_config(path)
    except OSError as error:
        reason = first_line(error) if os.path.exists(path) else "no such file"
        raise InputError("{}: cannot be read as HDF5 ({})".format(path, reason)) from error
    if written is None:
        raise InputError(
            "{}: has weights and no model; build the model and call its load_weights on the file".format(path)
        )
    config = _config(path, written, host.choose().__name__.endswith("3"))
    known = dict(custom_objects or {}, **{_NAME: BatchNormalization})
    if host.choose().__name__.endswith("3"):
        host.choose().register(hard_sigmoid_of_keras2)
    cls = keras.Sequential if config["class_name"] == "Sequential" else keras.Model
    try:
        model = cls.from_config(config["config"], custom_objects=known)
    except Exception as error:  # each layer has its own ways to refuse its arguments
        raise InputError("{}: its model cannot be built ({})".format(path, first_line(error))) from error
    try:
        model.load_weights(path)
    except Exception as error:
        raise InputError("{}: its weights are cut off or broken ({})".format(path, first_line(error))) from error
    return model


def _config(path: str, written: str, keras3: bool) -> Dict[str, Any]:
    """The config of the model in a file, as the Keras of today reads it.

    Raises:
      InputError: it is broken, or holds Python code.
    """
    try:
        config = json.loads(written)
        refused = _code_in(config)
        made = modern(config, keras3) if refused is None else {}
        if refused is None and not isinstance(made["class_name"], str):
            raise TypeError("its class is {!r}".format(made["class_name"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("{}: its model is broken ({})".format(path, first_line(error))) from error
    if refused is not None:
        raise InputError(
            "{}: its model has {}, and code out of a file is not run; build the model in Python and load its weights "
            "from the checkpoint, or from this file".format(path, refused)
        )
    return made


def _code_in(config: Any) -> Optional[str]:
    """What in a config would make Keras run code that comes with it, or import what it names; None if nothing."""
    if isinstance(config, dict):
        if config.get("class_name") in _CODE:
            return "a {}".format(config["class_name"])
        if "module" in config or config.get("function_type") == "lambda":
            return "a function of the module {!r}".format(config.get("module"))  # no release before 2.12 writes any
    inner = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
    return next((found for found in map(_code_in, inner) if found is not None), None)


#: Classes of layers, and what stands for a function, that keep Python code; or that call an operation or function which
#: the file names, whatever it does: one of TensorFlow writes files, another loads libraries.
_CODE = (
    *("Lambda", "__lambda__", "function"),
    *("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty"),
    *("TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
)


_NAME = "tfcompat>BatchNormalization"


def hard_sigmoid_of_keras2(x: Any) -> Any:
    """What Keras 2 called so, and what recurrent layers of TensorFlow 1 use: 0.2 x + 0.5 within 0 and 1; in Keras 3
    it is x / 6 + 0.5.
    """
    from tfcompat.backend.ops import tf

    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


_HARD_SIGMOID = {
    "module": "builtins",
    "class_name": "function",
    "config": "hard_sigmoid_of_keras2",
    "registered_name": "tfcompat>hard_sigmoid_of_keras2",
}


def modern(config: Dict[str, Any], keras3: bool) -> Dict[str, Any]:
    """A model's config as the Keras of today reads it.

    Args:
      config: `{"class_name": ..., "config": ...}` of a model.
      keras3: whether Keras 3 will read it.
    """
    inner = config["config"]
    if isinstance(inner, list):  # a Sequential model before TensorFlow 1.13
        inner = {"name": "sequential", "layers": inner}
    layers: List[Dict[str, Any]] = []
    for layer in inner["layers"]:
        layers.extend(_layer(layer, keras3, config["class_name"] == "Sequential" and not layers))
    inner = dict(inner, layers=layers)
    if keras3 and config["class_name"] != "Sequential":
        names = {one["config"]["name"] for one in layers if one["class_name"] == "Sequential"}
        inner["output_layers"] = _calls_from_zero(inner["output_layers"], names)
        for layer in layers:
            layer["inbound_nodes"] = _calls_from_zero(layer["inbound_nodes"], names)
    name = "Functional" if config["class_name"] == "Model" and keras3 else config["class_name"]
    return dict(config, class_name=name, config=inner)


def _layer(layer: Dict[str, Any], keras3: bool, first: bool) -> List[Dict[str, Any]]:
    """A layer, after an `InputLayer` where the layer is the first of a Sequential model and tells the shape."""
    if "layers" in layer["config"] or isinstance(layer["config"], list):
        return [dict(layer, **modern(layer, keras3))]
    config = dict(layer["config"])
    if layer["class_name"] in _CLASSES:
        layer = dict(layer, class_name=_NAME)
        config["release"] = _RELEASE
    if not keras3:
        return [dict(layer, config=config)]
    gone = _GONE.get(layer["class_name"], ())
    config = {key: value for key, value in config.items() if key not in gone or (key == "time_major" and value)}
    config = {key: _HARD_SIGMOID if value == "hard_sigmoid" else value for key, value in config.items()}
    config = {key: _initializer(value) if key.endswith("_initializer") else value for key, value in config.items()}
    for key in ("layer", "cell"):  # what a wrapper wraps
        if isinstance(config.get(key), dict):
            config[key] = _layer(config[key], keras3, False)[0]
    shape = config.pop("batch_input_shape", None)
    if layer["class_name"] == "InputLayer":
        config["batch_shape"] = shape
        if not config.get("ragged"):
            config.pop("ragged", None)
    made = [dict(layer, config=config)]
    if first and shape is not None and layer["class_name"] != "InputLayer":
        inputs = {"batch_shape": shape, "dtype": config.get("dtype", "float32"), "name": config["name"] + "_input"}
        made.insert(0, {"class_name": "InputLayer", "config": inputs})
    return made


def _calls_from_zero(value: Any, names: Set[str]) -> Any:
    """References to calls of Sequential models, `["inner", 1, 0, {}]`, counted from 0 as Keras 3 does; Keras 2 counted
    the making of the model as a call.
    """
    if not isinstance(value, list):
        return value
    if len(value) in (3, 4) and isinstance(value[0], str) and value[0] in names and isinstance(value[1], int):
        return [value[0], value[1] - 1, *value[2:]]
    return [_calls_from_zero(one, names) for one in value]


def _initializer(value: Any) -> Any:
    """An initializer without its dtype, which is that of the variable today."""
    if not isinstance(value, dict) or not isinstance(value.get("config"), dict):
        return value
    return dict(value, config={key: one for key, one in value["config"].items() if key != "dtype"})
