"""What the names of variables in checkpoints and graphs say: layer, role in the layer, and what is only beside it."""

import re
from typing import Dict, Iterable, NamedTuple

#: The roles of the variables of a batch normalization, in the order of `tf.layers`; the last four are of renorm, and of
#: these the weights were there until TensorFlow 1.14 and `moving_stddev` since 1.15.
ROLES = (
    *("gamma", "beta", "moving_mean", "moving_variance"),
    *("moving_stddev", "renorm_mean", "renorm_mean_weight", "renorm_stddev", "renorm_stddev_weight"),
)
STATISTICS = ROLES[2:]

#: What `tf.train.ExponentialMovingAverage` adds to the name of a variable that it follows.
SHADOW = "ExponentialMovingAverage"

_PART = re.compile(r"/part_\d+$")


class Name(NamedTuple):
    """A variable's name, taken apart.

    Attributes:
      layer: the name of the layer, with its scopes; "" where the variable has none.
      role: the last part of the name of the variable itself, `gamma` or `kernel` for example.
      beside: what the variable is to that one: "" the variable itself, `ExponentialMovingAverage` its shadow; anything
        else is a slot of an optimizer, or what debiases an average.
    """

    layer: str
    role: str
    beside: str

    @property
    def variable(self) -> str:
        """The name of the variable itself."""
        return "{}/{}".format(self.layer, self.role) if self.layer else self.role


def parse(name: str, others: Iterable[str] = ()) -> Name:
    """Takes a name apart.

    Args:
      name: of a variable, as in a checkpoint: without `:0`.
      others: the names beside it.  `a/kernel/Momentum` is a slot where `a/kernel` is among them or is a role of batch
        normalization; else it is the variable `Momentum` of a layer `a/kernel`.
    """
    known = set(others)
    parts = _PART.sub("", name).split("/")
    for length in range(len(parts) - 1, 0, -1):
        owner = "/".join(parts[:length])
        if owner in known or parts[length - 1] in ROLES or SHADOW in parts[length:]:
            return Name("/".join(parts[: length - 1]), parts[length - 1], "/".join(parts[length:]))
    return Name("/".join(parts[:-1]), parts[-1], "")


def layers(names: Iterable[str], beside: str = "") -> Dict[str, Dict[str, str]]:
    """The batch normalizations among variables: layer -> role -> name, layers and roles in the order of `names`.

    A layer is one if it has a moving statistic, or nothing but gamma and beta or one of the two; the latter is also
    what a layer normalization looks like.

    Args:
      beside: as in `Name`; `SHADOW` gives the layers of the shadows.
    """
    found: Dict[str, Dict[str, str]] = {}
    others: Dict[str, Dict[str, str]] = {}
    every = list(names)
    for name in every:
        parsed = parse(name, every)
        if parsed.beside == beside:
            home = found if parsed.role in ROLES else others
            home.setdefault(parsed.layer, {})[parsed.role] = name
    return {layer: roles for layer, roles in found.items() if layer not in others or _has_statistic(roles)}


def _has_statistic(roles: Dict[str, str]) -> bool:
    return any(role in STATISTICS for role in roles)
