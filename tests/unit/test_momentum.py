"""What a momentum leaves of the start is what a simulation leaves, step by step."""

import math
from fractions import Fraction

import numpy as np
import pytest

from tfcompat.momentum import ARRIVED, SLOW, largest, moved, share_left, steps_until


def simulated(momentum, start, value, steps):
    """All averages from the start on, in float64."""
    averages = [np.float64(start)]
    for _ in range(steps):
        averages.append(averages[-1] - (averages[-1] - value) * (1 - momentum))
    return np.array(averages)


@pytest.mark.parametrize("momentum", [0.0, 0.1, 0.5, 0.9, 0.99, 1.0, -0.5, -1.0, 1.5])
def test_average_after_some_steps_is_the_simulated_one(momentum):
    averages = simulated(momentum, 1.0, 4.0, 60)
    told = [moved(1.0, 4.0, share_left(momentum, step)) for step in range(61)]
    np.testing.assert_allclose(told, averages, rtol=1e-9)


@pytest.mark.parametrize("momentum", [0.3, 0.5, 0.77, 0.9, 0.97, 0.99, 0.997, 0.999, -0.9])
@pytest.mark.parametrize("left", [ARRIVED, SLOW])
def test_steps_until_little_is_left_are_those_of_the_simulation(momentum, left):
    distance = np.abs(simulated(momentum, 1.0, 0.0, 5000))
    assert steps_until(left, momentum) == int(np.argmax(distance <= left))


@pytest.mark.parametrize(
    "momentum, steps",
    [
        *((0, 1), (0.0, 1), (-0.0, 1), (0.01, 1), (0.1, 2), (-0.1, 2), (5e-324, 1), (0.009999999999999999, 1)),
        *((0.010000000000000002, 2), (0.10000000000000002, 3), (1, None), (-1, None), (2.5, None), (math.inf, None)),
        (math.nan, None),
    ],
)
def test_steps_at_the_edges_count_the_decimals_as_they_are_written(momentum, steps):
    assert steps_until(0.01, momentum) == steps


@pytest.mark.parametrize("momentum", [0.9999999, 0.999999999999, 0.9999999999999999])
def test_steps_of_a_momentum_next_to_1_are_exact_to_the_step(momentum):
    steps = steps_until(0.01, momentum)
    rate = 1 - Fraction(repr(momentum))
    exact = math.log(100) / float(rate)  # log(1 - rate) is -rate - rate**2 / 2 - ...
    assert steps == pytest.approx(exact - math.log(100) / 2, rel=1e-15, abs=1)


def test_share_beyond_float64_is_infinite_and_has_its_sign():
    assert share_left(2.0, 5000) == math.inf and share_left(-2.0, 5001) == -math.inf
    assert share_left(-2.0, 5000) == math.inf and share_left(0.5, 10**9) == 0.0


@pytest.mark.parametrize("steps", [*range(1, 60), 1000, 4602, 10**6, 10**12])
def test_largest_momentum_leaves_no_more_and_a_larger_one_does(steps):
    found = largest(SLOW, steps)
    assert share_left(found, steps) <= SLOW
    assert 1 - found <= 1.1 * (1 - SLOW ** (1 / steps)), "two digits of the distance to 1"
