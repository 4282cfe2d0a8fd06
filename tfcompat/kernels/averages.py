"""Exponential moving averages (Ioffe and Szegedy 2015, section 3.1).

average <- average - (average - value) * (1 - momentum), in the dtype of the average.  The decay is the difference of
two Python numbers, rounded once, or of two tensors; the two are up to 17 ULP apart for 0.99, and the recordings tell
which is used.
"""

from typing import Any

from tfcompat.backend.ops import tf
from tfcompat.kernels.step import Update


def decay(momentum: Any, dtype: Any) -> Any:
    """1 - momentum as a scalar tensor of `dtype`.

    Args:
      momentum: a number or a scalar tensor; a tensor keeps its dtype for the subtraction.
      dtype: dtype of the average.
    """
    difference = tf.convert_to_tensor(1.0 - momentum, name="decay")
    return difference if difference.dtype == dtype else tf.cast(difference, dtype)


def move(name: str, value: Any, momentum: Any, **how: Any) -> Update:
    """The update that moves an average towards a value.

    Args:
      name: of the average.
      value: tensor of its shape, of any float dtype.
      momentum: a number or a scalar tensor.
      **how: the rest of an `Update`.
    """

    def change(weights: Any) -> Any:
        average = weights[name]
        dtype = average.dtype.base_dtype
        rate = decay(momentum, dtype)
        return (average - tf.cast(value, dtype)) * rate

    return Update(name, "subtract", change, **how)
