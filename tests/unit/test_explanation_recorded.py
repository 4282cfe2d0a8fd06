"""What an explanation says of groups of one and of no elements is what every release was recorded to do."""

import numpy as np
import pytest

from golden.store import DATA, Store
from tfcompat.releases import RELEASES

STORE = Store(DATA)
ONE = pytest.mark.parametrize("case_id", ["one-1-1-1", "one-rank2", "one-rank5"])
EMPTY = pytest.mark.parametrize("case_id", ["empty-rank2", "empty-rank4", "empty-rank4-training-true"])


def recorded(case_id):
    """Key -> name -> array, of all that trained without an error, which some mode of every release did."""
    found = {}
    for key in STORE.keys():
        arrays = STORE.observation(case_id, STORE.index(key).cases[case_id].sha).arrays if has(key, case_id) else {}
        if "s0/y0" in arrays:
            found[key] = {name: array.values() for name, array in arrays.items()}
    assert len({key.release for key in found}) == len(RELEASES)
    return found


def has(key, case_id):
    return case_id in STORE.index(key).cases


def variable(arrays, step, name):
    (value,) = [array for path, array in arrays.items() if path.startswith(step + "/v:") and path.endswith("/" + name)]
    return value


@ONE
def test_output_of_a_group_of_one_is_beta_whatever_the_input_is(case_id):
    for key, arrays in recorded(case_id).items():
        beta = np.broadcast_to(variable(arrays, "s0", "beta"), arrays["s0/y0"].shape)
        np.testing.assert_array_equal(arrays["s0/y0"], beta, err_msg=str(key))


@ONE
def test_moving_variance_of_a_group_of_one_goes_to_0(case_id):
    for key, arrays in recorded(case_id).items():
        first, second = (variable(arrays, step, "moving_variance") for step in ("s0", "s1"))
        np.testing.assert_allclose(second, first * 0.99, rtol=1e-5, err_msg=str(key))


@EMPTY
def test_averages_of_an_empty_group_become_nan(case_id):
    for key, arrays in recorded(case_id).items():
        assert np.isnan(variable(arrays, "s0", "moving_mean")).all(), key
        assert np.isnan(variable(arrays, "s0", "moving_variance")).all(), key
