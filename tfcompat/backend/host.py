"""The Keras that `tf.keras` resolves to, as a module with the names of `keras2` and `keras3`."""

from types import ModuleType

from tfcompat.backend.ops import tf


def choose() -> ModuleType:
    """`tfcompat.backend.keras3` where `tf.keras` is Keras 3, else `tfcompat.backend.keras2`."""
    if str(getattr(tf.keras, "__version__", "2")).split(".")[0] == "3":
        from tfcompat.backend import keras3

        return keras3
    from tfcompat.backend import keras2

    return keras2
