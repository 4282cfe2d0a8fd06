"""How far apart floating point numbers are: in ULP, and in eps of the largest."""

import numpy as np


def eps_between(expected, obtained, payloads=True):
    """max|difference| / (eps * max|expected|) of two `Array`s of one dtype and shape, in exact arithmetic's float64.

    Infinite where they differ in what is not finite, where the expected values are all zero, and for integers.

    Args:
      expected, obtained: the `Array`s.
      payloads: whether a NaN with other bits, its sign for example, is another value.
    """
    if not is_float(expected):
        return float("inf")
    if expected == obtained:
        return 0.0
    one, other = expected.values().astype(np.float64), obtained.values().astype(np.float64)
    finite = np.isfinite(one)
    if stray(expected, obtained, payloads).any():
        return float("inf")
    difference = np.abs(one[finite] - other[finite]).max() if finite.any() else 0.0
    if difference == 0:
        return 0.0
    largest = np.abs(one[finite]).max()
    return float(difference / (epsilon(expected.dtype) * largest)) if largest else float("inf")


def eps_from(expected, values):
    """max|difference| / (eps * max|expected|) of an `Array` and plain numbers, NaN being equal to NaN.

    Infinite for another shape, and where they differ in what is not finite; where all is expected to be zero, the
    difference is taken in eps of 1.

    Args:
      expected: a floating point `Array`.
      values: what NumPy makes float64 of.
    """
    one, other = expected.values().astype(np.float64), np.asarray(values, np.float64)
    if one.shape != other.shape:
        return float("inf")
    finite = np.isfinite(one)
    if not ((one == other) | (np.isnan(one) & np.isnan(other)) | (finite & np.isfinite(other))).all():
        return float("inf")
    difference = np.abs(one[finite] - other[finite]).max() if finite.any() else 0.0
    largest = np.abs(one[finite]).max() if finite.any() else 0.0
    return float(difference / (epsilon(expected.dtype) * (largest or 1.0)))


def stray(expected, obtained, payloads=True):
    """Where two floating point `Array`s differ and at least one is not finite: an array of bools of their shape."""
    one, other = expected.values(), obtained.values()
    differ = (expected.bits() != obtained.bits()) & ~(np.isfinite(one) & np.isfinite(other))
    return differ if payloads else differ & ~(np.isnan(one) & np.isnan(other))


def is_float(array):
    """Whether the values of an `Array` are floating point numbers."""
    return array.dtype == "bfloat16" or array.storage_dtype.kind == "f"


def epsilon(dtype):
    """The distance from 1 to the next number of a floating point dtype."""
    return 2.0**-7 if dtype == "bfloat16" else float(np.finfo(dtype).eps)


def ulps_between(one, other, dtype):
    """How many floating point numbers lie between two bit patterns, as an int; 0 between the two zeros."""
    return abs(_ordinal(one, dtype) - _ordinal(other, dtype))


def _ordinal(bits, dtype):
    """The place of a bit pattern among all numbers of its dtype, as an int: floats sort as sign and magnitude."""
    width = 16 if dtype == "bfloat16" else np.dtype(dtype).itemsize * 8
    sign = 1 << (width - 1)
    word = int(bits)
    return sign - word if word & sign else word
