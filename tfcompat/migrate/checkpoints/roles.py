"""Which variable of a layer becomes which of its pair, and by what conversion."""

from typing import Dict, List, NamedTuple, Optional, Tuple

from tfcompat.migrate.checkpoints.transfer import Mapped, Skipped, TransferPlan, Unmatched
from tfcompat.migrate.checkpoints.variables import BATCH_NORMALIZATION, Layer, Variable

_DEBIASING = ("renorm_mean_weight", "renorm_stddev_weight")
_RENORM = ("moving_stddev", "renorm_mean", "renorm_stddev") + _DEBIASING

TO_1_15 = (
    "{}: renorm averages of TensorFlow up to 1.14 become those of 1.15: average / weight, and moving_stddev = "
    "sqrt(moving_variance + epsilon). Inference is the same. Training is not: the correction is what it was only once "
    "the weight has come to 1, and 1.15 moves its moving averages towards the batch's moments, not towards the "
    "debiased averages."
)
TO_1_14 = (
    "{}: renorm averages of TensorFlow 1.15 become those of up to 1.14, with weights of 1. Inference is the same, and "
    "so is the next correction; after it the moving averages follow the renorm averages, as they did in 1.14."
)
NO_RENORM = "the other layer has no renorm; its inference is the same, its training is not"
NO_STATISTIC = (
    "the {side} has {layer} without it: a Saver(tf.trainable_variables()) leaves averages out. Estimate it from data, "
    "or allow unmatched variables and keep the initial value"
)
ABSENT = "the {side} has {layer} without it; build the layer with the same arguments"


class Recipe(NamedTuple):
    """How a role is made: of which roles of the other layer, by which conversion."""

    roles: Tuple[str, ...]
    conversion: str
    note: str = ""


def misfit(source: Layer, target: Layer) -> Optional[str]:
    """Why a layer cannot be the other; None if it can: same kind, and what both have is of one shape."""
    if source.kind != target.kind:
        return "one is a {}, the other a {}".format(source.kind, target.kind)
    common = [role for role in source.variables if role in target.variables]
    if not common:
        return "they have no variable in common"
    for role in common:
        reason = shape_misfit(source.variables[role], target.variables[role], target.kind)
        if reason:
            return "{}: {}".format(role, reason)
    return None


def shape_misfit(source: Variable, target: Variable, kind: str) -> Optional[str]:
    """Why a value does not fit; None if it does.  Batch normalization may keep [C] as [1, 1, C]."""
    if _is_float(source) != _is_float(target):
        return "{} does not become {}".format(source.dtype, target.dtype)
    if source.shape == target.shape:
        return None
    if kind == BATCH_NORMALIZATION and _squeezed(source) == _squeezed(target):
        return None
    return "shape {} does not become {}".format(list(source.shape), list(target.shape))


def add(plan: TransferPlan, source: Layer, target: Layer, by: str, sides: Tuple[str, str]) -> None:
    """Puts all variables of a pair into a plan.

    Args:
      source, target: where values come from and go to.
      by: what paired them.
      sides: what the two are called: `("checkpoint", "model")`, or the other way round.
    """
    recipes = _recipes(source, target)
    used = {role for recipe in recipes.values() for role in recipe.roles}
    for role, variable in target.variables.items():
        recipe = recipes.get(role)
        if recipe is None:
            missing = ABSENT if role in ("gamma", "beta") or source.kind != BATCH_NORMALIZATION else NO_STATISTIC
            plan.unmatched.append(Unmatched(sides[1], variable.name, missing.format(side=sides[0], layer=source.path)))
            continue
        main = source.variables[recipe.roles[0]]
        reason = None if recipe.conversion == "one" else shape_misfit(main, variable, target.kind)
        if reason:
            plan.unmatched.append(Unmatched(sides[1], variable.name, "of {}: {}".format(main.name, reason)))
            used.discard(recipe.roles[0])
            continue
        names = tuple(source.variables[one].name for one in recipe.roles)
        plan.mapped.append(Mapped(variable.name, names, recipe.conversion, by, recipe.note))
    for role, variable in source.variables.items():
        if role not in used:
            _leave(plan, role, variable, target, sides)


def _leave(plan: TransferPlan, role: str, variable: Variable, target: Layer, sides: Tuple[str, str]) -> None:
    renorm = [other for other in target.variables if other in _RENORM]
    if role in _RENORM and not renorm:
        plan.skipped.append(Skipped(variable.name, NO_RENORM))
    elif role == "moving_stddev":
        plan.skipped.append(Skipped(variable.name, "follows from moving_variance; up to 1.14 there was none"))
    else:
        reason = ABSENT.format(side=sides[1], layer=target.path)
        if role in target.variables:
            reason = "its shape or dtype does not fit {}".format(target.variables[role].name)
        plan.unmatched.append(Unmatched(sides[0], variable.name, reason))


def _recipes(source: Layer, target: Layer) -> Dict[str, Recipe]:
    """Role of the target -> recipe, for all that can be made."""
    plain = {role: Recipe((role,), "copy") for role in target.variables if role in source.variables}
    here, there = set(source.variables), set(target.variables)
    if set(_DEBIASING) <= here and "moving_stddev" in there:
        note = TO_1_15.format(target.path)
        for role in ("renorm_mean", "renorm_stddev"):
            start = "moving_mean" if role == "renorm_mean" else "moving_variance"
            plain[role] = Recipe((role, role + "_weight", start), role + " / weight", note)
        plain["moving_stddev"] = Recipe(("moving_variance",), "sqrt(variance + epsilon)", note)
    elif set(_DEBIASING) <= there and "moving_stddev" in here:
        note = TO_1_14.format(target.path)
        for role in ("renorm_mean", "renorm_stddev"):
            plain[role] = Recipe((role,), "copy", note)
            plain[role + "_weight"] = Recipe((role,), "one", note)
    return plain


def _is_float(variable: Variable) -> bool:
    return "float" in variable.dtype


def _squeezed(variable: Variable) -> List[int]:
    return [size for size in variable.shape if size != 1]
