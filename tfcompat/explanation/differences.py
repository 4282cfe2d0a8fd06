"""In which releases of TensorFlow a call of the layer would do something else."""

import dataclasses
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from tfcompat import releases
from tfcompat.explanation.call import Call
from tfcompat.plan import resolve
from tfcompat.releases import RELEASES, TRAITS, Behaviour, Trait

#: Traits that a plan does not show, and whether they concern a call: they change arithmetic or updates.
_UNSEEN: Dict[str, Callable[[Call], bool]] = {
    "fused_epsilon_clamped": lambda call: call.epsilon_too_small_for_fused,
    "average_in_kernel": lambda call: call.plan.kernel == "fused",
    "fused_decay_rounded_once": lambda call: call.plan.kernel == "fused",
    "constant_training_read_late": lambda call: call.plan.kernel == "unfused",
    "averages_move_at_inference": lambda call: True,
    "averages_move_by_momentum": lambda call: True,
    "frozen_layer_updates": lambda call: True,
    "frozen_layer_updates_eagerly": lambda call: call.plan.kernel == "fused",
    "virtual_batch_of_unknown_shape": lambda call: call.plan.virtual_batch_size is not None,
    "virtual_batch_off_at_inference": lambda call: call.plan.virtual_batch_size is not None,
    "casts_input": lambda call: True,
    "masks": lambda call: call.plan.kernel == "unfused",
    "variance_of_shifted_sums": lambda call: call.plan.kernel == "unfused",
    "variance_depends_on_mean": lambda call: call.plan.kernel == "unfused",
}


#: Traits of what an explanation is not told: `reuse`, scopes, what becomes of the layer, a `training` that is no bool.
UNTOLD = (
    *("first_call_updates", "reuse_finds_unnamed", "regularizers_add_up", "thawed_layer_trains"),
    *("trainable_none_trains", "training_as_number", "training_none"),
)


class Difference(NamedTuple):
    """Releases in which the same call does something else.

    Attributes:
      releases: for example `1.0 - 1.3`.
      trait: name of the trait that makes the difference.
      about: what those releases do.
    """

    releases: str
    trait: str
    about: str


def differences(call: Call, among: Sequence[str] = RELEASES) -> Tuple[Difference, ...]:
    """The `Difference`s of a call, oldest first.

    Args:
      call: what is asked.
      among: releases to compare with.
    """
    behaviour = call.plan.behaviour
    compared = [releases.behaviour(release) for release in among]
    others = [(trait, _elsewhere(trait, behaviour, compared)) for trait in TRAITS]
    return tuple(
        Difference(_range(there), trait.name, trait.otherwise if getattr(behaviour, trait.name) else trait.about)
        for trait, there in others
        if there and _concerns(trait, call)
    )


def _elsewhere(trait: Trait, behaviour: Behaviour, compared: Sequence[Behaviour]) -> List[str]:
    """The releases on the other side of a trait."""
    here = getattr(behaviour, trait.name)
    return [other.release for other in compared if getattr(other, trait.name) != here]


def _concerns(trait: Trait, call: Call) -> bool:
    """Whether a call would do something else if its release were on the other side of a trait."""
    plan = call.plan
    if trait.name in UNTOLD:
        return False
    if trait.name in _UNSEEN:
        return _UNSEEN[trait.name](call)
    change: Dict[str, Any] = {trait.name: not getattr(plan.behaviour, trait.name)}
    flipped = dataclasses.replace(plan.behaviour, **change)
    try:
        other = resolve(call.config.validated(flipped), flipped, call.shape, plan.dtype)
    except (TypeError, ValueError):
        return True
    return dataclasses.replace(other, behaviour=plan.behaviour, fused_vetoes=()) != dataclasses.replace(
        plan, fused_vetoes=()
    )


def _range(there: Sequence[str]) -> str:
    """`1.0 - 1.3` of consecutive releases, with a comma where some between are missing."""
    runs: List[List[str]] = []
    for release in there:
        if runs and RELEASES.index(release) == RELEASES.index(runs[-1][-1]) + 1:
            runs[-1].append(release)
        else:
            runs.append([release])
    return ", ".join(run[0] if len(run) == 1 else "{} - {}".format(run[0], run[-1]) for run in runs)
