"""The order of arguments in each release, and contrib's defaults, as data.

What each release takes is recorded in `golden/data`; contrib's is that of TensorFlow 1.15, and of tf_slim 1.1.
"""

import re
from typing import Callable, Dict, Tuple

from tfcompat.errors import InputError

#: The release whose orders tfcompat has: no later one changed them.
CURRENT = (1, 5)

#: Releases that changed an order.
CHANGES = ((1, 0), (1, 2), (1, 3), (1, 4), CURRENT)

_COMMON = (
    *("axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer"),
    *("moving_mean_initializer", "moving_variance_initializer", "beta_regularizer", "gamma_regularizer"),
)

Release = Tuple[int, int]
Names = Tuple[str, ...]


def _constraints(release: Release) -> Names:
    return ("beta_constraint", "gamma_constraint") if release >= (1, 4) else ()


def _renorm(release: Release) -> Names:
    renorm = ("renorm", "renorm_clipping", "renorm_momentum") if release >= (1, 2) else ()
    return renorm + (("fused",) if release >= (1, 3) else ())


def _virtual_batch(release: Release) -> Names:
    return ("virtual_batch_size", "adjustment") if release >= (1, 5) else ()


def function_order(release: Release = CURRENT) -> Names:
    """Arguments of `tf.layers.batch_normalization` in their positional order."""
    call = ("training", "trainable", "name", "reuse")
    return ("inputs",) + _COMMON + _constraints(release) + call + _renorm(release) + _virtual_batch(release)


def class_order(release: Release = CURRENT) -> Names:
    """Arguments of `tf.layers.BatchNormalization` in their positional order."""
    return _COMMON + _constraints(release) + _renorm(release) + ("trainable",) + _virtual_batch(release) + ("name",)


ORDERS: Dict[str, Callable[[Release], Names]] = {"function": function_order, "class": class_order}


def same_until(kind: str, release: Release) -> int:
    """How many leading positions mean in `release` what they mean today; `kind` is `function` or `class`."""
    then, now = ORDERS[kind](release), ORDERS[kind](CURRENT)
    return next((i for i, (old, new) in enumerate(zip(then, now)) if old != new), min(len(then), len(now)))


def same_in_all(kind: str) -> int:
    """How many leading positions mean the same in every release."""
    return min(same_until(kind, release) for release in CHANGES)


#: What `tf.contrib.layers.batch_norm` takes, in order. Releases before 1.4 lack the last one or ones.
CONTRIB_ORDER = (
    *("inputs", "decay", "center", "scale", "epsilon", "activation_fn", "param_initializers", "param_regularizers"),
    *("updates_collections", "is_training", "reuse", "variables_collections", "outputs_collections", "trainable"),
    *("batch_weights", "fused", "data_format", "zero_debias_moving_mean", "scope", "renorm", "renorm_clipping"),
    *("renorm_decay", "adjustment"),
)

#: Contrib's arguments that only have another name in `tf.layers`.
CONTRIB_NAMES = {"decay": "momentum", "is_training": "training", "renorm_decay": "renorm_momentum", "scope": "name"}

#: Contrib's defaults that differ from those of `tf.layers`, by the names of `tf.layers`, as source.
CONTRIB_DEFAULTS = (("momentum", "0.999"), ("scale", "False"), ("training", "True"), ("name", '"BatchNorm"'))

#: Keys of contrib's dicts of initializers and regularizers.
CONTRIB_DICTS = {
    "param_initializers": ("initializer", ("beta", "gamma", "moving_mean", "moving_variance")),
    "param_regularizers": ("regularizer", ("beta", "gamma")),
}

#: Contrib's arguments that tf.layers has no equivalent of -> the one value that means nothing.
CONTRIB_ONLY = {
    "activation_fn": "None",
    "variables_collections": "None",
    "outputs_collections": "None",
    "batch_weights": "None",
    "zero_debias_moving_mean": "False",
}

#: Contrib's layouts -> the axis.
CONTRIB_AXES = {"NHWC": None, "NCHW": "1"}


def release_of(text: str) -> Release:
    """`1.3` or `1.3.0` as (1, 3).

    Raises:
      InputError: it is no release of TensorFlow.
    """
    match = re.match(r"(\d+)\.(\d+)(\.\w+)?$", text)
    if not match or int(match.group(1)) not in (1, 2):
        raise InputError("--from-release is {!r}; allowed is a release of TensorFlow, for example 1.3".format(text))
    return int(match.group(1)), int(match.group(2))
