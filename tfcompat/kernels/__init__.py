"""Pure functions `(x, weights, plan, ...) -> Step`; they assign nothing."""

from typing import Any

from tfcompat.backend import ops
from tfcompat.config import Config
from tfcompat.kernels.fused import fused
from tfcompat.kernels.step import Step, Weights
from tfcompat.kernels.unfused import Moments, unfused
from tfcompat.plan import Plan


def run(
    x: Any, weights: Weights, plan: Plan, config: Config, training: Any, take_moments: Moments, may_average: bool
) -> Step:
    """The step of the plan's kernel.

    Args:
      x: float tensor of the plan's rank.
      weights: the variables by name.
      plan, config: what was resolved, and what was asked for.
      training: a bool or a scalar bool tensor.
      take_moments: gives mean and biased variance to the unfused kernel.
      may_average: whether the fused kernel may move the averages itself.
    """
    if plan.kernel == "unfused":
        return unfused(x, weights, plan, config, training, take_moments)
    able = may_average and ops.FUSED_AVERAGES and isinstance(config.momentum, (float, int))
    return fused(x, weights, plan, config, training, able and plan.behaviour.average_in_kernel)
