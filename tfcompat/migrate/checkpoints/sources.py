"""The layers of a TF1 checkpoint, as its names tell them, and what in it is no part of a model."""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from tfcompat.migrate import names
from tfcompat.migrate.checkpoints.transfer import Skipped
from tfcompat.migrate.checkpoints.variables import (
    BATCH_NORMALIZATION,
    KINDS,
    ROLES,
    Layer,
    Variable,
    join,
    numbered,
    split,
)

_PART = re.compile(r"(.+)/part_(\d+)$")
_COUNTER = re.compile(r"(.*/)?(global_step|beta\d_power(_\d+)?)$")
_KERAS_OPTIMIZER = re.compile(
    r"training(_\d+)?/(SGD|RMSprop|Adagrad|Adadelta|Adamax|Adam|Nadam|Ftrl|TFOptimizer|LossScaleOptimizer)(_\d+)?/"
)


class Contents(NamedTuple):
    """What a checkpoint holds: layers, and what is left behind."""

    layers: List[Layer]
    skipped: List[Skipped]


def contents(variables: Iterable[Variable], shadows: bool = False) -> Contents:
    """Sorts the variables of a checkpoint.

    Args:
      variables: all of them.
      shadows: take the `ExponentialMovingAverage` of a variable, where there is one, instead of the variable.
    """
    whole = {variable.name: variable for variable in joined(variables)}
    taken: Dict[names.Name, Variable] = {}
    skipped: List[Skipped] = []
    for name, variable in whole.items():
        parsed = names.parse(name, whole)
        shadow = "{}/{}".format(parsed.variable, names.SHADOW)
        reason = _reason_to_skip(parsed, shadow, shadows and shadow in whole, shadows)
        if reason:
            skipped.append(Skipped(name, reason))
        else:
            taken[parsed] = variable
    return Contents(_layers(taken), skipped)


def joined(variables: Iterable[Variable]) -> List[Variable]:
    """The variables with `NAME/part_0`, `NAME/part_1` and so on as one each, in order of names."""
    parts: Dict[str, Dict[int, Variable]] = {}
    whole: List[Variable] = []
    for variable in variables:
        match = _PART.match(variable.name)
        if match:
            parts.setdefault(match.group(1), {})[int(match.group(2))] = variable
        else:
            whole.append(variable)
    for name, by_number in parts.items():
        pieces = tuple(by_number[number] for number in sorted(by_number))
        whole.append(Variable(name, _shape_of_parts(pieces), pieces[0].dtype, pieces))
    return sorted(whole, key=lambda variable: variable.name)


def _shape_of_parts(pieces: Tuple[Variable, ...]) -> Tuple[int, ...]:
    """Parts lie along the axis in which they differ, else along the first, where partitioners cut unless told."""
    shapes = [piece.shape for piece in pieces]
    axes = [axis for axis in range(len(shapes[0])) if len({shape[axis] for shape in shapes}) > 1] or [0]
    whole = list(shapes[0])
    if whole:
        whole[axes[0]] = sum(shape[axes[0]] for shape in shapes)
    return tuple(whole)


def axis_of_parts(variable: Variable) -> int:
    """The axis along which the parts of a variable lie."""
    first = variable.parts[0].shape
    return next((axis for axis, size in enumerate(variable.shape) if size != first[axis]), 0)


def _reason_to_skip(name: names.Name, shadow: str, has_shadow: bool, shadows: bool) -> Optional[str]:
    if _COUNTER.match(name.variable) or _KERAS_OPTIMIZER.match(name.variable):
        return "state of the training, no part of the model"
    if name.beside == names.SHADOW:
        return None if shadows else "the average of {}; taken where shadows are asked for".format(name.variable)
    if name.beside:
        return "a slot of an optimizer, or what debiases an average"
    return "{} is taken instead".format(shadow) if has_shadow else None


def _layers(taken: Dict[names.Name, Variable]) -> List[Layer]:
    roles: Dict[str, Dict[str, Variable]] = {}
    for name, variable in taken.items():
        roles.setdefault(name.layer, {})[ROLES.get(name.role, name.role)] = variable
    kinds = {path: _kind(path, found) for path, found in roles.items()}
    return [_layer(path, found, kinds) for path, found in roles.items()]


def _kind(path: str, roles: Dict[str, Any]) -> str:
    if any(role in names.STATISTICS for role in roles):
        return BATCH_NORMALIZATION
    stem = numbered(split(path)[1])[0]
    known = KINDS.get(stem, stem)
    return BATCH_NORMALIZATION if known.endswith(BATCH_NORMALIZATION) else known


def _layer(path: str, roles: Dict[str, Variable], kinds: Dict[str, str]) -> Layer:
    scope, name = split(path)
    stem, number = numbered(name)
    if stem == "BatchNorm" and scope in kinds:
        # slim puts the normalizer of `Conv_1` in the scope of its variables, and counts nothing but `Conv`.
        owner, (owner_stem, owner_number) = split(scope)[0], numbered(split(scope)[1])
        if owner_stem in KINDS:
            return Layer(path, owner, join(owner_stem, stem), owner_number, kinds[path], roles)
    return Layer(path, scope, stem, number, kinds[path], roles)
