"""Batch normalization by TensorFlow's fused kernel: rank 4 and 5, one channel axis."""

from typing import Any, Callable, Optional

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels import averages
from tfcompat.kernels.step import Step, Update, Weights
from tfcompat.plan import Plan
from tfcompat.releases import SMALLEST_FUSED_EPSILON

_STATISTICS = ("moving_mean", "moving_variance")


def fused(
    x: Any,
    weights: Weights,
    plan: Plan,
    config: Config,
    training: Any,
    average_in_kernel: bool,
    kernel: Optional[Callable[..., Any]] = None,
) -> Step:
    """Normalizes with the kernel; the variance that goes into the average is the unbiased one, n / (n - 1) times the
    batch's.

    Args:
      x: float16, bfloat16 or float32 tensor of rank 4 or 5.
      weights: gamma, beta (None where there is none), moving_mean, moving_variance.
      plan: a plan whose kernel is `fused`.
      config: momentum and epsilon.
      training: a bool or a scalar bool tensor.
      average_in_kernel: whether the kernel itself moves the averages.  Same formula, other rounding (1 ULP).
      kernel: what runs instead of TensorFlow's; takes what `ops.fused_batch_norm` takes, and any `training`.
    """
    if ops.is_tensor(config.epsilon):
        raise TypeError(
            "epsilon is {!r}; the fused kernel takes a number. Give a number, or fused=False.".format(config.epsilon)
        )
    gamma = _or_constant(weights["gamma"], 1.0, plan)
    beta = _or_constant(weights["beta"], 0.0, plan)
    common = {"epsilon": _epsilon(config, plan), "data_format": plan.data_format}
    averages_in = {"mean": weights["moving_mean"], "variance": weights["moving_variance"]}
    average = {"exponential_avg_factor": 1.0 - config.momentum} if average_in_kernel else {}

    def train() -> Any:
        given = averages_in if average_in_kernel else {}
        return ops.fused_batch_norm(x, gamma, beta, **average, **given, **common)

    def infer() -> Any:
        return ops.fused_batch_norm(x, gamma, beta, is_training=False, **averages_in, **common)

    if kernel is None:
        output, mean, variance = ops.smart_cond(training, train, infer)
    else:
        output, mean, variance = kernel(x, gamma, beta, is_training=training, **average, **averages_in, **common)
    known = ops.static_value(training)
    if known is not None and not known:
        return Step(output)
    if ops.FUSED_LEAVES_MOMENTS_UNSET and known is None:
        # Whatever the memory held times a decay of 0 may be NaN, and would stay in the average.
        mean = ops.select(training, mean, averages_in["mean"])
        variance = ops.select(training, variance, averages_in["variance"])
    moments = tuple(zip(_STATISTICS, (mean, variance)))
    if average_in_kernel:
        return Step(output, tuple(_set(name, value) for name, value in moments))
    rate = averages.fused_rate(training, config.momentum, plan.behaviour)
    eagerly = plan.behaviour.frozen_layer_updates_eagerly
    return Step(output, tuple(averages.move(name, value, rate, even_frozen=eagerly) for name, value in moments))


def _epsilon(config: Config, plan: Plan) -> Any:
    if plan.behaviour.fused_epsilon_clamped and not config.epsilon > SMALLEST_FUSED_EPSILON:
        return SMALLEST_FUSED_EPSILON
    return config.epsilon


def _set(name: str, value: Any) -> Update:
    return Update(name, "assign", lambda weights: value)


def _or_constant(weight: Any, value: float, plan: Plan) -> Any:
    return tf.constant(value, dtype=plan.param_dtype, shape=plan.param_shape) if weight is None else weight
