"""TensorFlow operations that moved or were renamed between 1.15 and today, under one name each."""

import contextlib
import inspect
import os
import platform
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence, Tuple

import tensorflow as tf
from tensorflow.python.ops import control_flow_util, control_flow_util_v2

tf1 = tf.compat.v1

try:
    _smart_cond = tf.__internal__.smart_cond.smart_cond
    _tf2_enabled = tf.__internal__.tf2.enabled
except AttributeError:  # before TensorFlow 2.5
    from tensorflow.python import tf2 as _tf2
    from tensorflow.python.framework import smart_cond as _smart_cond_module

    _smart_cond = _smart_cond_module.smart_cond
    _tf2_enabled = _tf2.enabled

try:
    _eager_outside = tf1.executing_eagerly_outside_functions
except AttributeError:  # before TensorFlow 2.0
    from tensorflow.python.framework import ops as _framework_ops

    _eager_outside = _framework_ops.executing_eagerly_outside_functions

#: The release that runs, as TensorFlow writes it.
RELEASE: str = tf.__version__


def tf2_behaviour() -> bool:
    """Whether TF2 behaviour is enabled in this process."""
    return bool(_tf2_enabled())


def in_v1_graph() -> bool:
    """Whether operations end up in a graph that a session runs: no eager execution, not even outside of functions."""
    return not _eager_outside()


def in_xla() -> bool:
    """Whether operations end up in a function that XLA compiles."""
    return bool(control_flow_util.GraphOrParentsInXlaContext(tf1.get_default_graph()))


def is_tensor(value: Any) -> bool:
    """`tf.is_tensor`, which takes as long as an operation to deny that a number is one."""
    return type(value) not in (bool, int, float) and bool(tf.is_tensor(value))


def static_value(training: Any) -> Any:
    """What is known of `training` now: a bool, the value of a constant tensor, or None."""
    if is_tensor(training):
        return None if isinstance(training, tf.Variable) else tf.get_static_value(training)
    return bool(training)


def smart_cond(training: Any, if_true: Callable[[], Any], if_false: Callable[[], Any]) -> Any:
    """The branch that `training` picks: in Python where its value is known, in the graph where not."""
    if isinstance(training, tf.Variable):
        return tf1.cond(training, if_true, if_false)
    return _smart_cond(training, if_true, if_false)


@contextlib.contextmanager
def keeping_intermediates() -> Iterator[None]:
    """Conditionals built here hand out what a later gradient needs, so that the graph may run before it is made.

    TensorFlow does this for v2 control flow inside of its own Keras layers in a graph; the release notes of 2.1 call
    the switch `tf.compat.v1.experimental.output_all_intermediates`, which cannot be read and so cannot be restored.
    """
    util = control_flow_util_v2
    if util._EXPERIMENTAL_OUTPUT_ALL_INTERMEDIATES_OVERRIDE is not None or util.in_defun() or in_xla():
        yield
        return
    util._EXPERIMENTAL_OUTPUT_ALL_INTERMEDIATES_OVERRIDE = True
    try:
        yield
    finally:
        util._EXPERIMENTAL_OUTPUT_ALL_INTERMEDIATES_OVERRIDE = None


_MINOR = [int(part) for part in RELEASE.split(".")[:2]]

#: Whether the fused kernel leaves its moments as the memory was at inference: up to TensorFlow 2.3.
FUSED_LEAVES_MOMENTS_UNSET = _MINOR < [2, 4]

#: Whether the fused kernel can move the averages itself: from TensorFlow 2.2 on.
FUSED_AVERAGES = "exponential_avg_factor" in inspect.signature(tf1.nn.fused_batch_norm).parameters

#: Whether the fused kernel takes inputs of rank 5: from TensorFlow 2.6 on.
FUSED_TAKES_RANK_5 = _MINOR >= [2, 6]


