"""`tf.layers.batch_normalization`, all of it, on today's TensorFlow.

Importing this package imports no TensorFlow; the public names load what they need when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from tfcompat.explanation import explain
    from tfcompat.following import release, set_release
    from tfcompat.installation import install, uninstall
    from tfcompat.layers import BatchNormalization, batch_normalization
    from tfcompat.rounding import numerics, set_numerics

__version__ = "0.1.0"

_HOMES = {
    "BatchNormalization": "tfcompat.layers",
    "batch_normalization": "tfcompat.layers",
    "install": "tfcompat.installation",
    "uninstall": "tfcompat.installation",
    "explain": "tfcompat.explanation",
    "release": "tfcompat.following",
    "set_release": "tfcompat.following",
    "numerics": "tfcompat.rounding",
    "set_numerics": "tfcompat.rounding",
}

__all__ = [
    "BatchNormalization",
    "batch_normalization",
    "install",
    "uninstall",
    "explain",
    "release",
    "set_release",
    "numerics",
    "set_numerics",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError("module 'tfcompat' has no attribute {!r}".format(name))


def __dir__() -> List[str]:
    return sorted(__all__)
