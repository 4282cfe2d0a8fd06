"""`tf.compat.v1.layers`, by whatever path a program reaches it.

TensorFlow has several module objects for that one name: a lazy loader that routes to Keras, the module that it loads, a
copy that `import tensorflow.compat.v1.layers` makes, and up to 1.15 `tf.layers` as well.
"""

import importlib
import sys
from types import ModuleType
from typing import Any, List

from tensorflow.python.util.lazy_loader import LazyLoader

from tfcompat.backend.ops import tf, tf1

#: What `find` gives where a module does not have a name.
ABSENT = object()


def modules() -> List[ModuleType]:
    """Every module that stands for `tf.compat.v1.layers`, each once."""
    parents = [tf1, importlib.import_module("tensorflow.compat.v1")]
    if hasattr(tf, "layers"):
        parents.append(tf)
    found: List[ModuleType] = []
    for parent in parents:
        layers = parent.layers
        found += [layers, *_loaded_by(layers)]
    found.append(_importable_copy(parents))
    return list({id(module): module for module in found}.values())


def find(module: ModuleType, name: str) -> Any:
    """What a module has under a name, or `ABSENT`; a lazy loader is not asked to load."""
    if isinstance(module, LazyLoader):
        return vars(module).get(name, ABSENT)
    return getattr(module, name, ABSENT)


def put(module: ModuleType, name: str, value: Any) -> None:
    """Puts a value, or `ABSENT`, under a name."""
    if isinstance(module, LazyLoader):  # its own way of setting a name loads, which Keras 3 refuses
        vars(module).pop(name, None)
        if value is not ABSENT:
            vars(module)[name] = value
    elif value is not ABSENT:
        setattr(module, name, value)
    elif find(module, name) is not ABSENT:
        delattr(module, name)


def _loaded_by(layers: ModuleType) -> List[ModuleType]:
    """The module behind a lazy loader; none behind one that refuses (Keras 3), nor behind another module."""
    if not isinstance(layers, LazyLoader):
        return []
    hasattr(layers, "batch_normalization")  # loads
    target = sys.modules.get(str(vars(layers).get("__name__")))
    return [] if target is None else [target]


def _importable_copy(parents: List[Any]) -> ModuleType:
    """What `from tensorflow.compat.v1.layers import ...` takes names from.

    Importing it puts it in place of `tf.compat.v1.layers`; that is undone, so that other names stay as they are.
    """
    before = [parent.layers for parent in parents]
    copy = importlib.import_module("tensorflow.compat.v1.layers")
    for parent, layers in zip(parents, before):
        if parent.layers is not layers:
            parent.layers = layers
    return copy
