"""What is likely to go wrong with a call, and the cure."""

from typing import Any, Callable, Dict, Iterator, NamedTuple, Tuple

from tfcompat.explanation.call import FED, LEFT_OUT, Call, number
from tfcompat.momentum import SLOW, largest, share_left, steps_until
from tfcompat.releases import SMALLEST_FUSED_EPSILON, last_release

#: Code -> what is said, and what to do.  A code never changes its meaning; `tfcompat audit` means the same by its own.
KINDS: Dict[str, Tuple[str, str]] = {
    "training-off": (
        "`training` is {training}: the moving averages never move, and the output is normalized with what they begin "
        "with, 0 and 1, which hardly changes it",
        "pass training=True while you train and False while you evaluate, or feed a bool tensor",
    ),
    "momentum-too-slow": (
        "after {steps} steps with momentum {momentum}, {left:.0%} of the moving averages is still the initial value",
        "train at least {needed} steps, or take a momentum of at most {enough}",
    ),
    "momentum-out-of-range": (
        "with momentum {momentum} the moving averages {fate}",
        "take a momentum that is at least 0 and less than 1, for example 0.99",
    ),
    "renorm-too-slow": (
        "after {steps} steps with renorm_momentum {momentum}, {left:.0%} of the renorm averages is still the initial "
        "value, and without renorm_clipping these normalize the output while training, too",
        "bound the correction with renorm_clipping at first (rmin=1, rmax=1, dmax=0 leaves the batch's own "
        "statistics), or take a renorm_momentum of at most {enough}",
    ),
    "fused-vetoed": (
        "fused=True was asked for, and the unfused kernel runs, whose moving variance is the biased one: {vetoes}",
        "do without what speaks against it, or leave fused out",
    ),
    "virtual-batch-does-not-divide": (
        "virtual_batch_size={size} does not divide the batch of {batch}; TensorFlow refuses that wherever it makes "
        "virtual batches",
        "take a size that divides the batch, or batches of a multiple of it (drop_remainder=True in tf.data)",
    ),
    "virtual-batch-ignored": (
        "`training` is a tensor: in tf.function and in graphs with TF2 behaviour TensorFlow {release} makes no virtual "
        "batches then, and statistics are those of the whole batch",
        "pass a Python bool as `training`, or call tf.compat.v1.disable_v2_behavior",
    ),
    "group-of-one": (
        "each mean and variance is of one element: the variance is 0{output}, and the moving variance goes to 0",
        "take a larger batch{virtual}, or keep fewer axes",
    ),
    "group-empty": (
        "each mean and variance is of no element: training makes the moving averages NaN, for good",
        "leave empty batches out",
    ),
    "epsilon-clamped": (
        "the fused kernel takes {smallest} for epsilon={epsilon}, as TensorFlow {release} does",
        "take a larger epsilon or fused=False; releases after {last} take epsilon as it is",
    ),
}


class Advice(NamedTuple):
    """One warning.

    Attributes:
      code: what programs look for, a key of `KINDS`.
      sentence: what is likely to go wrong.
      cure: what to do.
    """

    code: str
    sentence: str
    cure: str

    def __str__(self) -> str:
        return "warning {}: {}.\n  To do: {}.".format(*self)


def advice(call: Call) -> Tuple[Advice, ...]:
    """All warnings about a call."""
    return tuple(found for check in _CHECKS for found in check(call))


def _advice(code: str, **facts: Any) -> Advice:
    sentence, cure = KINDS[code]
    return Advice(code, sentence.format(**facts), cure.format(**facts))


def _of_training(call: Call) -> Iterator[Advice]:
    if call.never_trains and not call.config.freeze_statistics:
        told = "left out, which means False unless Keras' fit sets it" if call.training == LEFT_OUT else "False"
        yield _advice("training-off", training=told)


def _of_momentum(call: Call) -> Iterator[Advice]:
    momentum, steps = number(call.config.momentum), call.steps
    if momentum is None or call.averages_frozen:
        return
    if not 0 <= momentum < 1:
        yield _advice("momentum-out-of-range", momentum=call.config.momentum, fate=_fate(momentum))
    elif steps and share_left(momentum, steps) > SLOW:
        left, needed, enough = share_left(momentum, steps), steps_until(SLOW, momentum), largest(SLOW, steps)
        yield _advice("momentum-too-slow", steps=steps, momentum=momentum, left=left, needed=needed, enough=enough)


def _fate(momentum: float) -> str:
    if momentum == 1:
        return "never move"
    if momentum > 1:
        return "move away from the batch's statistics, further with every step"
    if momentum > -1:
        return "overshoot the batch's statistics in every step; a moving variance may be negative on the way"
    return "swing around the batch's statistics and never arrive; a moving variance may be negative"


def _of_renorm(call: Call) -> Iterator[Advice]:
    """Up to 1.14 there is nothing to say: averages that are divided by their weight are right from the first step."""
    momentum, steps = number(call.config.renorm_momentum), call.steps
    if not (call.uses_batches and call.stddev_averaged) or call.config.clipping or momentum is None or not steps:
        return
    left = share_left(momentum, steps)
    if 0 <= momentum <= 1 and left > SLOW:
        yield _advice("renorm-too-slow", steps=steps, momentum=momentum, left=left, enough=largest(SLOW, steps))


def _of_fused(call: Call) -> Iterator[Advice]:
    if call.config.fused and call.plan.fused_vetoes:
        yield _advice("fused-vetoed", vetoes=", ".join(call.plan.fused_vetoes))


def _of_virtual_batches(call: Call) -> Iterator[Advice]:
    size, batch = call.plan.virtual_batch_size, call.shape[0]
    if size is None:
        return
    if batch and batch % size:
        yield _advice("virtual-batch-does-not-divide", size=size, batch=batch)
    if call.training == FED and call.plan.behaviour.virtual_batch_off_at_inference:
        yield _advice("virtual-batch-ignored", release=call.plan.behaviour.release)


def _of_group(call: Call) -> Iterator[Advice]:
    if call.group.size == 0:
        yield _advice("group-empty")
    if call.group.size == 1 and call.uses_batches:
        output = "" if call.config.renorm or call.config.adjustment else ", the output is beta whatever the input is"
        virtual = "" if call.plan.virtual_batch_size is None else " or virtual_batch_size"
        yield _advice("group-of-one", output=output, virtual=virtual)


def _of_epsilon(call: Call) -> Iterator[Advice]:
    behaviour = call.plan.behaviour
    if behaviour.fused_epsilon_clamped and call.epsilon_too_small_for_fused:
        last = last_release("fused_epsilon_clamped")
        epsilon, smallest = call.config.epsilon, SMALLEST_FUSED_EPSILON
        yield _advice("epsilon-clamped", smallest=smallest, epsilon=epsilon, release=behaviour.release, last=last)


_CHECKS: Tuple[Callable[[Call], Iterator[Advice]], ...] = (
    *(_of_training, _of_momentum, _of_renorm, _of_fused, _of_virtual_batches, _of_group, _of_epsilon),
)
