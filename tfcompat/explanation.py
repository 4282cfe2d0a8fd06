"""What a call of the layer does, why, and in which releases of TensorFlow it would do something else."""

import dataclasses
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from tfcompat import following, releases
from tfcompat.config import Config
from tfcompat.plan import Plan, resolve
from tfcompat.releases import RELEASES, TRAITS, Behaviour, Trait

#: Traits that a plan does not show, and whether they concern a call: they change arithmetic or updates.
_UNSEEN: Dict[str, Callable[[Config, Plan], bool]] = {
    "fused_epsilon_clamped": lambda config, plan: plan.kernel == "fused" and _below(config.epsilon, 1.001e-5),
    "average_in_kernel": lambda config, plan: plan.kernel == "fused",
    "fused_decay_rounded_once": lambda config, plan: plan.kernel == "fused",
    "constant_training_read_late": lambda config, plan: plan.kernel == "unfused",
    "averages_move_at_inference": lambda config, plan: True,
    "averages_move_by_momentum": lambda config, plan: True,
    "frozen_layer_updates": lambda config, plan: True,
    "frozen_layer_updates_eagerly": lambda config, plan: plan.kernel == "fused",
    "virtual_batch_of_unknown_shape": lambda config, plan: plan.virtual_batch_size is not None,
    "virtual_batch_off_at_inference": lambda config, plan: plan.virtual_batch_size is not None,
    "casts_input": lambda config, plan: True,
    "masks": lambda config, plan: plan.kernel == "unfused",
    "variance_of_shifted_sums": lambda config, plan: plan.kernel == "unfused",
    "variance_depends_on_mean": lambda config, plan: plan.kernel == "unfused",
}


#: Traits of what an explanation is not told: `training`, `reuse`, scopes, other calls of the layer.
UNTOLD = (
    *("first_call_updates", "reuse_finds_unnamed", "regularizers_add_up"),
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


class Explanation(NamedTuple):
    """What a call does.

    Attributes:
      config, plan: what was asked for, and what runs.
      shape: of the input, None where unknown.
      differences: the `Difference`s, oldest first.
    """

    config: Config
    plan: Plan
    shape: Tuple[Optional[int], ...]
    differences: Tuple[Difference, ...]

    def __str__(self) -> str:
        """The explanation as text for people."""
        width = max(len(name) for name, _ in self._rows())
        lines = ["Input {} {}, as TensorFlow {} does it:".format(_shape(self.shape), self.plan.dtype, self._release)]
        lines += ["  {:{}}  {}".format(name, width, value) for name, value in self._rows()]
        if self.differences:
            width = max(len(difference.releases) for difference in self.differences)
            lines += ["", "The same call in other releases:"]
            lines += ["  {:{}}  {}".format(d.releases, width, d.about) for d in self.differences]
        return "\n".join(lines)

    @property
    def _release(self) -> str:
        return self.plan.behaviour.release

    def _rows(self) -> List[Tuple[str, str]]:
        plan = self.plan
        kernel = "fused, {}".format(plan.data_format) if plan.kernel == "fused" else "unfused"
        groups = "whole batch" if plan.virtual_batch_size is None else "groups of {}".format(plan.virtual_batch_size)
        reduced = [axis for axis in range(plan.rank) if axis not in plan.axes]
        rows = [("kernel", kernel)] + [("", "because " + veto) for veto in plan.fused_vetoes]
        rows += [
            ("statistics", "over axes {} of the {}".format(", ".join(map(str, reduced)) or "none", groups)),
            ("moving variance", "unbiased, n / (n - 1)" if plan.unbiased_variance else "biased, 1 / n"),
            ("arithmetic", plan.compute_dtype if plan.kernel == "unfused" else "the kernel's, float32"),
            ("variables", plan.param_dtype),
        ]
        rows += [("asked for", told) for told in _asked_for(self.config)]
        return rows + [("", "{} {}".format(variable.name, _shape(variable.shape))) for variable in plan.variables]


def explain(
    shape: Sequence[Optional[int]], dtype: str = "float32", *, release: Optional[str] = None, **arguments: Any
) -> None:
    """Prints what `BatchNormalization(**arguments)` does with inputs of this shape and dtype.

    Args:
      shape: the input's shape, None where unknown.
      dtype: name of the input's dtype.
      release: the TensorFlow release to follow; None: the one that layers follow now (see `tfcompat.release`).
      **arguments: of `BatchNormalization`, without those that Keras has for all layers.

    Raises:
      TypeError, ValueError, IndexError: the call is refused, as the layer would refuse it.
    """
    print(explanation(Config(**arguments), shape, dtype, following.chosen(release) or _running()))


def _running() -> str:
    from tfcompat.backend import ops  # only who does not choose a release needs TensorFlow

    return ops.RELEASE


def explanation(
    config: Config, shape: Sequence[Optional[int]], dtype: str, release: str, among: Sequence[str] = RELEASES
) -> Explanation:
    """What a layer with this config does with inputs of this shape and dtype.

    Args:
      config: the arguments of the layer.
      shape: the input's static shape, None where unknown.
      dtype: name of the input's dtype.
      release: the TensorFlow release to follow.
      among: releases to compare with.

    Raises:
      TypeError, ValueError, IndexError: the call is refused; see `tfcompat.config.Config` and `tfcompat.plan.resolve`.
    """
    behaviour = releases.behaviour(release)
    plan = resolve(config.validated(behaviour), behaviour, shape, dtype)
    others = [(trait, _elsewhere(trait, behaviour, among)) for trait in TRAITS]
    found = [
        Difference(_range(there), trait.name, trait.otherwise if getattr(behaviour, trait.name) else trait.about)
        for trait, there in others
        if there and _concerns(trait, config, plan, shape, dtype)
    ]
    return Explanation(config, plan, tuple(shape), tuple(found))


def _elsewhere(trait: Trait, behaviour: Behaviour, among: Sequence[str]) -> List[str]:
    """The releases on the other side of a trait."""
    here = getattr(behaviour, trait.name)
    return [release for release in among if getattr(releases.behaviour(release), trait.name) != here]


def _concerns(trait: Trait, config: Config, plan: Plan, shape: Sequence[Optional[int]], dtype: str) -> bool:
    """Whether a call would do something else if its release were on the other side of a trait."""
    if trait.name in UNTOLD:
        return False
    if trait.name in _UNSEEN:
        return _UNSEEN[trait.name](config, plan)
    change: Dict[str, Any] = {trait.name: not getattr(plan.behaviour, trait.name)}
    flipped = dataclasses.replace(plan.behaviour, **change)
    try:
        other = resolve(config.validated(flipped), flipped, shape, dtype)
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


def _asked_for(config: Config) -> List[str]:
    """What arguments that `tf.layers` does not have ask for."""
    told = {
        "freeze_statistics, normalizes with the averages whatever training says": config.freeze_statistics,
        "freeze_affine, gamma and beta do not train": config.freeze_affine,
        "updates='immediate', with the output": config.updates == "immediate",
        "updates='skip', the averages stand still": config.updates == "skip",
    }
    return [text for text, holds in told.items() if holds]


def _shape(shape: Sequence[Optional[int]]) -> str:
    return "({})".format(", ".join("?" if size is None else str(size) for size in shape))


def _below(value: Any, limit: float) -> bool:
    return isinstance(value, (int, float)) and value < limit
