"""Layers and their variables, the same for a checkpoint and for a model, so that the two can be compared."""

import re
from typing import Dict, NamedTuple, Optional, Tuple

Shape = Tuple[int, ...]

#: Roles of other libraries than `tf.layers` -> its role.
ROLES = {
    "weights": "kernel",
    "biases": "bias",
    "depthwise_weights": "depthwise_kernel",
    "pointwise_weights": "pointwise_kernel",
}

#: Default names of layers of other libraries than `tf.layers` and `tf.keras` -> their kind.
KINDS = {
    "BatchNorm": "batch_normalization",
    "Conv": "conv2d",
    "Conv2d_transpose": "conv2d_transpose",
    "SeparableConv2d": "separable_conv2d",
    "fully_connected": "dense",
    "LayerNorm": "layer_normalization",
}

BATCH_NORMALIZATION = "batch_normalization"


class Variable(NamedTuple):
    """A variable.

    Attributes:
      name: in the checkpoint, or its path in the model.
      shape: its shape.
      dtype: name of its dtype.
      parts: names and shapes of its parts where a checkpoint keeps it as `NAME/part_0` and so on.
    """

    name: str
    shape: Shape
    dtype: str
    parts: Tuple["Variable", ...] = ()


class Layer(NamedTuple):
    """A layer with variables.

    Attributes:
      path: its name with all scopes or models around it, "" for what is in no layer.
      scope: the scopes or models in which its name is counted.
      stem, number: of a name that was made automatically, `conv2d` and 1 of `conv2d_1`; number is None for a name that
        somebody chose.
      kind: `batch_normalization`, `conv2d`, ...: what must be the same on both sides.
      variables: role -> variable.
      epsilon: of a model's batch normalization, None elsewhere.
    """

    path: str
    scope: str
    stem: str
    number: Optional[int]
    kind: str
    variables: Dict[str, Variable]
    epsilon: Optional[float] = None


def numbered(name: str) -> Tuple[str, int]:
    """`("conv2d", 1)` of `conv2d_1`, `("conv2d", 0)` of `conv2d`."""
    match = re.match(r"(.+)_([1-9]\d*)$", name)
    return (match.group(1), int(match.group(2))) if match else (name, 0)


def split(path: str) -> Tuple[str, str]:
    """Scope and last part of a path."""
    scope, _, name = path.rpartition("/")
    return scope, name


def join(scope: str, name: str) -> str:
    """The path of a name in a scope."""
    return "{}/{}".format(scope, name) if scope and name else scope or name
