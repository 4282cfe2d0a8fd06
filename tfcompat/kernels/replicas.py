"""Moments over the batches of all replicas."""

from typing import Any, Sequence, Tuple

from tfcompat.backend import ops, replicas
from tfcompat.backend.ops import tf
from tfcompat.kernels.moments import batch_moments


def synchronized_moments(
    x: Any, axes: Sequence[int], keep_dims: bool, mask: Any = None, depends_on_mean: bool = ops.VARIANCE_DEPENDS_ON_MEAN
) -> Tuple[Any, Any]:
    """(mean, variance) over `axes` and over all replicas, each element of each counting once.

    The deviations are taken from the mean of all, so that nothing cancels: the variance is as good as that of one big
    batch.  Without other replicas this is `batch_moments`, whose arguments it has.
    """
    if not replicas.several():
        return batch_moments(x, axes, keep_dims, mask, depends_on_mean)
    wide = tf.cast(x, tf.float32) if x.dtype in (tf.float16, tf.bfloat16) else x
    weights = None if mask is None else tf.expand_dims(tf.cast(mask, wide.dtype), axis=-1)
    elements, count = replicas.total([_sum(wide, weights, axes), _count(wide, weights, axes)])
    mean = elements / count
    (squares,) = replicas.total([_sum(tf.square(wide - mean), weights, axes)])
    variance = squares / count
    if not keep_dims:
        mean, variance = tf.squeeze(mean, axes), tf.squeeze(variance, axes)
    return tf.cast(mean, x.dtype), tf.cast(variance, x.dtype)


def _sum(x: Any, weights: Any, axes: Sequence[int]) -> Any:
    return tf.reduce_sum(x if weights is None else x * weights, axes, keepdims=True)


def _count(x: Any, weights: Any, axes: Sequence[int]) -> Any:
    """How many elements there are along the axes, or the sum of their weights."""
    if weights is None:
        return tf.cast(tf.reduce_prod(tf.gather(tf.shape(x, out_type=tf.int64), axes)), x.dtype)
    return tf.reduce_sum(tf.broadcast_to(weights, tf.shape(x)), axes, keepdims=True)
