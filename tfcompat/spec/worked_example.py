"""One update by hand: a convolution with 64 filters, normalized over groups of 90 values.

Ten images of 5 x 5 pixels in 3 colours go through 64 filters of 3 x 3 pixels without padding: (10, 5, 5, 3) becomes
(10, 3, 3, 64).  Batch normalization with `axis=-1` then has a mean, a variance, a gamma and a beta for each *filter*:
64 of each, not 3 for the colours, 10 for the images or 9 for the places.  Each mean is that of a group of
10 * 3 * 3 = 90 values, one filter's output at every place of every image.
"""

import math
from typing import Any, Dict, NamedTuple, Tuple

import numpy as np

IMAGES = (10, 5, 5, 3)
FILTERS = (3, 3, 3, 64)
CONVOLVED = (10, 3, 3, 64)

MOMENTUM = 0.9
EPSILON = 1e-3

#: The calculation: in words, as LaTeX, and which of the `numbers` comes out.
_CALCULATION = (
    ("values in the group", r"10 \cdot 3 \cdot 3", "n"),
    ("mean", r"\frac{%(half)d \cdot %(low)g + %(half)d \cdot %(high)g}{%(n)d}", "mean"),
    (
        "variance, which normalizes",
        r"\frac{%(half)d \cdot (%(low)g - %(mean)g)^2 + %(half)d \cdot (%(high)g - %(mean)g)^2}{%(n)d}",
        "variance",
    ),
    ("unbiased variance, which the fused kernel averages", r"\frac{%(n)d}{%(n)d - 1} \cdot %(variance)g", "unbiased"),
    ("`moving_mean`, from 0", r"0 - (0 - %(mean)g) \cdot (1 - 0.9)", "moving_mean"),
    ("`moving_variance`, from 1, fused", r"1 - (1 - %(unbiased).7g) \cdot (1 - 0.9)", "moving_variance_fused"),
    ("`moving_variance`, from 1, unfused", r"1 - (1 - %(variance)g) \cdot (1 - 0.9)", "moving_variance_unfused"),
    (
        "output for %(high)g while training, with gamma 1 and beta 0",
        r"\frac{%(high)g - %(mean)g}{\sqrt{%(variance)g + 0.001}}",
        "output",
    ),
)


class Line(NamedTuple):
    """One line of the calculation.

    Attributes:
      what: in words.
      formula: LaTeX, with the numbers in it.
      value: what comes out.
    """

    what: str
    formula: str
    value: float


def images() -> Any:
    """Float64, shape (10, 5, 5, 3): a chessboard of c + 1 and c - 1 in colour c, inverted in every other image."""
    image, row, column, colour = np.indices(IMAGES)
    return colour + np.where((image + row + column) % 2 == 0, 1.0, -1.0)


def filters() -> Any:
    """Float64, shape (3, 3, 3, 64): filter k takes the pixel in the middle, of colour k % 3, times k // 3 + 1."""
    weights = np.zeros(FILTERS)
    for k in range(FILTERS[-1]):
        weights[1, 1, k % 3, k] = k // 3 + 1
    return weights


def convolved() -> Any:
    """The input of the normalization: float64, shape (10, 3, 3, 64)."""
    pixels, weights = images(), filters()
    total = np.zeros(CONVOLVED)
    for row, column in np.ndindex(3, 3):
        total += pixels[:, row : row + 3, column : column + 3] @ weights[row, column]
    return total


def groups(shape: Tuple[int, ...], axis: int = -1) -> Any:
    """The group of each element of an input: ints of that shape; elements of one number share their statistics."""
    return np.indices(shape)[axis]


def numbers(channel: int = 7) -> Dict[str, float]:
    """What the calculation for one of the 64 channels, counted from 0, needs and gives."""
    values = convolved()[groups(CONVOLVED) == channel]
    low, high, n = values.min(), values.max(), values.size
    mean = values.mean()
    variance = ((values - mean) ** 2).mean()
    unbiased = n / (n - 1) * variance
    return {
        "n": n,
        "half": n // 2,
        "low": low,
        "high": high,
        "mean": mean,
        "variance": variance,
        "unbiased": unbiased,
        "moving_mean": 0 - (0 - mean) * (1 - MOMENTUM),
        "moving_variance_fused": 1 - (1 - unbiased) * (1 - MOMENTUM),
        "moving_variance_unfused": 1 - (1 - variance) * (1 - MOMENTUM),
        "output": (high - mean) / math.sqrt(variance + EPSILON),
    }


def lines(channel: int = 7) -> Tuple[Line, ...]:
    """The calculation for one of the 64 channels, counted from 0: group, moments, moved averages, output."""
    known = numbers(channel)
    return tuple(Line(what % known, formula % known, float(known[name])) for what, formula, name in _CALCULATION)
