"""Mean and biased variance of a batch."""

from typing import Any, Sequence, Tuple

from tfcompat.backend import ops
from tfcompat.backend.ops import tf, tf1


def batch_moments(
    x: Any, axes: Sequence[int], keep_dims: bool, mask: Any = None, depends_on_mean: bool = ops.VARIANCE_DEPENDS_ON_MEAN
) -> Tuple[Any, Any]:
    """(mean, variance) over `axes`; the variance is divided by n.

    Args:
      x: float tensor.
      axes: the axes to reduce.
      keep_dims: whether reduced axes stay with size 1.
      mask: None, or a tensor of the shape of `x` without its last axis; elements count with the mask as weight (TF
        2.12).
      depends_on_mean: whether the variance is differentiated as one that depends on the mean: its first derivatives
        are then the same but for rounding, and its second ones right (TF 2.22).
    """
    if mask is not None:
        weights = tf.expand_dims(tf.cast(mask, x.dtype), axis=-1)
        return ops.weighted_moments(x, axes, weights, keep_dims)
    if depends_on_mean == ops.VARIANCE_DEPENDS_ON_MEAN:
        return ops.moments(x, axes, keep_dims)
    return _moments_of_deviations(x, list(axes), keep_dims, depends_on_mean)


def _moments_of_deviations(x: Any, axes: Sequence[int], keep_dims: bool, depends_on_mean: bool) -> Tuple[Any, Any]:
    """What `tf.nn.moments` of another release than the one that runs computes, operation by operation.

    Their order and names are those of the release, too: where a graph has three gradients to add up, both decide in
    which order the session does it.
    """
    with tf1.name_scope("moments"):
        mean = tf.reduce_mean(x, axes, keepdims=True, name="mean")
        constant = tf.stop_gradient(mean)
        if depends_on_mean:
            deviation = tf.subtract(x, constant)
            mean_of_square = tf.reduce_mean(tf.square(deviation), axes, keepdims=True)
            square_of_mean = tf.square(tf.reduce_mean(deviation, axes, keepdims=True))
            variance = tf.subtract(mean_of_square, square_of_mean)
            variance = tf.maximum(variance, tf.cast(0, x.dtype), name="variance")
        else:
            squares = tf.math.squared_difference(x, constant)
            variance = tf.reduce_mean(squares, axes, keepdims=True, name="variance")
        return (mean, variance) if keep_dims else (tf.squeeze(mean, axes), tf.squeeze(variance, axes))
