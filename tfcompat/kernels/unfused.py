"""Batch normalization written out (Ioffe and Szegedy 2015, algorithm 1), with all that the fused kernel cannot do."""

from typing import Any, Callable, NamedTuple, Optional, Tuple

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels import averages, debiased_renorm, renorm, virtual_batch
from tfcompat.kernels.step import Step, Update, Weights
from tfcompat.plan import Plan

#: `(x, reduction_axes, keep_dims) -> (mean, variance)`.
Moments = Callable[[Any, Any, bool], Tuple[Any, Any]]

#: `(x, mean, variance, offset, scale, plan, config, training) -> output`.
Normalize = Callable[[Any, Any, Any, Any, Any, Plan, Config, Any], Any]


class Arithmetic(NamedTuple):
    """The two parts that pass over the input.

    Attributes:
      take_moments: gives mean and biased variance.
      normalize: gives the output, from the input and these or the moving averages.
    """

    take_moments: Moments
    normalize: Normalize


def unfused(x: Any, weights: Weights, plan: Plan, config: Config, training: Any, arithmetic: Arithmetic) -> Step:
    """Normalizes over the plan's reduction axes.

    Args:
      x: float tensor of the plan's rank.
      weights: gamma, beta (None where there is none), moving_mean, moving_variance and the renorm state.
      plan: a plan whose kernel is `unfused`.
      config: momentum, epsilon, clips, adjustment.
      training: a bool or a scalar bool tensor.
      arithmetic: how the moments are taken and the output is computed.
    """
    known = (
        None if plan.behaviour.constant_training_read_late and tf.is_tensor(training) else ops.static_value(training)
    )
    original = x
    if plan.virtual_batch_size is not None:
        x = virtual_batch.split(x, plan, known)
    narrow = x.dtype.base_dtype
    if narrow in (tf.float16, tf.bfloat16) and plan.behaviour.unfused_in_float32:
        x = tf.cast(x, tf.float32)
    if known == False:  # noqa: E712 - also a constant tensor's array([False]) and 0
        step = _inference(x, weights, plan, config, arithmetic)
    else:
        step = _training(x, weights, plan, config, training, arithmetic)
    output = step.output
    if output.dtype.base_dtype != narrow and plan.behaviour.unfused_in_float32:
        output = tf.cast(output, narrow)
    output.set_shape(x.shape)
    if plan.virtual_batch_size is not None:
        output = virtual_batch.join(output, original, plan)
    return step._replace(output=output)


def _inference(x: Any, weights: Weights, plan: Plan, config: Config, arithmetic: Arithmetic) -> Step:
    scale, offset = in_shape(weights["gamma"], plan), in_shape(weights["beta"], plan)
    mean, variance = weights["moving_mean"], weights["moving_variance"]
    return Step(arithmetic.normalize(x, mean, variance, offset, scale, plan, config, False))


def _training(x: Any, weights: Weights, plan: Plan, config: Config, training: Any, arithmetic: Arithmetic) -> Step:
    scale, offset = in_shape(weights["gamma"], plan), in_shape(weights["beta"], plan)
    if config.adjustment is not None:
        scale, offset = _compose(*_adjustment(x, config, training), scale, offset)
    mean, variance = arithmetic.take_moments(tf.cast(x, plan.param_dtype), list(plan.reduction_axes), plan.keep_dims)
    batch_mean, batch_variance = mean, variance
    mean = ops.smart_cond(training, lambda: batch_mean, lambda: tf.convert_to_tensor(weights["moving_mean"]))
    variance = ops.smart_cond(
        training, lambda: batch_variance, lambda: tf.convert_to_tensor(weights["moving_variance"])
    )
    new_mean, new_variance = mean, variance
    if plan.behaviour.averages_move_at_inference:
        new_mean, new_variance = batch_mean, batch_variance
    if plan.virtual_batch_size is not None:
        new_mean = tf.reduce_mean(mean, axis=1, keepdims=True)
        new_variance = tf.reduce_mean(variance, axis=1, keepdims=True)
    updates: Tuple[Update, ...] = ()
    reads: Tuple[Any, ...] = ()
    if config.renorm:
        algorithm = debiased_renorm if plan.behaviour.renorm_debiased else renorm
        correction = algorithm.correct(new_mean, new_variance, weights, plan, config, training)
        reads = (correction.r, correction.d)
        scale, offset = _compose(in_shape(correction.r, plan), in_shape(correction.d, plan), scale, offset)
        updates = correction.updates
    else:
        moments = (("moving_mean", new_mean), ("moving_variance", new_variance))
        updates = tuple(
            averages.move_while(training, name, value, config.momentum, plan.behaviour) for name, value in moments
        )
    return Step(arithmetic.normalize(x, mean, variance, offset, scale, plan, config, training), updates, reads)


def _adjustment(x: Any, config: Config, training: Any) -> Tuple[Any, Any]:
    """Scale and bias of the normalized values: the user's while training, else 1 and 0."""
    assert config.adjustment is not None
    scale, bias = config.adjustment(tf.shape(x))
    scale_now = ops.smart_cond(training, lambda: scale, lambda: tf.ones_like(scale))
    bias_now = ops.smart_cond(training, lambda: bias, lambda: tf.zeros_like(bias))
    return scale_now, bias_now


def _compose(scale: Any, offset: Any, then_scale: Optional[Any], then_offset: Optional[Any]) -> Tuple[Any, Any]:
    """One affine map after another."""
    if then_scale is not None:
        scale *= then_scale
        offset *= then_scale
    if then_offset is not None:
        offset += then_offset
    return scale, offset


def in_shape(vector: Any, plan: Plan) -> Any:
    """A per-channel vector in the shape in which it meets the input; other ranks pass."""
    if vector is None or plan.broadcast_shape is None or len(vector.shape) == plan.kernel_rank:
        return vector
    return tf.reshape(vector, plan.broadcast_shape)


def normalize(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, plan: Plan, config: Config, training: Any
) -> Any:
    """Scale * (x - mean) / sqrt(variance + epsilon) + offset, in the dtype of x, whatever `training` is."""
    mean, variance = tf.cast(mean, x.dtype), tf.cast(variance, x.dtype)
    offset = None if offset is None else tf.cast(offset, x.dtype)
    scale = None if scale is None else tf.cast(scale, x.dtype)
    return tf.nn.batch_normalization(x, in_shape(mean, plan), in_shape(variance, plan), offset, scale, config.epsilon)
