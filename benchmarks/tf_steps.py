"""Steps of the implementations that run on TensorFlow.

A train step normalizes in training mode, takes the gradients of sum(y * g) with respect to x, gamma and beta, and moves
the averages.  It returns the output and all gradients, as tensors or in a v1 graph as operations that must run, so that
nothing can be left out and nothing is copied.
"""

import importlib
import time

import numpy as np
import tensorflow as tf

from benchmarks import workloads
from benchmarks.peers import mode_of

tf1 = tf.compat.v1
_THREADS = {}


def set_up(mode, threads):
    """Prepares the process, once.

    Returns:
      what its libraries are: name -> version.
    """
    _THREADS.update(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if mode == "v1":
        tf1.disable_v2_behavior()
    tf1.logging.set_verbosity(tf1.logging.ERROR)
    return {"tensorflow": tf.__version__}


def layer_of(peer, workload):
    """A new layer of a peer."""
    arguments = dict(workload.arguments, axis=workload.axis)
    if peer.name == "floor":
        return Floor(workload.shape[workload.axis])
    if peer.name in ("exact", "fast"):
        from tfcompat.layers import BatchNormalization

        if peer.name == "fast":
            arguments["numerics"] = "fast"
        return BatchNormalization(**arguments)
    if peer.name in ("tf.layers", "control"):
        layers = importlib.import_module("tf_keras.api._v1.keras.__internal__.legacy.layers")
        return layers.BatchNormalization(**arguments)
    keras = importlib.import_module({"keras3": "keras", "tf_keras": "tf_keras"}[peer.name])
    # tf.layers keeps float32 variables for float16 inputs; Keras calls that mixed
    dtype = "mixed_float16" if workload.dtype == "float16" else workload.dtype
    return keras.layers.BatchNormalization(dtype=dtype, **arguments)


def step_of(peer, workload, mode):
    """A `Step` or `GraphStep` that has not run."""
    return (GraphStep if mode_of(workload, mode) == "v1" else Step)(peer, workload, mode)


def _raw(variable):
    """The variable of TensorFlow in one of Keras 3."""
    value = getattr(variable, "value", variable)
    return variable if callable(value) else value


class Floor:
    """A layer without arithmetic: a step of it takes what calling and the variables take, whoever normalizes."""

    def __init__(self, channels):
        self.gamma, self.moving_variance = (tf.Variable(tf.ones(channels)) for _ in range(2))
        self.beta, self.moving_mean = (tf.Variable(tf.zeros(channels)) for _ in range(2))

    def __call__(self, x, training):
        """Gives `x`."""
        gamma, beta = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        if training:
            for average, value in ((self.moving_mean, gamma), (self.moving_variance, beta)):
                average.assign_sub((average - value) * 0.01, read_value=False)
        return _hand_on(x, gamma, beta)


@tf.custom_gradient
def _hand_on(x, gamma, beta):
    return tf.identity(x), lambda dy: (tf.identity(dy), tf.identity(gamma), tf.identity(beta))


class Step:
    """A step in eager mode or as a `tf.function`."""

    def __init__(self, peer, workload, mode):
        self.peer, self.workload, self.mode = peer, workload, mode_of(workload, mode)
        self.inputs = [tf.constant(values) for values in workloads.inputs(workload)]
        self.layer, self._call = None, None
        self.traces = 0

    def build(self, batch_known=True):
        """Makes the layer and the function."""
        self.layer = layer_of(self.peer, self.workload)
        self.layer(self.inputs[0], training=False)  # made inside of a function, variables would take a second trace
        shape = self.workload.shape if batch_known else (None,) + self.workload.shape[1:]
        signature = [tf.TensorSpec(shape, self.workload.dtype)] * 2
        self._call = self._train if self.workload.step == "train" else self._infer
        if self.mode == "function":
            self._call = tf.function(self._call, input_signature=signature, jit_compile=self.workload.xla or None)

    def _train(self, x, g):
        self.traces += 1
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = self.layer(x, training=True)
        return [y] + tape.gradient(y, [x, _raw(self.layer.gamma), _raw(self.layer.beta)], output_gradients=g)

    def _infer(self, x, g):
        self.traces += 1
        return [self.layer(x, training=False)]

    def __call__(self):
        """Runs the step once."""
        return self._call(*self.inputs)

    def values(self):
        """Runs once; what came out, as a list of arrays, and the averages after it."""
        results = [np.asarray(value) for value in self()]
        return results + [np.asarray(_raw(v)) for v in (self.layer.moving_mean, self.layer.moving_variance)]

    def batches(self):
        """Calls one function of unknown batch size with several sizes.

        Returns:
          dict with `traces`, how often the function was traced, and `calls`, a list of [batch, seconds of the first
          call of this size, seconds of the second].
        """
        other, calls = Step(self.peer, self.workload, self.mode), []
        other.build(batch_known=False)
        whole = self.workload.shape[0]
        for batch in (whole, 2 * whole, whole // 2, whole + 1, 3):
            other.inputs = [tf.constant(values) for values in workloads.inputs(self.workload, batch)]
            calls.append([batch] + [_seconds(other) for _ in range(2)])
        return {"traces": other.traces, "calls": calls}


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


class GraphStep:
    """A step in a v1 graph and a session; the updates run together with the gradients."""

    def __init__(self, peer, workload, mode):
        self.peer, self.workload, self.mode = peer, workload, mode
        self.layer, self._call, self._fetches, self._session = None, None, None, None
        self.arrays = workloads.inputs(workload)

    def build(self):
        """Makes the graph and the session, and puts the inputs where the step reads them without a copy."""
        with tf.Graph().as_default() as graph:
            fed = [tf1.placeholder(array.dtype, array.shape) for array in self.arrays]
            x, g = (tf.identity(tf1.Variable(each, trainable=False)) for each in fed)
            self.layer = layer_of(self.peer, self.workload)
            self._fetches, updates = self._train(x, g) if self.workload.step == "train" else (self._infer(x), [])
            self._session = tf1.Session(graph=graph, config=tf1.ConfigProto(**_THREADS))
            self._session.run(tf1.global_variables_initializer(), dict(zip(fed, self.arrays)))
            targets = [fetch.op for fetch in self._fetches] + [getattr(update, "op", update) for update in updates]
            self._call = self._session.make_callable(targets)
            self._updates = updates

    def _train(self, x, g):
        y = self.layer(x, training=True)
        gradients = tf1.gradients(y, [x, self.layer.gamma, self.layer.beta], grad_ys=g)
        return [y] + gradients, tf1.get_collection(tf1.GraphKeys.UPDATE_OPS) or list(self.layer.updates)

    def _infer(self, x):
        return [self.layer(x, training=False)]

    def __call__(self):
        """Runs the step once."""
        return self._call()

    def values(self):
        """Runs once; what came out, as a list of arrays, and the averages after it."""
        results = self._session.run([self._fetches, self._updates])[0]
        return results + self._session.run([self.layer.moving_mean, self.layer.moving_variance])

    def close(self):
        """Gives the session's memory back."""
        self._session.close()
