"""What is wrong with a batch normalization: the table of diagnoses, and the checks that find them.

The checks are pure: they look at sites and evidence, wherever these come from, and `Doctor` uses the same.
"""

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from tfcompat.migrate.auditing.site import Site
from tfcompat.momentum import SLOW, largest, share_left


class Kind(NamedTuple):
    """A row of the table: `error` is wrong for sure, `warning` may be meant."""

    severity: str
    sentence: str
    cure: str


_DEPEND = (
    "build the train op under tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)), after all layers"
)

#: Code -> what it says.  A code never changes its meaning.
KINDS: Dict[str, Kind] = {
    "updates-not-run": Kind("error", "no train op depends on the updates of its moving statistics", _DEPEND),
    "updates-in-control-flow": Kind(
        "error",
        "its updates are made inside of tf.{inside} and no train op can depend on them",
        "call the layer outside of tf.{inside} and give it a tensor as `training`",
    ),
    "updates-of-some-calls": Kind(
        "warning",
        "train ops depend on the updates of {ran} of its {calls} calls, not on those of {call}",
        "run the updates of all calls, unless the others are meant to leave the statistics alone",
    ),
    "statistics-initial": Kind(
        "error",
        "its moving statistics are still 0 and 1, so inference does not normalize",
        _DEPEND + ", and train with training=True",
    ),
    "statistics-still": Kind(
        "error",
        "its moving statistics did not move in {steps} steps of training",
        "call it with training=True, leave trainable=True, and run its updates with every step",
    ),
    "statistics-not-finite": Kind(
        "error",
        "{count} of {size} values of its moving statistics are NaN or infinite",
        "take an earlier checkpoint; look for a loss or batch that is not finite, and for batches of one value",
    ),
    "variance-negative": Kind(
        "error",
        "{count} of {size} values of its moving variance are negative",
        "take an earlier checkpoint, or clip it at 0; no update of the layer makes a negative variance",
    ),
    "statistics-missing": Kind(
        "error",
        "the checkpoint has no {names}",
        "save with tf.train.Saver() or of global_variables(); trainable_variables() has no moving statistics",
    ),
    "momentum-too-slow": Kind(
        "warning",
        "after {steps} steps with momentum {momentum}, {rest:.0%} of its moving statistics is still the initial value",
        "train longer, or take a momentum of at most {enough} for so many steps",
    ),
    "training-fixed": Kind(
        "error",
        "it always normalizes with the statistics of the batch, in a graph that is meant for inference",
        "export it again with training=False, or with a placeholder that is fed False",
    ),
    "training-off": Kind(
        "warning",
        "it never trains, though the graph has a train op: `training` is False, which is the default",
        "give it training=True or a placeholder, unless it is meant to be frozen",
    ),
}


class Diagnosis(NamedTuple):
    """A finding at a layer, or at one of its calls."""

    code: str
    severity: str
    layer: str
    sentence: str
    cure: str

    def __str__(self) -> str:
        return "{} {}: {}: {}. To do: {}.".format(self.severity, self.code, self.layer, self.sentence, self.cure)


class Evidence(NamedTuple):
    """What is known beside the sites.

    Attributes:
      run: the names of the nodes that run in a step of training; None where no train op is seen.
      serving: whether the graph is meant for inference.
      steps: how many steps of training the values have seen, or will have; None where that is not known.
      statistics: layer -> role -> array, of the moving statistics that are known.
      missing: layer -> names of the moving statistics that the checkpoint does not have.
    """

    run: Optional[Set[str]]
    serving: bool
    steps: Optional[int]
    statistics: Mapping[str, Mapping[str, Any]]
    missing: Mapping[str, Sequence[str]]


def diagnosis(code: str, layer: str, **facts: Any) -> Diagnosis:
    """The diagnosis of a code, with its facts filled in."""
    kind = KINDS[code]
    return Diagnosis(code, kind.severity, layer, kind.sentence.format(**facts), kind.cure.format(**facts))


