"""The layers of a Keras model, of Keras 2 or Keras 3, each with its own variables."""

import re
from typing import Any, Dict, Iterator, List, Set

from tfcompat.backend import models
from tfcompat.errors import InputError
from tfcompat.migrate import names
from tfcompat.migrate.checkpoints.variables import BATCH_NORMALIZATION, Layer, Variable, join, numbered

#: A role that Keras 3 names otherwise than `tf.layers`: class -> role -> role of `tf.layers`.
_RENAMED = {
    "DepthwiseConv2D": {"kernel": "depthwise_kernel"},
    "DepthwiseConv1D": {"kernel": "depthwise_kernel"},
}


class Model:
    """A model's layers, and its variables by path.

    Attributes:
      layers: every layer that has variables of its own, in the order of the model.
      variables: path -> the variable object of Keras.
      name: name of the model.

    Raises:
      InputError: the model has no variables (yet), or two of one path.
    """

    def __init__(self, model: Any) -> None:
        self.name = str(model.name)
        self.layers: List[Layer] = []
        self.variables: Dict[str, Any] = {}
        for path, layer, own in _walk(model, "", set()):
            self._add(path, layer, own)
        if not self.variables:
            raise InputError(
                "model {!r} has no variables yet; build it first: call it on an input, or model.build(shape).".format(
                    self.name
                )
            )

    def _add(self, path: str, layer: Any, own: List[Any]) -> None:
        roles: Dict[str, Variable] = {}
        renamed = _RENAMED.get(type(layer).__name__, {})
        for weight in own:
            short = models.short_name(weight)
            role, full = renamed.get(short, short), join(path, short)
            if full in self.variables:
                raise InputError(
                    "model {!r} has two variables {}; give the layers names of their own.".format(self.name, full)
                )
            self.variables[full] = weight
            roles[role] = Variable(full, tuple(int(n) for n in weight.shape), models.dtype_name(weight))
        scope, _, name = path.rpartition("/")
        stem, number = numbered(name)
        of_class = _snake_case(type(layer).__name__)
        chosen = stem != of_class
        kind = BATCH_NORMALIZATION if any(role in names.STATISTICS for role in roles) else of_class
        epsilon = float(layer.epsilon) if kind == BATCH_NORMALIZATION else None
        self.layers.append(Layer(path, scope, stem, None if chosen else number, kind, roles, epsilon))


def _walk(layer: Any, path: str, seen: Set[int]) -> Iterator[Any]:
    """(path, layer, own weights) of a layer and all in it that have some, in order; a shared one where it is first."""
    children = models.children(layer)
    inner = {id(weight) for child in children for weight in child.weights}
    own = [weight for weight in layer.weights if id(weight) not in inner and id(weight) not in seen]
    seen.update(id(weight) for weight in own)
    if own:
        yield path, layer, own
    for child in children:
        yield from _walk(child, join(path, child.name), seen)


def _snake_case(name: str) -> str:
    """`Conv2DTranspose` as `conv2d_transpose`, which is how Keras and `tf.layers` name layers."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
