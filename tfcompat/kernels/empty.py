"""Batches without elements, of which moments are NaN: a replica may be given none, and so may a layer."""

from typing import Any, Optional, Tuple

from tfcompat.backend import ops, replicas
from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels.step import Step, Update
from tfcompat.kernels.unfused import Moments


def presence(x: Any, config: Config) -> Optional[Any]:
    """A scalar bool tensor, whether there are elements to take moments of; None where nobody asks.

    Args:
      x: the input.
      config: asks with `empty_batch="keep"`; so does a strategy that may have given this replica no examples.
    """
    if config.empty_batch == "keep" and config.synchronized and replicas.several():
        # A replica that knows that it has examples takes part: the others wait for it.
        return replicas.total([tf.cast(tf.size(x), tf.float32)])[0] > 0
    if config.empty_batch == "keep" and _may_be_empty(x):
        return tf.size(x) > 0
    return tf.shape(x)[0] > 0 if replicas.may_be_empty() and not config.synchronized else None


def refused(x: Any, config: Config, training: Any) -> Any:
    """The input, which with `empty_batch="error"` is an InvalidArgumentError while training if it is empty."""
    if config.empty_batch != "error" or not _may_be_empty(x):
        return x
    known = ops.static_value(training)
    if known is not None and not known:
        return x
    fine = tf.logical_or(tf.size(x) > 0, tf.logical_not(tf.cast(training, tf.bool)))
    told = (
        "the batch has no elements, of which mean and variance would be NaN. Leave it out, or choose "
        "empty_batch=keep, which changes nothing. Its shape:"
    )
    with tf.control_dependencies([tf.debugging.Assert(fine, [told, tf.shape(x)])]):
        return tf.identity(x)


def _may_be_empty(x: Any) -> bool:
    """Whether the input has no elements, as far as is known now."""
    shape = ops.shape_of(x)
    return shape is None or None in shape or 0 in shape


def zero_unless(present: Any, take_moments: Moments) -> Moments:
    """Moments that are 0 where there are no examples to take them of, so that no gradient is NaN."""

    def take(x: Any, axes: Any, keep_dims: bool) -> Tuple[Any, Any]:
        mean, variance = take_moments(x, axes, keep_dims)
        return ops.select(present, mean, tf.zeros_like(mean)), ops.select(present, variance, tf.zeros_like(variance))

    return take


def updated_if(present: Any, step: Step, config: Config) -> Step:
    """The step, with updates that happen only where there are elements.

    On a replica without examples TensorFlow still computes what follows from averages (renorm's `moving_variance`), so
    that the initial 1 becomes 1 - epsilon; `empty_batch="keep"` leaves that alone, too.
    """

    def guarded(update: Update) -> Update:
        if update.kind == "assign" and update.after and config.empty_batch != "keep":
            return update
        return update._replace(when=present if update.when is None else tf.logical_and(present, update.when))

    return step._replace(updates=tuple(map(guarded, step.updates)))
