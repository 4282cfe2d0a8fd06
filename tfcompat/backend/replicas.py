"""The replicas of a `tf.distribute` strategy, each of which sees a part of the batch."""

from typing import Any, List, Sequence

from tfcompat.backend.ops import tf, tf1

#: Strategies whose workers do not wait for each other.
_ASYNCHRONOUS = (
    tf.distribute.experimental.ParameterServerStrategy,
    tf1.distribute.experimental.ParameterServerStrategy,
)


def several() -> bool:
    """Whether this is called for one replica among others.

    Raises:
      ValueError: there are others, which do not wait.
    """
    context = tf.distribute.get_replica_context()
    if isinstance(tf.distribute.get_strategy(), _ASYNCHRONOUS):
        raise ValueError(
            "synchronized=True under ParameterServerStrategy, whose workers do not wait for each other: there is no "
            "batch of all of them. Drop synchronized, or use MirroredStrategy or MultiWorkerMirroredStrategy."
        )
    return context is not None and context.num_replicas_in_sync > 1


def total(tensors: Sequence[Any]) -> List[Any]:
    """The sum of each tensor over all replicas; gradients are summed in the same way.

    Every replica must get here, in the same order.
    """
    return list(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, list(tensors)))


def may_be_empty() -> bool:
    """Whether a replica may be given no examples: so it is with strategies that deal out a last, partial batch."""
    if not tf.distribute.has_strategy():
        return False
    extended = tf.distribute.get_strategy().extended
    older = getattr(extended, "experimental_enable_get_next_as_optional", False)
    return bool(getattr(extended, "enable_partial_batch_handling", older))
