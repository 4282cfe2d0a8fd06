"""The switch that puts this package's two names at `tf.compat.v1.layers`, for programs that are not to be edited."""

from types import ModuleType
from typing import Any, List, Tuple

from tfcompat import layers
from tfcompat.backend import legacy_layers

NAMES = ("batch_normalization", "BatchNormalization")

#: What `install` replaced: module, name, and what was there, or `legacy_layers.ABSENT`.
_replaced: List[Tuple[ModuleType, str, Any]] = []


def install() -> None:
    """Makes `tf.compat.v1.layers.batch_normalization` and `.BatchNormalization` those of this package.

    With Keras 3 they are back; with Keras 2 they replace TensorFlow's own.  `from tensorflow.compat.v1 import layers`
    and `from tensorflow.compat.v1.layers import batch_normalization` find them too, and in TensorFlow 1 `tf.layers` has
    them.  Every other name there keeps what it does, or the error that it raises, and what a program imported before
    stays what it was.  Calling `install` again changes nothing.
    """
    if _replaced:
        return
    for module in legacy_layers.modules():
        for name in NAMES:
            _replaced.append((module, name, legacy_layers.find(module, name)))
            legacy_layers.put(module, name, getattr(layers, name))


def uninstall() -> None:
    """Makes `tf.compat.v1.layers` what it was before `install`; without one, changes nothing."""
    while _replaced:
        legacy_layers.put(*_replaced.pop())
