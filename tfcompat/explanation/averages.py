"""The numbers of the update: moving averages of batches that all have the same statistics, after some steps."""

import math
from typing import List, NamedTuple, Optional, Tuple

from tfcompat.explanation.call import Call, number
from tfcompat.momentum import ARRIVED, moved, share_left, steps_until

#: Mean and biased variance of every batch of the example.
BATCH_MEAN, BATCH_VARIANCE = 1.0, 4.0

#: What the averages are to begin with, by the default initializers.
FIRST_MEAN, FIRST_VARIANCE = 0.0, 1.0


class Row(NamedTuple):
    """The averages after a number of steps.

    Attributes:
      step: how many steps there were.
      left: the share of the initial value that is left.
      moving_mean, moving_variance: the averages.
      moving_stddev: the average of standard deviations, None where there is none.
    """

    step: int
    left: float
    moving_mean: float
    moving_variance: float
    moving_stddev: Optional[float]


class Averages(NamedTuple):
    """How the averages move while `training` is true.

    Attributes:
      momentum: a number.
      mean, variance: what each batch puts into the averages.  The variance has Bessel's factor where the call has it;
        where n is unknown the factor is, too, and is left out.
      arrived: after how many steps 1 % of the initial value is left; None: never.
      rows: the first steps, the last one, and the one of `arrived`.
    """

    momentum: float
    mean: float
    variance: float
    arrived: Optional[int]
    rows: Tuple[Row, ...]


def averages(call: Call) -> Optional[Averages]:
    """How the averages of a call move; None where they stand still, become NaN, or depend on what is no number."""
    momentum, epsilon = number(call.config.momentum), number(call.config.epsilon)
    variance = _variance(call)
    if momentum is None or epsilon is None or call.averages_frozen or call.group.size == 0:
        return None
    if call.stddev_averaged and variance + epsilon < 0:
        return None
    arrived = steps_until(ARRIVED, momentum)
    stddev = math.sqrt(variance + epsilon) if call.stddev_averaged else None
    rows = [_row(step, momentum, variance, stddev, epsilon) for step in _steps(call.steps, arrived)]
    return Averages(momentum, BATCH_MEAN, variance, arrived, tuple(rows))


def _variance(call: Call) -> float:
    """What the example's batches put into the average of variances; one element has no variance."""
    if call.group.size == 1:
        return 0.0
    return BATCH_VARIANCE * (1.0 if call.bessel is None else call.bessel)


def _steps(last: Optional[int], arrived: Optional[int]) -> List[int]:
    first = [step for step in range(4) if last is None or step <= last]
    return sorted({*first, *(step for step in (last, arrived) if step is not None)})


def _row(step: int, momentum: float, variance: float, stddev: Optional[float], epsilon: float) -> Row:
    left = share_left(momentum, step)
    mean = moved(FIRST_MEAN, BATCH_MEAN, left)
    if stddev is None:
        return Row(step, left, mean, moved(FIRST_VARIANCE, variance, left), None)
    average = moved(math.sqrt(FIRST_VARIANCE), stddev, left)
    return Row(step, left, mean, max(average * average - epsilon, 0.0) if step else FIRST_VARIANCE, average)
