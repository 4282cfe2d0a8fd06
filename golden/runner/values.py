"""What the catalogue writes in JSON, as Python and TensorFlow values.

A JSON object with the key `$` stands for a value that JSON has no name for; everything else stands for itself.
"""

import numpy as np

from golden import inputs
from golden.runner.host import tf, tf1


class Context:
    """What decoding needs to know: the case's id (the key of generated values)."""

    def __init__(self, case_id):
        self.case_id = case_id


def decode(value, context):
    """The value that a JSON value of the catalogue stands for.

    Raises:
      KeyError: an unknown `$` tag.
    """
    if isinstance(value, dict) and "$" in value:
        return _DECODERS[value["$"]](value, context)
    if isinstance(value, dict):
        return {key: decode(item, context) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item, context) for item in value]
    return value


def _numpy(spec, context):
    return np.dtype(spec["dtype"]).type(spec["value"])


def _tensor(spec, context):
    return tf.constant(spec["value"], dtype=tf.as_dtype(spec.get("dtype", "float32")))


def _fed_tensor(spec, context):
    """A tensor whose value is not known while the graph is built."""
    return tf1.placeholder_with_default(np.asarray(spec["value"], spec.get("dtype", "float32")), [])


def _initializer(spec, context):
    """A callable initializer whose values depend on the case, the key and the shape alone."""

    def dyadic_initializer(shape, dtype=None, partition_info=None, **kwargs):
        shape = tuple(int(n) for n in shape)
        values = inputs.dyadics((context.case_id, spec["key"]), shape, spec.get("low", 0.5), spec.get("high", 2.0))
        return tf.constant(values, dtype=dtype or tf.float32)

    return dyadic_initializer


def _tf1_initializer(spec, context):
    """An initializer object of `tf.compat.v1` (or of `tf`, before it had that)."""
    return getattr(tf1, spec["name"])(**spec.get("args", {}))


def _regularizer(spec, context):
    def scaled_sum_of_squares(weight):
        return spec["scale"] * tf.reduce_sum(tf.square(weight))

    return scaled_sum_of_squares


def _constraint(spec, context):
    def clip(weight):
        return tf.clip_by_value(weight, spec["low"], spec["high"])

    return clip


def _adjustment(spec, context):
    return _ADJUSTMENTS[spec["name"]]


def named_adjustment(shape):
    """Scale 1.5 and bias -0.25 for every channel."""
    channels = tf.concat([tf.ones_like(shape[:-1]), shape[-1:]], axis=0)
    return tf.fill(channels, 1.5), tf.fill(channels, -0.25)


def per_example_adjustment(shape):
    """A scale and a bias of its own for every example."""
    examples = tf.concat([shape[:1], tf.ones_like(shape[1:])], axis=0)
    position = tf.reshape(tf.cast(tf.range(shape[0]), tf.float32), examples)
    return 1.0 + 0.125 * position, -0.5 * position


def random_adjustment(shape):
    """Random scale and bias under fixed operation seeds."""
    examples = tf.concat([shape[:1], tf.ones_like(shape[1:])], axis=0)
    uniform = tf1.random_uniform
    return uniform(examples, 0.5, 1.5, seed=11), uniform(examples, -0.5, 0.5, seed=12)


_ADJUSTMENTS = {
    "named": named_adjustment,
    "lambda": lambda shape: (tf.constant(0.5), tf.constant(2.0)),
    "per-example": per_example_adjustment,
    "random": random_adjustment,
    "scale-only": lambda shape: (tf.constant(0.5), tf.constant(0.0)),
}


def _getter(spec, context):
    return _GETTERS[spec["name"]]


def _freezing_getter(getter, *args, **kwargs):
    kwargs["trainable"] = False
    return getter(*args, **kwargs)


def _initializing_getter(getter, name, *args, **kwargs):
    kwargs["initializer"] = tf1.constant_initializer(0.75)
    return getter(name, *args, **kwargs)


def _averaging_getter(getter, name, *args, **kwargs):
    """Gives half of every trainable variable, as getters that serve shadow variables do."""
    variable = getter(name, *args, **kwargs)
    return 0.5 * variable if kwargs.get("trainable") else variable


_GETTERS = {
    "plain": lambda getter, *args, **kwargs: getter(*args, **kwargs),
    "freezing": _freezing_getter,
    "initializing": _initializing_getter,
    "averaging": _averaging_getter,
}

_DECODERS = {
    "tuple": lambda spec, context: tuple(decode(spec["of"], context)),
    "range": lambda spec, context: range(*spec["of"]),
    "set": lambda spec, context: set(spec["of"]),
    "numpy": _numpy,
    "float": lambda spec, context: float(spec["value"]),
    "tensor": _tensor,
    "fed-tensor": _fed_tensor,
    "tf-variable": lambda spec, context: tf1.Variable(spec["value"], trainable=False),
    "dtype": lambda spec, context: tf.as_dtype(spec["name"]),
    "initializer": _initializer,
    "tf1-initializer": _tf1_initializer,
    "regularizer": _regularizer,
    "constraint": _constraint,
    "adjustment": _adjustment,
    "getter": _getter,
    "partitioner": lambda spec, context: tf1.fixed_size_partitioner(spec["shards"]),
    "auto-reuse": lambda spec, context: tf1.AUTO_REUSE,
}
