"""Keras models and their variables, of whatever Keras made them: the one that `tf.keras` is, or another beside it."""

from typing import Any, Iterable, List

from tfcompat.backend import host as _host
from tfcompat.backend import ops
from tfcompat.backend.ops import tf


def children(layer: Any) -> List[Any]:
    """The layers directly in a layer, in order."""
    if hasattr(layer, "_flatten_layers"):
        return list(layer._flatten_layers(include_self=False, recursive=False))
    return _unwrapped(getattr(layer, "_layers", []))  # before TensorFlow 2.2


def _unwrapped(found: Iterable[Any]) -> List[Any]:
    """Layers, also those in what Keras wraps around lists of layers."""
    made: List[Any] = []
    for child in found:
        if isinstance(child, tf.keras.layers.Layer):
            made.append(child)
        else:
            made.extend(_unwrapped(getattr(child, "layers", [])))
    return made


def short_name(variable: Any) -> str:
    """`kernel` of a variable of Keras 3, or of `conv2d/kernel:0` of Keras 2."""
    return str(variable.name).split(":")[0].rsplit("/", 1)[-1]


def dtype_name(variable: Any) -> str:
    """Name of the dtype in which a variable is kept."""
    return tf.as_dtype(variable.dtype).base_dtype.name


def read(variable: Any) -> Any:
    """The value as a NumPy array."""
    return _host.choose().keras.backend.get_value(variable) if ops.in_v1_graph() else variable.numpy()


def write(variable: Any, value: Any) -> None:
    """Sets the value, in Keras' session where a v1 graph runs."""
    if ops.in_v1_graph():
        _host.choose().keras.backend.set_value(variable, value)
    else:
        variable.assign(value)
