"""Inputs have the same bits everywhere."""

import hashlib

import numpy as np
import pytest

from golden import inputs
from golden.observation import Array, Observation


def test_splitmix64_gives_the_published_words():
    # The first outputs for seed 1234567 of the reference implementation, as Rosetta Code and many ports list them.
    assert inputs.splitmix64(1234567, 5) == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_dyadics_are_exact_in_every_dtype():
    values = inputs.dyadics(("case", "x0"), (64,))
    assert (values.astype(np.float16) == values).all() and (values * 64 % 1 == 0).all()
    assert values.min() >= -2 and values.max() < 2


def test_inputs_have_not_changed_since_they_were_first_used():
    digest = hashlib.sha256(inputs.dyadics(("fixed", "key"), (4, 5)).tobytes()).hexdigest()
    assert digest == "4937f95256e1b7c4235b6de04cfc3888131cf0e635d89b37c0c00272fd0ec7fc"


@pytest.mark.parametrize(
    "values, word",
    [("nan", 0x7FC00000), ("inf", 0x7F800000), ("negative-inf", 0xFF800000), ("negative-zero", 0x80000000)],
)
def test_special_values_are_bit_patterns(values, word):
    made = inputs.case_input("case", 0, {"shape": [2, 2], "values": values})
    assert made.dtype == np.float32 and made.reshape(-1)[:1].view(np.uint32)[0] == word


def test_canonical_bytes_give_the_observation_back():
    seen = Observation([("y", Array("bfloat16", (2,), b"\x80\x3f\x00\x80")), ("n", Array.of(np.int64(7)))], {"a": [1]})
    again = Observation.from_canonical(seen.canonical())
    assert again.canonical() == seen.canonical() and again.arrays["n"].values() == 7
    assert again.arrays["y"].values().tolist() == [1.0, 0.0]


def test_array_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match=r"dtype float32 and shape \(3,\) has 12 bytes, got 8"):
        Array("float32", (3,), b"\0" * 8)
