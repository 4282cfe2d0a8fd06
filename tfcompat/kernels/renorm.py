"""Batch renormalization (Ioffe 2017, algorithm 1), as of TensorFlow 1.15.

The correction is r = stddev / renorm_stddev and d = (mean - renorm_mean) / renorm_stddev, each clipped and without
gradient;
x^ = (x - mean) / stddev * r + d.
"""

from typing import Any, NamedTuple, Tuple

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels import averages
from tfcompat.kernels.step import Update, Weights

#: The variables that a correction reads and every step moves.
STATE = ("renorm_mean", "renorm_stddev")


class Correction(NamedTuple):
    """Scale r and offset d of the normalized values, and the updates of the renorm variables."""

    r: Any
    d: Any
    updates: Tuple[Update, ...]


def correct(mean: Any, variance: Any, weights: Weights, config: Config, training: Any) -> Correction:
    """The correction of a batch with these moments.

    Args:
      mean, variance: moments of the batch, of the shape of the statistics.
      weights: with `renorm_mean` and `renorm_stddev`.
      config: epsilon, clips and momentum.
      training: where it is false r is 1 and d is 0.
    """
    stddev = tf.sqrt(variance + config.epsilon)
    # Early in training the average may be smaller than any real deviation.
    floor = tf.maximum(weights["renorm_stddev"], tf.sqrt(config.epsilon))
    r = stddev / floor
    d = (mean - weights["renorm_mean"]) / floor
    clips = config.clipping
    if clips.get("rmin") is not None:
        r = tf.maximum(r, clips["rmin"])
    if clips.get("rmax") is not None:
        r = tf.minimum(r, clips["rmax"])
    if clips.get("dmax") is not None:
        d = tf.maximum(d, -clips["dmax"])
        d = tf.minimum(d, clips["dmax"])
    r = ops.smart_cond(training, lambda: r, lambda: tf.ones_like(r))
    d = ops.smart_cond(training, lambda: d, lambda: tf.zeros_like(d))
    how = {"when": training, "even_frozen": True}
    moved = tuple(
        averages.move(name, value, config.renorm_momentum, **how) for name, value in zip(STATE, (mean, stddev))
    )
    return Correction(tf.stop_gradient(r), tf.stop_gradient(d), moved)


def variance_updates(variance: Any, config: Config, training: Any) -> Tuple[Update, ...]:
    """Moves `moving_stddev`, then sets `moving_variance` to its square less epsilon, not below zero."""
    stddev = tf.sqrt(variance + config.epsilon)

    def from_stddev(weights: Weights) -> Any:
        moved = weights["moving_stddev"]
        return tf.nn.relu(moved * moved - config.epsilon)

    return (
        averages.move("moving_stddev", stddev, config.momentum, when=training),
        Update("moving_variance", "assign", from_stddev, when=training, after=STATE + ("moving_stddev",)),
    )
