"""Exponential moving averages (Ioffe and Szegedy 2015, section 3.1).

average <- average - (average - value) * (1 - momentum), in the dtype of the average.  1 - momentum is the difference of
two Python numbers, rounded once, or of two tensors; the two are up to 17 ULP apart for 0.99, and the recordings tell
which is used.
"""

from typing import Any, Callable

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.kernels.step import Update
from tfcompat.releases import Behaviour

#: Gives 1 - momentum, a number or a scalar tensor, in the place where it is used.
Rate = Callable[[], Any]


def one_minus(momentum: Any) -> Rate:
    """The rate of a momentum: a number, or a scalar tensor, which keeps its dtype for the subtraction."""
    return lambda: 1.0 - momentum


def move(name: str, value: Any, rate: Rate, **how: Any) -> Update:
    """The update that moves an average towards a value.

    Args:
      name: of the average.
      value: tensor of its shape, of any float dtype, or a function of the variables that gives one.
      rate: 1 - momentum.
      **how: the rest of an `Update`.
    """

    def change(weights: Any) -> Any:
        average = weights[name]
        dtype = average.dtype.base_dtype
        one_minus_momentum = tf.convert_to_tensor(rate(), name="decay")
        if one_minus_momentum.dtype != dtype:
            one_minus_momentum = tf.cast(one_minus_momentum, dtype)
        new = value(weights) if callable(value) else value
        return (average - tf.cast(new, dtype)) * one_minus_momentum

    return Update(name, "subtract", change, **how)


def move_while(training: Any, name: str, value: Any, momentum: Any, behaviour: Behaviour, **how: Any) -> Update:
    """The update that moves an average while training, in the way of a release.

    Args:
      training: a bool or a scalar bool tensor.
      name, value: see `move`.
      momentum: a number or a scalar tensor.
      behaviour: of the release: at inference the update may not happen, or with a momentum of 1, or nevertheless.
      **how: the rest of an `Update`.
    """
    if behaviour.averages_move_at_inference:
        return move(name, value, one_minus(momentum), **how)
    if behaviour.averages_move_by_momentum:
        return move(name, value, one_minus(_or_one(training, momentum)), **how)
    return move(name, value, one_minus(momentum), when=training, **how)


def fused_rate(training: Any, momentum: Any, behaviour: Behaviour) -> Rate:
    """The rate of the averages of the fused kernel, whose updates happen at inference, too: it is 0 there.

    Args:
      training, momentum, behaviour: see `move_while`.
    """
    if behaviour.fused_decay_rounded_once:
        known = ops.static_value(training) is not None
        rate = 1.0 - momentum if known else ops.smart_cond(training, lambda: 1.0 - momentum, lambda: 0.0)
        return lambda: rate
    if behaviour.averages_move_by_momentum:
        return one_minus(_or_one(training, momentum))
    if ops.static_value(training) is None:
        return one_minus(ops.smart_cond(training, lambda: momentum, lambda: 1.0))
    return one_minus(tf.convert_to_tensor(momentum))


def _or_one(training: Any, momentum: Any) -> Any:
    """The momentum while training, else 1: a number where `training` is known to be true."""
    known = ops.static_value(training)
    return momentum if known is not None and known else ops.select(training, momentum, 1.0)
