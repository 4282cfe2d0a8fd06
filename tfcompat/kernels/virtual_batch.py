"""Ghost batches (Hoffer, Hubara and Soudry 2017, algorithm 1): groups of examples with statistics of their own.

Groups are interleaved: with a virtual batch of size v in a batch of n, example i belongs to group i mod (n / v).
"""

from typing import Any

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.plan import Plan


def split(x: Any, plan: Plan, known_training: Any) -> Any:
    """The input with groups on axis 1: shape `(v, n / v, ...)`.

    With the trait `virtual_batch_off_at_inference` and TF2 behaviour the shape is `(n, 1, ...)` unless `training` is
    known to be true, so that statistics of single examples are never wanted of a batch that v does not divide.
    """
    lead = [plan.virtual_batch_size, -1]
    if plan.behaviour.virtual_batch_off_at_inference and ops.tf2_behaviour() and not known_training:
        lead = [-1, 1]
    return tf.reshape(x, _with_lead(x, lead, plan))


def join(x: Any, original: Any, plan: Plan) -> Any:
    """The output with the shape of the original input."""
    return tf.reshape(x, _with_lead(original, [-1], plan))


def _with_lead(x: Any, lead: Any, plan: Plan) -> Any:
    """The shape of `x` with its first dimension replaced."""
    if not plan.behaviour.virtual_batch_of_unknown_shape:
        return lead + x.shape.as_list()[1:]
    return tf.concat([tf.constant(lead), tf.shape(x)[1:]], axis=0)
