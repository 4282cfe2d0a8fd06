"""Batch renormalization (Ioffe 2017, algorithm 1), as TensorFlow 1.2 to 1.14 had it.

The renorm averages start at 0; a weight that starts at 0 as well and is averaged with 1 tells how much of each average
is there.  A correction fills the rest with the batch's own moments, so that it begins at r = 1 and d = 0, and the
moving averages are taken of average / weight.
"""

from typing import Any, Tuple

from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels import averages
from tfcompat.kernels.renorm import Correction, clipped, while_training
from tfcompat.kernels.step import Update, Weights
from tfcompat.plan import Plan


def correct(mean: Any, variance: Any, weights: Weights, plan: Plan, config: Config, training: Any) -> Correction:
    """The correction of a batch with these moments; see `tfcompat.kernels.renorm.correct`."""
    stddev = tf.sqrt(variance + config.epsilon)
    renorm_mean = weights["renorm_mean"] + (1.0 - weights["renorm_mean_weight"]) * mean
    renorm_stddev = weights["renorm_stddev"] + (1.0 - weights["renorm_stddev_weight"]) * stddev
    r, d = stddev / renorm_stddev, (mean - renorm_mean) / renorm_stddev
    r, d = while_training(training, *clipped(r, d, config.clipping))

    def debiased_mean(now: Weights) -> Any:
        return now["renorm_mean"] / now["renorm_mean_weight"]

    def debiased_variance(now: Weights) -> Any:
        return tf.square(now["renorm_stddev"] / now["renorm_stddev_weight"]) - config.epsilon

    def moved(name: str, value: Any, momentum: Any, **how: Any) -> Update:
        return averages.move_while(training, name, value, momentum, plan.behaviour, **how)

    updates: Tuple[Update, ...] = ()
    chains = (
        ("renorm_mean", mean, "moving_mean", debiased_mean),
        ("renorm_stddev", stddev, "moving_variance", debiased_variance),
    )
    for name, value, moving_name, debiased in chains:
        weight = name + "_weight"
        updates += (moved(name, value, config.renorm_momentum, even_frozen=True),)
        updates += (moved(weight, 1.0, config.renorm_momentum, even_frozen=True),)
        updates += (moved(moving_name, debiased, config.momentum, after=(name, weight)),)
    return Correction(r, d, updates)