def fused_batch_norm(x: Any, scale: Any, offset: Any, data_format: str, **kwargs: Any) -> Any:
    """`tf.compat.v1.nn.fused_batch_norm`: (output, mean, variance)."""
    if len(data_format) == 4 or FUSED_TAKES_RANK_5:
        return tf1.nn.fused_batch_norm(x, scale, offset, data_format=data_format, **kwargs)
    # Height and width as one dimension: the kernel sees the same numbers in the same order.
    shape = tf.shape(x)
    height = data_format.index("H")
    flat = tf.concat([shape[:height], [shape[height] * shape[height + 1]], shape[height + 2 :]], axis=0)
    data_format = data_format.replace("D", "")
    y, mean, variance = tf1.nn.fused_batch_norm(tf.reshape(x, flat), scale, offset, data_format=data_format, **kwargs)
    y = tf.reshape(y, shape)
    y.set_shape(x.shape)
    return y, mean, variance


_FUNCTION_ARGUMENTS = inspect.signature(tf.function).parameters

#: Whether XLA compiles a `tf.function`: from TensorFlow 2.5 on, where it is built in.
HAS_XLA = "jit_compile" in _FUNCTION_ARGUMENTS and tf.test.is_built_with_xla()


def compiled(function: Callable[..., Any]) -> Any:
    """The function as one of tensors of any batch size that XLA compiles, inside of whatever graph it is called in."""
    relaxing = "reduce_retracing" if "reduce_retracing" in _FUNCTION_ARGUMENTS else "experimental_relax_shapes"
    return tf.function(function, jit_compile=True, autograph=False, **{relaxing: True})


def uses_onednn(machine: str, minor: Sequence[int], environment: Mapping[str, str]) -> bool:
    """Whether oneDNN's kernels are used: TensorFlow is built with them, and they are switched on; from 2.9 on they are
    where nothing is said.
    """
    said = environment.get("TF_ENABLE_ONEDNN_OPTS", "1" if tuple(minor) >= (2, 9) else "0")
    return machine.lower() in ("x86_64", "amd64") and said.lower() in ("1", "true", "yes", "on")


#: Whether it was so when TensorFlow started.
HAS_ONEDNN = uses_onednn(platform.machine(), _MINOR, os.environ)


def is_eager(x: Any) -> bool:
    """Whether a tensor has its value now."""
    return hasattr(x, "numpy") and tf.is_tensor(x) and tf.executing_eagerly()


#: Whether the variance of `tf.nn.moments` depends on the mean, as its second derivatives show: from TensorFlow 2.22 on.
VARIANCE_DEPENDS_ON_MEAN = _MINOR >= [2, 22]


def moments(x: Any, axes: Any, keep_dims: bool) -> Any:
    """(mean, biased variance) of `tf.nn.moments`."""
    return tf1.nn.moments(x, list(axes), keep_dims=keep_dims)


def weighted_moments(x: Any, axes: Any, weights: Any, keep_dims: bool) -> Any:
    """(mean, biased variance) of `tf.nn.weighted_moments`."""
    return tf1.nn.weighted_moments(x, list(axes), weights, keep_dims=keep_dims)


def assign(variable: Any, kind: str, value: Any) -> None:
    """Changes a variable, or takes off what `subtract` says, without reading what it is then."""
    change = variable.assign_sub if kind == "subtract" else variable.assign
    change(value, read_value=False)


def select(condition: Any, if_true: Any, if_false: Any) -> Any:
    """One of two tensors, by a scalar bool tensor; both are computed."""
    return tf.compat.v2.where(condition, if_true, if_false)


def as_shape(shape: Any) -> Optional[Tuple[Optional[int], ...]]:
    """A `TensorShape` or a sequence as a tuple with None where unknown; None for an unknown rank."""
    shape = tf.TensorShape(shape)
    return None if shape.ndims is None else tuple(None if n is None else int(n) for n in shape.as_list())


def shape_of(x: Any) -> Optional[Tuple[Optional[int], ...]]:
    """The static shape of a tensor, a NumPy array or a Keras tensor as a tuple with None; None for an unknown rank."""
    return as_shape(x.shape)


def dtype_name(x: Any) -> str:
    """Name of the dtype of a tensor, a NumPy array or a Keras tensor."""
    return tf.as_dtype(x.dtype).base_dtype.name
