"""Inputs with the same bits on every Python and NumPy: SplitMix64 keyed by the case, mapped to exact dyadics.

SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014), section 4.
"""

import hashlib

import numpy as np

_MASK = (1 << 64) - 1
_FRACTION_BITS = 6


def splitmix64(seed, count):
    """`count` 64-bit words of SplitMix64 from `seed`, as Python ints."""
    words, state = [], seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        words.append(z ^ (z >> 31))
    return words


def seed_of(*key):
    """A 64-bit seed from strings."""
    return int.from_bytes(hashlib.sha256("/".join(key).encode("utf-8")).digest()[:8], "little")


def dyadics(key, shape, low=-2.0, high=2.0):
    """Multiples of 1/64 in [low, high), exact in every float dtype down to bfloat16.

    Args:
      key: tuple of strings; the same key gives the same values.
      shape: tuple of ints.
      low, high: multiples of 1/64.

    Returns:
      float64 array of `shape`.
    """
    scale = 1 << _FRACTION_BITS
    first, span = int(low * scale), int((high - low) * scale)
    count = int(np.prod(shape, dtype=np.int64))
    words = splitmix64(seed_of(*key), count)
    return np.array([(first + word % span) / float(scale) for word in words], dtype=np.float64).reshape(shape)


def _with_bits(hex_word):
    """Replaces the first element by a float32 bit pattern."""

    def replace(values):
        values = values.astype(np.float32)
        values.reshape(-1)[:1] = np.array([int(hex_word, 16)], dtype=np.uint32).view(np.float32)
        return values

    return replace


def _subnormal(values):
    """Scales to float32 subnormals, exactly."""
    return (np.float64(values) * 2.0**-140).astype(np.float32)


#: What a case may ask of its input beyond plain dyadics: name -> function of the float64 dyadics.
SHAPERS = {
    "dyadic": lambda v: v,
    "huge-mean": lambda v: v + 4096.0,
    "constant": lambda v: np.full_like(v, 1.25),
    "constant-channel": lambda v: np.concatenate([np.full_like(v[..., :1], 0.75), v[..., 1:]], axis=-1),
    "zeros": np.zeros_like,
    "negative-zeros": lambda v: np.negative(np.zeros_like(v)),
    "tiny": lambda v: v * 2.0**-60,
    "huge": lambda v: v * 2.0**66,
    "subnormal": _subnormal,
    "nan": _with_bits("7fc00000"),
    "inf": _with_bits("7f800000"),
    "negative-inf": _with_bits("ff800000"),
    "negative-zero": _with_bits("80000000"),
}


def case_input(case_id, index, spec):
    """The float64 (or float32, for bit patterns) values of one input of a case.

    Args:
      case_id: id of the case, the key of its values.
      index: which input of the case, from 0.
      spec: the case's `input`: `shape`, and optionally `values`, a name in `SHAPERS`.
    """
    plain = dyadics((case_id, "x%d" % index), tuple(spec["shape"]))
    return SHAPERS[spec.get("values", "dyadic")](plain)


#: Where the generated start of a variable lies, by the last part of its name; the rest starts in [0.25, 0.75).
_START_RANGES = {
    "gamma": (0.5, 1.5),
    "beta": (-1.0, 1.0),
    "moving_mean": (-1.0, 1.0),
    "moving_variance": (0.5, 2.5),
    "moving_stddev": (0.5, 1.5),
    "renorm_mean": (-1.0, 1.0),
    "renorm_stddev": (0.5, 1.5),
}


def start_value(case_id, name, position, shape):
    """The generated start of a variable, float64.

    Args:
      case_id: id of the case.
      name: the variable's name; its leaf picks the range, so that variances stay positive.
      position: which variable of that leaf, from 0: the start does not depend on scopes or automatic names.
      shape: the variable's shape.
    """
    leaf = leaf_name(name)
    low, high = _START_RANGES.get(leaf, (0.25, 0.75))
    return dyadics((case_id, "start", leaf, str(position)), shape, low, high)


def leaf_name(name):
    """`gamma` of `a/batch_normalization/gamma:0` and of `a/gamma/part_0:0`."""
    parts = [part for part in name.split(":")[0].split("/") if not part.startswith("part_")]
    return parts[-1]


def weights_like(case_id, call, step, shape):
    """The generated weights of the loss: d loss / d output, float64."""
    return dyadics((case_id, "w%d" % call, str(step)), shape, -1.0, 1.0)
