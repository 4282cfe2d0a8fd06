"""What a momentum does: average <- average - (average - value) * (1 - momentum), step by step.

Towards a value that stays the same the average is value + momentum^k * (start - value) after k steps: momentum^k of the
start is left.
"""

import math
from decimal import Decimal, localcontext
from typing import Optional

#: How much of the initial value may be left in a moving statistic after the training.
SLOW = 0.1

#: How much of it is left in one that has arrived.
ARRIVED = 0.01


def share_left(momentum: float, steps: int) -> float:
    """How much of the start is left after so many steps: momentum^steps; infinite beyond float64."""
    try:
        return float(momentum) ** steps
    except OverflowError:
        return -math.inf if momentum < 0 and steps % 2 else math.inf


def moved(start: float, value: float, left: float) -> float:
    """The average between a start and the value that it moves to, of which this share of the start is left."""
    return value + left * (start - value)


def steps_until(left: float, momentum: float) -> Optional[int]:
    """The fewest steps after which no more than this share of the start is left; None: it never is.

    Both numbers are taken as they are written in decimals: with 0.1, exactly 0.01 is left after 2 steps, although
    `0.1 ** 2 > 0.01` in float64.

    Args:
      left: between 0 and 1, both excluded.
      momentum: any number; the sign does not matter to how much is left.
    """
    size = abs(float(momentum))
    if not size < 1:
        return None
    if size == 0:
        return 1
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(repr(left)).ln() / Decimal(repr(size)).ln()
        return max(1, math.ceil(round(exact, 30)))


def largest(left: float, steps: int) -> float:
    """The largest momentum that leaves no more than this share of the start after so many steps, rounded down.

    It is given with as many decimals as its distance to 1 has zeros, and two more digits: 0.89, 0.9977.

    Args:
      left: at least 0.01.
      steps: at least 1.
    """
    exact = left ** (1 / steps)
    scale = 10 ** (1 + math.ceil(-math.log10(1 - exact)))
    return int(exact * scale) / scale
