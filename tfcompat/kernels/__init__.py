"""Pure functions `(x, weights, plan, ...) -> Step`; they assign nothing."""

from typing import Any

from tfcompat.backend import ops
from tfcompat.config import Config
from tfcompat.kernels import empty, engines
from tfcompat.kernels.fused import fused
from tfcompat.kernels.step import Step, Weights
from tfcompat.kernels.unfused import Arithmetic, Moments, normalize, unfused
from tfcompat.plan import Plan


def run(
    x: Any,
    weights: Weights,
    plan: Plan,
    config: Config,
    training: Any,
    take_moments: Moments,
    may_average: bool,
    may_round: bool,
) -> Step:
    """The step of the plan's kernel.

    Args:
      x: float tensor of the plan's rank.
      weights: the variables by name.
      plan, config: what was resolved, and what was asked for.
      training: a bool or a scalar bool tensor.
      take_moments: gives mean and biased variance to the unfused kernel.
      may_average: whether the fused kernel may move the averages itself.
      may_round: whether `take_moments` may be replaced by another way to the same moments, where the plan allows it.
    """
    x = empty.refused(x, config, training)
    present = empty.presence(x, config)
    fast = engines.choose(plan, x, training) if may_round and not plan.fast_vetoes else None
    if plan.kernel == "unfused":
        arithmetic = (
            Arithmetic(take_moments, normalize) if fast is None else Arithmetic(fast.take_moments, fast.normalize)
        )
        if present is not None:
            arithmetic = arithmetic._replace(take_moments=empty.zero_unless(present, arithmetic.take_moments))
        step = unfused(x, weights, plan, config, training, arithmetic)
    else:
        able = may_average and ops.FUSED_AVERAGES and isinstance(config.momentum, (float, int))
        average_in_kernel = able and plan.behaviour.average_in_kernel
        kernel = None if fast is None else fast.fused_batch_norm
        step = fused(x, weights, plan, config, training, average_in_kernel, kernel)
    return step if present is None else empty.updated_if(present, step, config)
