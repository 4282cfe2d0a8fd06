"""From values of one release or layout to those of another; NumPy alone."""

from typing import Any, Callable, Dict, Optional, Sequence

import numpy as np

from tfcompat.errors import InputError
from tfcompat.migrate.checkpoints.variables import Shape

#: name -> function of the arrays (float64 unless copied) and of the layer's epsilon.
CONVERSIONS: Dict[str, Callable[[Sequence[Any], float], Any]] = {
    "copy": lambda arrays, epsilon: arrays[0],
    "one": lambda arrays, epsilon: np.ones(()),
    "sqrt(variance + epsilon)": lambda arrays, epsilon: _stddev(arrays[0], epsilon),
    "renorm_mean / weight": lambda arrays, epsilon: _debiased(arrays[0], arrays[1], _wide(arrays[2])),
    "renorm_stddev / weight": lambda arrays, epsilon: _debiased(arrays[0], arrays[1], _stddev(arrays[2], epsilon)),
}


def convert(name: str, arrays: Sequence[Any], shape: Shape, dtype: str, epsilon: Optional[float] = None) -> Any:
    """One value for a variable.

    Args:
      name: of the conversion.
      arrays: what it is made of, the main one first.
      shape, dtype: of the variable; the value has as many elements.
      epsilon: of the layer, where the conversion needs it.

    Raises:
      InputError: a finite value is too large for the dtype.
    """
    made = CONVERSIONS[name](arrays, 0.0 if epsilon is None else epsilon)
    with np.errstate(over="ignore"):
        value = np.reshape(made, shape).astype(dtype, copy=False)
    if value.dtype.itemsize < np.asarray(made).dtype.itemsize and np.any(np.isinf(value) & np.isfinite(made)):
        raise InputError("a value is too large for {}; give the model's layer a wider dtype.".format(dtype))
    return value


def _wide(array: Any) -> Any:
    return np.asarray(array, np.float64)


def _stddev(variance: Any, epsilon: float) -> Any:
    return np.sqrt(_wide(variance) + epsilon)


def _debiased(average: Any, weight: Any, start: Any) -> Any:
    """What a zero-debiased average stands for; before its first update nothing but `start`."""
    return start if float(weight) == 0 else _wide(average) / float(weight)
