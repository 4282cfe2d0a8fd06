"""What the programs have in common: TensorFlow with four CPUs, the layers beside each other, inputs, and results."""

import functools
import os
import sys
import traceback

os.environ.update({"TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"})
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.dirname(os.path.dirname(os.path.dirname(HERE)))]

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import tfcompat  # noqa: E402
from kinds import STATISTICS, STEP  # noqa: E402

KERAS2 = os.environ.get("TF_USE_LEGACY_KERAS") == "1"
CLASSES = {"ours": tfcompat.BatchNormalization}
if KERAS2:
    CLASSES["real"] = tf.compat.v1.layers.BatchNormalization


def make_devices():
    """Gives this process four CPUs, before TensorFlow looks for them."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 4)


class Results(dict):
    """Name -> array, or what was raised as text."""

    def save(self, path):
        np.savez(path, **{name: np.asarray(value) for name, value in self.items()})

    def attempt(self, name, function, *arguments):
        """The results of a function under a name; of one that raises, the words."""
        try:
            found = function(*arguments)
        except Exception as error:
            traceback.print_exc()
            found = {"raised": "%s: %s" % (type(error).__name__, error)}
        self.update({"%s/%s" % (name, key): value for key, value in found.items()})


def batches(shape, replicas, steps=3, seed=0):
    """For every step, what each replica is fed: replicas see other means and deviations."""
    random = np.random.RandomState(seed)
    return [
        [random.normal(1 + replica, 2 + replica, shape).astype("float32") for replica in range(replicas)]
        for _ in range(steps)
    ]


def value_of(variable):
    """The `tf.Variable` in a variable of either Keras."""
    return variable if KERAS2 or isinstance(variable, tf.Variable) else variable.value


def statistics(layer, strategy=None):
    """Every average of a layer as it is read, and under a strategy as it is on each replica."""
    found = {}
    for name in STATISTICS:
        variable = getattr(layer, name, None)
        if variable is None:
            continue
        variable = value_of(variable)
        found[name] = variable.numpy()
        if strategy is not None:
            found[name + "-each"] = np.stack([part.numpy() for part in strategy.experimental_local_results(variable)])
    return found


def dealt(strategy, parts):
    """A value with one part for each replica."""
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(parts[context.replica_id_in_sync_group])
    )


def affine(layer):
    return [value_of(variable) for variable in (layer.gamma, layer.beta)]


def step_of(layer, training=True):
    """A function of input and what the output's gradient is to be: output, and gradients of input, gamma and beta."""

    def step(x, upstream):
        with tf.GradientTape() as tape:
            tape.watch([x, *affine(layer)])
            y = layer(x, training=training)
        return (y, *tape.gradient(y, [x, *affine(layer)], upstream))

    return step


def upstream_of(parts, seed=9):
    random = np.random.RandomState(seed)
    return [random.normal(0, 1, part.shape).astype("float32") for part in parts]


def trained(layer, strategy, fed, in_function=True):
    """What a layer gives under a strategy when it is fed these batches: the last step's results, and the averages."""

    def run(x, upstream):
        return strategy.run(step_of(layer), (x, upstream))

    run = tf.function(run, reduce_retracing=True) if in_function else run
    for parts in fed:
        last = run(dealt(strategy, parts), dealt(strategy, upstream_of(parts)))
    found = statistics(layer, strategy)
    for name, value in zip(STEP, last):
        for replica, part in enumerate(strategy.experimental_local_results(value)):
            found["%s-%d" % (name, replica)] = part.numpy()
    return found


@functools.lru_cache(maxsize=None)
def mirrored(devices):
    """The one strategy of so many devices.

    Two sum with collective operations, of which a process can have one group; others on the first device.
    """
    names = ["CPU:%d" % device for device in range(devices)]
    how = None if devices == 2 else tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(names, cross_device_ops=how)


def made(make, strategy, shape, **arguments):
    """A layer built under a strategy for replicas that see batches of any size."""
    with strategy.scope():
        layer = make(momentum=0.75, name="norm", **arguments)
        layer.build((None, *shape[1:]) if "virtual_batch_size" not in arguments else shape)
    return layer
