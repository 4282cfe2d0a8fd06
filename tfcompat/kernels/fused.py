"""Batch normalization by TensorFlow's fused kernel: rank 4 and 5, one channel axis."""

from typing import Any, Tuple

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels import averages
from tfcompat.kernels.step import Step, Update, Weights
from tfcompat.plan import Plan

_STATISTICS = ("moving_mean", "moving_variance")


def fused(x: Any, weights: Weights, plan: Plan, config: Config, training: Any, average_in_kernel: bool) -> Step:
    """Normalizes with the kernel; the variance that goes into the average is the unbiased one, n / (n - 1) times the
    batch's.

    Args:
      x: float16, bfloat16 or float32 tensor of rank 4 or 5.
      weights: gamma, beta (None where there is none), moving_mean, moving_variance.
      plan: a plan whose kernel is `fused`.
      config: momentum and epsilon.
      training: a bool or a scalar bool tensor.
      average_in_kernel: whether the kernel itself moves the averages.  Same formula, other rounding (1 ULP).
    """
    if tf.is_tensor(config.epsilon):
        raise TypeError(
            "epsilon is {!r}; the fused kernel takes a number. Give a number, or fused=False.".format(config.epsilon)
        )
    gamma = _or_constant(weights["gamma"], 1.0, plan)
    beta = _or_constant(weights["beta"], 0.0, plan)
    common = {"epsilon": config.epsilon, "data_format": plan.data_format}
    averages_in = {"mean": weights["moving_mean"], "variance": weights["moving_variance"]}

    def train() -> Any:
        if not average_in_kernel:
            return ops.fused_batch_norm(x, gamma, beta, **common)
        factor = 1.0 - config.momentum
        return ops.fused_batch_norm(x, gamma, beta, exponential_avg_factor=factor, **averages_in, **common)

    def infer() -> Any:
        return ops.fused_batch_norm(x, gamma, beta, is_training=False, **averages_in, **common)

    known = ops.static_value(training)
    output, mean, variance = ops.smart_cond(training, train, infer)
    if known is not None and not known:
        return Step(output)
    if known is None and plan.behaviour.moments_unset_at_inference:
        # Whatever the memory held times a decay of 0 may be NaN, and would stay in the average.
        mean = ops.select(training, mean, averages_in["mean"])
        variance = ops.select(training, variance, averages_in["variance"])
    if average_in_kernel:
        return Step(output, tuple(map(_set, _STATISTICS, (mean, variance))))
    return Step(output, _moving_updates((mean, variance), config, training, known))


def _set(name: str, value: Any) -> Update:
    return Update(name, "assign", lambda weights: value)


def _moving_updates(moments: Tuple[Any, Any], config: Config, training: Any, known: Any) -> Tuple[Update, ...]:
    """Unconditional updates: at inference the momentum is 1."""
    if known is None:
        momentum = ops.smart_cond(training, lambda: config.momentum, lambda: 1.0)
    else:
        momentum = tf.convert_to_tensor(config.momentum)
    return tuple(averages.move(name, value, momentum) for name, value in zip(_STATISTICS, moments))


def _or_constant(weight: Any, value: float, plan: Plan) -> Any:
    return tf.constant(value, dtype=plan.param_dtype, shape=plan.param_shape) if weight is None else weight
