"""Mean and biased variance of a batch."""

from typing import Any, Sequence, Tuple

from tfcompat.backend import ops
from tfcompat.backend.ops import tf


def batch_moments(x: Any, axes: Sequence[int], keep_dims: bool, mask: Any = None) -> Tuple[Any, Any]:
    """(mean, variance) over `axes`; the variance is divided by n.

    Args:
      x: float tensor.
      axes: the axes to reduce.
      keep_dims: whether reduced axes stay with size 1.
      mask: None, or a tensor of the shape of `x` without its last axis; elements count with the mask as weight (TF
        2.12).
    """
    if mask is None:
        return ops.moments(x, axes, keep_dims)
    weights = tf.expand_dims(tf.cast(mask, x.dtype), axis=-1)
    return ops.weighted_moments(x, axes, weights, keep_dims)
