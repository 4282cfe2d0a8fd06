"""Batch renormalization (Ioffe 2017, algorithm 1), as of TensorFlow 1.15.

The correction is r = stddev / renorm_stddev and d = (mean - renorm_mean) / renorm_stddev, each clipped and without
gradient; x^ = (x - mean) / stddev * r + d.
"""

from typing import Any, Mapping, NamedTuple, Tuple

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels import averages
from tfcompat.kernels.averages import one_minus
from tfcompat.kernels.step import Update, Weights
from tfcompat.plan import Plan

#: The variables that a correction reads and every step moves.
STATE = ("renorm_mean", "renorm_stddev")


class Correction(NamedTuple):
    """Scale r and offset d of the normalized values, and the updates of all averages."""

    r: Any
    d: Any
    updates: Tuple[Update, ...]


def correct(mean: Any, variance: Any, weights: Weights, plan: Plan, config: Config, training: Any) -> Correction:
    """The correction of a batch with these moments.

    Args:
      mean, variance: moments of the batch, of the shape of the statistics.
      weights: with `renorm_mean` and `renorm_stddev`.
      plan: tells the release.
      config: epsilon, clips and momenta.
      training: where it is false r is 1 and d is 0.
    """
    stddev = tf.sqrt(variance + config.epsilon)
    # Early in training the average may be smaller than any real deviation.
    floor = tf.maximum(weights["renorm_stddev"], tf.sqrt(config.epsilon))
    r = stddev / floor
    d = (mean - weights["renorm_mean"]) / floor
    r, d = while_training(training, *clipped(r, d, config.clipping))
    how = {"when": training, "even_frozen": True}
    rate = one_minus(config.renorm_momentum)
    updates = tuple(averages.move(name, value, rate, **how) for name, value in zip(STATE, (mean, stddev)))
    return Correction(r, d, updates + _moving_updates(mean, stddev, config, training))


def clipped(r: Any, d: Any, clips: Mapping[str, Any]) -> Tuple[Any, Any]:
    """A correction within `rmin`, `rmax` and `dmax`, as far as they are given."""
    if clips.get("rmin") is not None:
        r = tf.maximum(r, clips["rmin"])
    if clips.get("rmax") is not None:
        r = tf.minimum(r, clips["rmax"])
    if clips.get("dmax") is not None:
        d = tf.maximum(d, -clips["dmax"])
        d = tf.minimum(d, clips["dmax"])
    return r, d


def while_training(training: Any, r: Any, d: Any) -> Tuple[Any, Any]:
    """A correction without gradient, and none at inference."""
    r = ops.smart_cond(training, lambda: r, lambda: tf.ones_like(r))
    d = ops.smart_cond(training, lambda: d, lambda: tf.zeros_like(d))
    return tf.stop_gradient(r), tf.stop_gradient(d)


def _moving_updates(mean: Any, stddev: Any, config: Config, training: Any) -> Tuple[Update, ...]:
    """Moves `moving_mean` and `moving_stddev`; `moving_variance` is its square less epsilon, not below zero."""

    def from_stddev(weights: Weights) -> Any:
        moved = weights["moving_stddev"]
        return tf.nn.relu(moved * moved - config.epsilon)

    rate = one_minus(config.momentum)
    return (
        averages.move("moving_mean", mean, rate, when=training, after=STATE),
        averages.move("moving_stddev", stddev, rate, when=training),
        Update("moving_variance", "assign", from_stddev, when=training, after=STATE + ("moving_stddev",)),
    )
