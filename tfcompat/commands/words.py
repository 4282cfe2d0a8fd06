"""Reads the values of options: each function takes what came, or raises an `InputError` that says what is allowed."""

import math
from typing import Any, Callable, Dict, List, Optional, Tuple

from tfcompat.errors import InputError

#: Names of the dtypes that can be normalized.
DTYPES = {name: name for name in ("float16", "bfloat16", "float32", "float64")}

#: The most steps that can be counted; more are a slip.
MOST_STEPS = 10**12


def shape(word: str) -> Tuple[Optional[int], ...]:
    """`10,3,3,64`; `?` or `none` where a size is unknown."""
    return tuple(_size_or_unknown(part, word) for part in _parts(word))


def _size_or_unknown(part: str, word: str) -> Optional[int]:
    if part.lower() in ("?", "none"):
        return None
    size = _whole(part)
    if size is None:
        raise InputError(
            "--shape is {!r}, and {!r} is no size; a size is a whole number from 0 on, or ? where it is unknown. Write "
            "for example --shape 10,3,3,64".format(word, part)
        )
    return size


def _whole(word: str) -> Optional[int]:
    """A whole number that TensorFlow has the bits for; None for anything else."""
    return int(word) if word.isdecimal() and len(word) < 19 else None


def axis(word: str) -> Any:
    """`-1` as an int, `1,3` as a list."""
    try:
        axes = [int(part) for part in _parts(word)]
    except ValueError:
        raise InputError(
            "--axis is {!r}; it is a whole number, or several with commas. Write for example --axis -1 or "
            "--axis=1,3".format(word)
        ) from None
    return axes[0] if len(axes) == 1 else axes


def _parts(word: str) -> List[str]:
    return [part.strip() for part in word.strip().strip("()[]").split(",")]


def number(option: str) -> Callable[[str], float]:
    """Reads the finite number of an option."""

    def read(word: str) -> float:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError("{} is {!r}; it is a finite number, for example 0.99".format(option, word))
        return value

    return read


def whole(option: str, most: int) -> Callable[[str], int]:
    """Reads the positive whole number of an option."""

    def read(word: str) -> int:
        value = _whole(word)
        if value is None or not 1 <= value <= most:
            raise InputError("{} is {!r}; it is a whole number from 1 to {}".format(option, word, most))
        return value

    return read


def one_of(option: str, allowed: Dict[str, Any]) -> Callable[[str], Any]:
    """Reads an option that is one of some words, as what each of them stands for."""

    def read(word: str) -> Any:
        if word.lower() not in allowed:
            raise InputError("{} is {!r}; it is one of {}".format(option, word, ", ".join(allowed)))
        return allowed[word.lower()]

    return read


def clipping(word: str) -> Dict[str, float]:
    """`rmax=3,rmin=0.33,dmax=5`; which names there may be is the layer's business."""
    pairs = [part.partition("=") for part in _parts(word)]
    if not all(equals for _, equals, _ in pairs):
        raise InputError(
            "--renorm-clipping is {!r}; it is names and numbers, for example rmax=3,rmin=0.33,dmax=5".format(word)
        )
    return {name.strip(): number("--renorm-clipping " + name.strip())(value) for name, _, value in pairs}