def diagnose(sites: Sequence[Site], evidence: Evidence) -> List[Diagnosis]:
    """All diagnoses, layer by layer in the order of the sites."""
    layers: Dict[str, List[Site]] = {}
    for site in sites:
        layers.setdefault(site.layer, []).append(site)
    return [found for layer, calls in layers.items() for found in _of_layer(layer, calls, evidence)]


def _of_layer(layer: str, calls: List[Site], evidence: Evidence) -> Iterator[Diagnosis]:
    statistics = evidence.statistics.get(layer, {})
    if evidence.missing.get(layer):
        yield diagnosis("statistics-missing", layer, names=" and ".join(evidence.missing[layer]))
    for check in (_of_updates, _of_training):
        yield from check(layer, calls, evidence)
    broken = list(of_values(layer, statistics))
    yield from broken
    if is_initial(statistics):
        if evidence.steps != 0:
            yield diagnosis("statistics-initial", layer)
    elif not broken:
        yield from of_momentum(layer, [call.arguments["momentum"] for call in calls], evidence.steps)


def _of_updates(layer: str, calls: List[Site], evidence: Evidence) -> Iterator[Diagnosis]:
    updating = [call for call in calls if call.updates]
    if evidence.run is None or not updating:
        return
    idle = [call for call in updating if not all(update.name in evidence.run for update in call.updates)]
    statistics = evidence.statistics.get(layer, {})
    if idle and len(idle) < len(updating):
        ran = len(updating) - len(idle)
        yield diagnosis("updates-of-some-calls", layer, ran=ran, calls=len(updating), call=_listed(idle))
    elif idle and (not statistics or is_initial(statistics)):  # else they were fetched beside the train op
        inside = idle[0].updates[0].inside
        yield diagnosis("updates-in-control-flow" if inside else "updates-not-run", layer, inside=inside)


def _listed(calls: List[Site]) -> str:
    return " and ".join(call.call for call in calls)


def _of_training(layer: str, calls: List[Site], evidence: Evidence) -> Iterator[Diagnosis]:
    values = {call.training.value if call.training.kind == "constant" else None for call in calls}
    if evidence.serving and values == {True}:
        yield diagnosis("training-fixed", layer)
    if not evidence.serving and evidence.run and values == {False}:
        yield diagnosis("training-off", layer)


def of_values(layer: str, statistics: Mapping[str, Any]) -> Iterator[Diagnosis]:
    """The diagnoses of the values of moving statistics: role -> array."""
    arrays = [np.asarray(value, np.float64) for role, value in statistics.items() if role in _PAIR]
    broken = sum(int(np.sum(~np.isfinite(array))) for array in arrays)
    if broken:
        yield diagnosis("statistics-not-finite", layer, count=broken, size=sum(array.size for array in arrays))
    if "moving_variance" in statistics:
        variance = np.asarray(statistics["moving_variance"], np.float64)
        negative = int(np.sum(np.nan_to_num(variance) < 0))
        if negative:
            yield diagnosis("variance-negative", layer, count=negative, size=variance.size)


def of_momentum(layer: str, momenta: Sequence[Any], steps: Optional[int]) -> Iterator[Diagnosis]:
    """The diagnosis of a momentum that is too slow for so many steps; no number is no momentum."""
    numbers = [momentum for momentum in momenta if isinstance(momentum, (int, float)) and 0 <= momentum <= 1]
    slow = [momentum for momentum in numbers if steps and share_left(momentum, steps) > SLOW]
    if steps and slow:
        momentum, enough = max(slow), largest(SLOW, steps)
        rest = share_left(momentum, steps)
        yield diagnosis("momentum-too-slow", layer, steps=steps, momentum=momentum, rest=rest, enough=enough)


_PAIR: Tuple[str, str] = ("moving_mean", "moving_variance")


def is_initial(statistics: Mapping[str, Any]) -> bool:
    """Whether mean and variance are both known, and all 0 and all 1."""
    if not all(role in statistics for role in _PAIR):
        return False
    mean, variance = (np.asarray(statistics[role]) for role in _PAIR)
    return bool((mean == 0).all() and (variance == 1).all())
