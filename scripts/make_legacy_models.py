#!/usr/bin/env python
"""Makes the small legacy models that the migration is tested with, by real TensorFlow 1.

Run it with TensorFlow 1.15.5, with 1.4 for `renorm-1-4`, and with 1.13 for `keras-1-13`.  Each model becomes a folder
with some of

  model.ckpt.*   the checkpoint after its training, and the MetaGraph of the training
  frozen.pb      the graph of inference, with the variables made constants
  saved_model/   the same for serving
  model.h5       what Keras saved
  expected.npz   at inference, by real TensorFlow: `input`, `output`, and of every batch normalization `NAME/input`
                 and `NAME/output` in float32
"""

import argparse
import collections
import contextlib
import os
import shutil
import sys

import numpy as np
import tensorflow as tf

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "resnet_tf1_to_keras3"))

import resnet_tf1

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "migrate", "models")
IMAGES = (8, 8, 8, 3)
ROWS = (16, 6)

#: name -> the function that makes the model in a folder, and the releases of TensorFlow that make it.
MODELS = collections.OrderedDict()

#: Steps of training of a model.
STEPS = 30


def model(name, release="1.15"):
    """Registers a function of a folder under the name of the model that it makes."""

    def register(function):
        MODELS[name] = (function, release)
        return function

    return register


class Sites:
    """The calls of batch normalization in a graph, in order: name, input, output."""

    def __init__(self):
        self.calls = []

    def __call__(self, function, inputs, *args, **kwargs):
        """Calls `function` and remembers the call; the name is that of the variables' scope."""
        before = set(tf.global_variables())
        output = function(inputs, *args, **kwargs)
        made = [variable for variable in tf.global_variables() if variable not in before]
        name = made[0].op.name.rsplit("/", 1)[0] if made else "call-%d" % len(self.calls)
        self.calls.append((name.replace("/part_0", ""), inputs, output))
        return output

    @contextlib.contextmanager
    def of(self, module, name):
        """Remembers all calls of a function of a module."""
        function = getattr(module, name)
        setattr(module, name, lambda inputs, *args, **kwargs: self(function, inputs, *args, **kwargs))
        try:
            yield
        finally:
            setattr(module, name, function)


def layers_norm(sites, inputs, **kwargs):
    """`tf.layers.batch_normalization`, remembered."""
    return sites(tf.layers.batch_normalization, inputs, **kwargs)


def data(shape):
    """One batch, the same in every run."""
    random = np.random.RandomState(7)
    return random.uniform(-1, 2, shape).astype("float32"), random.randint(0, 3, shape[:1])


def train(build, folder, shape=IMAGES, updates=None, saver=None, optimizer=None, after=None, steps=STEPS):
    """Builds the graph of training, runs some steps, and saves checkpoint and MetaGraph.

    Args:
      build: function of (inputs, training, sites) that gives logits.
      updates: function that gives the update operations that the train op depends on; all by default.
      saver: function that gives the `Saver`.
      after: function of the session, called after the training.
    """
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        inputs = tf.placeholder(tf.float32, (None,) + shape[1:], name="inputs")
        labels = tf.placeholder(tf.int64, [None], name="labels")
        logits = build(inputs, True, Sites())
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        operations = tf.get_collection(tf.GraphKeys.UPDATE_OPS) if updates is None else updates()
        with tf.control_dependencies(operations):
            step = tf.train.get_or_create_global_step()
            chosen = tf.train.MomentumOptimizer(0.05, 0.9) if optimizer is None else optimizer()
            train_op = chosen.minimize(loss, global_step=step)
        tf.add_to_collection(tf.GraphKeys.TRAIN_OP, train_op)
        run_and_save(graph, {inputs: data(shape)[0], labels: data(shape)[1]}, train_op, folder, saver, after, steps)


def run_and_save(graph, feed, train_op, folder, saver=None, after=None, steps=STEPS):
    """Runs `train_op` some times and saves."""
    made = tf.train.Saver() if saver is None else saver()
    with tf.Session(graph=graph, config=one_thread()) as session:
        session.run(tf.global_variables_initializer())
        for _ in range(steps):
            session.run(train_op, feed)
        if after is not None:
            after(session)
        made.save(session, os.path.join(folder, "model.ckpt"))
    os.remove(os.path.join(folder, "checkpoint"))


def one_thread():
    """Results that do not depend on the number of cores."""
    return tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1, device_count={"GPU": 0})


def infer(build, folder, shape=IMAGES, training=False, keep=("frozen", "saved_model"), names=None):
    """Builds the graph of inference, restores the checkpoint, and writes what real TensorFlow gives.

    Args:
      names: function that gives a dict of the names in the checkpoint to variables; None: the names of the variables.
    """
    with tf.Graph().as_default() as graph:
        inputs = tf.placeholder(tf.float32, (None,) + shape[1:], name="inputs")
        sites = Sites()
        logits = tf.identity(build(inputs, training, sites), name="logits")
        saver = tf.train.Saver(names() if names else None)
        with tf.Session(graph=graph, config=one_thread()) as session:
            saver.restore(session, os.path.join(folder, "model.ckpt"))
            wanted = collections.OrderedDict([("output", logits)])
            for name, given, output in sites.calls:
                wanted[name + "/input"], wanted[name + "/output"] = given, output
            batch = data(shape)[0]
            arrays = dict(session.run(wanted, {inputs: batch}), input=batch)
            np.savez_compressed(os.path.join(folder, "expected.npz"), **arrays)
            if "frozen" in keep:
                frozen = tf.graph_util.convert_variables_to_constants(
                    session, graph.as_graph_def(add_shapes=False), ["logits"]
                )
                with open(os.path.join(folder, "frozen.pb"), "wb") as target:
                    target.write(frozen.SerializeToString())
            if "saved_model" in keep:
                tf.saved_model.simple_save(
                    session, os.path.join(folder, "saved_model"), {"inputs": inputs}, {"logits": logits}
                )


def resnet(inputs, training, sites, data_format="channels_last"):
    """The network of `examples/resnet_tf1_to_keras3`."""
    with sites.of(tf.layers, "batch_normalization"):
        return resnet_tf1.resnet(inputs, training, data_format)


@model("resnet")
def make_resnet(folder):
    """The whole way: checkpoint, MetaGraph, frozen graph, SavedModel."""
    train(resnet, folder)
    infer(resnet, folder)


@model("resnet-channels-first")
def make_resnet_channels_first(folder):
    """Axis 1 with the fused kernel, as for a GPU: a CPU cannot run it, so its statistics are drawn, not trained."""

    def build(inputs, training, sites):
        return resnet(inputs, training, sites, "channels_first")

    def draw(session):
        random = np.random.RandomState(5)
        for variable in tf.global_variables():
            if "moving_" in variable.op.name:
                variable.load(random.uniform(0.5, 1.5, variable.shape.as_list()).astype("float32"), session)

    train(build, folder, after=draw, steps=0)


@model("tabnet")
def make_tabnet(folder):
    """Feature transformer with virtual batches, unnamed layers under scopes, reuse of the shared block."""

    def block(x, training, sites, size):
        x = tf.layers.dense(x, 2 * size, use_bias=False)
        virtual = {"virtual_batch_size": 4 if training else 1}
        x = layers_norm(sites, x, training=training, momentum=0.7, **virtual)
        return x[:, :size] * tf.nn.sigmoid(x[:, size:])

    def build(inputs, training, sites):
        with tf.variable_scope("Encoder"):
            x = layers_norm(sites, inputs, training=training, momentum=0.7)
            total = 0.0
            for step in range(2):
                with tf.variable_scope("shared", reuse=step > 0):
                    hidden = block(x, training, sites, 6)
                with tf.variable_scope("step_%d" % step):
                    total += tf.nn.relu(block(hidden, training, sites, 6))
        return tf.layers.dense(total, 3)

    def first_of_each():
        """Two users of one layer's averages race: only the updates of the first are run."""
        return [op for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS) if "shared_1" not in op.name]

    train(build, folder, ROWS, updates=first_of_each)
    infer(build, folder, ROWS, keep=())


def renorm_net(inputs, training, sites):
    """Batch renormalization with clipping, fused asked for, as in lczero."""
    x = tf.layers.conv2d(inputs, 4, 3, use_bias=False)
    clipping = {"rmin": 0.5, "rmax": 2.0, "dmax": 1.0}
    x = layers_norm(
        sites,
        x,
        training=training,
        momentum=0.9,
        renorm=True,
        renorm_clipping=clipping,
        renorm_momentum=0.8,
        fused=True,
    )
    return tf.layers.dense(tf.layers.flatten(tf.nn.relu(x)), 3)


@model("renorm")
def make_renorm(folder):
    """Renormalization with the variables of 1.15."""
    train(renorm_net, folder)
    infer(renorm_net, folder, keep=("frozen",))


@model("renorm-1-4", release="1.4")
def make_old_renorm(folder):
    """Renormalization with the debiasing weights of 1.4."""
    train(renorm_net, folder)
    infer(renorm_net, folder, keep=("frozen",))


@model("dcgan")
def make_dcgan(folder):
    """A generator, and a discriminator that is used twice; updates by scope."""

    def generator(noise, training, sites):
        with tf.variable_scope("generator"):
            x = tf.reshape(tf.layers.dense(noise, 4 * 4 * 4), [-1, 4, 4, 4])
            x = tf.nn.relu(layers_norm(sites, x, training=training, momentum=0.9, name="bn0"))
            return tf.nn.tanh(tf.layers.conv2d_transpose(x, 3, 3, 2, "same"))

    def discriminator(images, training, sites, reuse=None):
        with tf.variable_scope("discriminator", reuse=reuse):
            x = tf.layers.conv2d(images, 4, 3, 2, "same")
            x = tf.nn.leaky_relu(layers_norm(sites, x, training=training, momentum=0.9, name="bn0"))
            return tf.layers.dense(tf.layers.flatten(x), 1)

    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        noise, images = (
            tf.placeholder(tf.float32, [None, 5], "noise"),
            tf.placeholder(tf.float32, [None, 8, 8, 3], "images"),
        )
        real = discriminator(images, True, Sites())
        fake = discriminator(generator(noise, True, Sites()), True, Sites(), reuse=True)
        losses = {
            "discriminator": tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(fake)),
            "generator": tf.reduce_mean(tf.nn.softplus(-fake)),
        }
        steps = []
        for scope, loss in sorted(losses.items()):
            with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope + "/")):
                variables = tf.trainable_variables(scope)
                steps.append(tf.train.AdamOptimizer(1e-3).minimize(loss, var_list=variables, name="train_" + scope))
        feed = {noise: data((8, 5))[0], images: data(IMAGES)[0]}
        run_and_save(graph, feed, steps, folder)


@model("slim")
def make_slim(folder):
    """`slim.conv2d` with `slim.batch_norm` from an `arg_scope`, and a call of its own."""
    slim = tf.contrib.slim

    def build(inputs, training, sites):
        def norm(x, **kwargs):
            return sites(slim.batch_norm, x, **kwargs)

        defaults = {"is_training": training, "decay": 0.9, "epsilon": 2e-5, "scale": True, "fused": True}
        with slim.arg_scope([slim.batch_norm], **defaults), slim.arg_scope([slim.conv2d], normalizer_fn=norm):
            x = slim.conv2d(inputs, 4, 3, scope="conv1")
            x = slim.conv2d(x, 4, 3, scope="conv2")
        x = slim.flatten(x)
        x = sites(slim.batch_norm, x, is_training=training, decay=0.9, scope="bn")
        return slim.fully_connected(x, 3, activation_fn=None)

    train(build, folder)
    infer(build, folder, keep=("frozen",))


def small(inputs, training, sites, **kwargs):
    """Two convolutions with batch normalization, and a dense one."""
    x = tf.layers.conv2d(inputs, 4, 3, use_bias=False)
    x = tf.nn.relu(layers_norm(sites, x, training=training, momentum=0.9, **kwargs))
    x = tf.layers.conv2d(x, 4, 3, use_bias=False)
    x = tf.nn.relu(layers_norm(sites, x, training=training, momentum=0.9, **kwargs))
    x = layers_norm(sites, tf.layers.dense(tf.layers.flatten(x), 5), training=training, momentum=0.9, scale=False)
    return tf.layers.dense(x, 3)


@model("shadows")
def make_shadows(folder):
    """Exponential moving averages of all variables, which are what serves."""
    ema = tf.train.ExponentialMovingAverage(0.8)

    def averaged():
        return tf.trainable_variables() + [v for v in tf.global_variables() if "moving_" in v.op.name]

    class Optimizer(tf.train.GradientDescentOptimizer):
        """Moves the shadows after each step."""

        def minimize(self, *args, **kwargs):
            """See the base class."""
            with tf.control_dependencies([super().minimize(*args, **kwargs)]):
                return ema.apply(averaged())

    def names():
        return {ema.average_name(variable): variable for variable in averaged()}

    train(small, folder, optimizer=lambda: Optimizer(0.05))
    infer(small, folder, keep=("frozen",), names=names)


@model("no-statistics")
def make_no_statistics(folder):
    """Saved by `Saver(tf.trainable_variables())`."""
    train(small, folder, saver=lambda: tf.train.Saver(tf.trainable_variables()))


@model("never-updated")
def make_never_updated(folder):
    """`UPDATE_OPS` never ran."""
    train(small, folder, updates=list)
    infer(small, folder)


@model("broken-statistics")
def make_broken_statistics(folder):
    """One variance is NaN, another is negative."""

    def destroy(session):
        first, second = [v for v in tf.global_variables() if v.op.name.endswith("moving_variance")][:2]
        first.load(np.array([1, np.nan, 1, 1], "float32"), session)
        second.load(np.array([1, 1, -0.5, 1], "float32"), session)

    train(small, folder, after=destroy)


@model("training-served")
def make_training_served(folder):
    """Exported for serving with `training=True`."""
    train(small, folder)
    infer(small, folder, training=True)


@model("towers")
def make_towers(folder):
    """Two towers that share variables; the second one's updates never run, and it has a layer of its own."""

    def build(inputs, training, sites):
        logits = []
        for tower, part in enumerate(tf.split(inputs, 2)):
            with tf.name_scope("tower_%d" % tower), tf.variable_scope("net", reuse=tower > 0):
                x = layers_norm(sites, tf.layers.conv2d(part, 4, 3, name="conv"), training=training, name="bn")
                x = tf.layers.flatten(x)
            with tf.name_scope("tower_%d" % tower), tf.variable_scope("head_%d" % tower):
                logits.append(tf.layers.dense(layers_norm(sites, x, training=training, name="bn"), 3))
        return tf.concat(logits, 0)

    def of_first_tower():
        return tf.get_collection(tf.GraphKeys.UPDATE_OPS, "tower_0")

    train(build, folder, updates=of_first_tower)


@model("conditional")
def make_conditional(folder):
    """Updates that are made inside of `tf.cond` and `tf.while_loop`."""

    def build(inputs, training, sites):
        is_training = tf.placeholder_with_default(tf.constant(training), [], "is_training")

        def branch(phase):
            def run():
                reuse = tf.AUTO_REUSE
                return layers_norm(sites, inputs, training=phase, momentum=0.9, name="in_cond", reuse=reuse)

            return run

        x = tf.cond(is_training, branch(True), branch(False))
        with tf.variable_scope("loop"):
            _, x = tf.while_loop(
                lambda i, x: i < 2,
                lambda i, x: (
                    i + 1,
                    layers_norm(sites, x, training=True, momentum=0.9, name="in_while", reuse=tf.AUTO_REUSE),
                ),
                [0, x],
            )
        x.set_shape([None] + list(IMAGES[1:]))
        return tf.layers.dense(tf.layers.flatten(x), 3)

    train(build, folder, updates=list)


@model("partitioned")
def make_partitioned(folder):
    """Variables in parts, as for parameter servers."""

    def build(inputs, training, sites):
        with tf.variable_scope("net", partitioner=tf.fixed_size_partitioner(2)):
            x = tf.layers.dense(inputs, 6)
            x = layers_norm(sites, x, training=training, momentum=0.9)
            return tf.layers.dense(tf.nn.relu(x), 3)

    train(build, folder, ROWS)
    infer(build, folder, ROWS, keep=())


@model("tpu")
def make_tpu(folder):
    """A subclass as in the TPU models, whose name is in every variable; training is a placeholder."""

    class TpuBatchNormalization(tf.layers.BatchNormalization):
        """As in EfficientNet: moments of its own."""

        def __init__(self, fused=False, **kwargs):
            super().__init__(fused=fused, **kwargs)

        def _moments(self, inputs, reduction_axes, keep_dims):
            return super()._moments(inputs, reduction_axes, keep_dims=keep_dims)

    def build(inputs, training, sites):
        phase = tf.placeholder_with_default(training, [], "is_training")
        x = inputs
        for _ in range(2):
            x = tf.layers.conv2d(x, 4, 3, use_bias=False)
            x = sites(TpuBatchNormalization(axis=-1, momentum=0.9, epsilon=1e-3), x, training=phase)
            x = x * tf.nn.sigmoid(x)
        return tf.layers.dense(tf.reduce_mean(x, [1, 2]), 3)

    train(build, folder)
    infer(build, folder, keep=("frozen",))


@model("keras")
def make_keras(folder, checkpoint=True):
    """A Keras model as an HDF5 file, and the checkpoint of its session."""
    keras = tf.keras
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=one_thread()) as session:
        tf.set_random_seed(3)
        layers = [
            keras.layers.Conv2D(4, 3, use_bias=False, input_shape=IMAGES[1:]),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
            keras.layers.BatchNormalization(momentum=0.8, epsilon=1e-4, scale=False),
            keras.layers.Dense(3),
        ]
        made = keras.Sequential(layers)
        made.compile("sgd", "mse")
        keras.backend.set_session(session)
        batch = data(IMAGES)[0]
        made.fit(batch, np.ones((len(batch), 3), "float32"), epochs=STEPS, verbose=0, batch_size=len(batch))
        made.save(os.path.join(folder, "model.h5"))
        if checkpoint:
            tf.train.Saver().save(session, os.path.join(folder, "model.ckpt"))
            os.remove(os.path.join(folder, "checkpoint"))
        arrays = {"input": batch, "output": made.predict(batch, batch_size=len(batch))}
        np.savez_compressed(os.path.join(folder, "expected.npz"), **arrays)


@model("keras-1-13", release="1.13")
def make_keras_of_1_13(folder):
    """The same by TensorFlow 1.13, which writes the class `BatchNormalizationV1`."""
    make_keras(folder, checkpoint=False)


@model("keras-functional")
def make_keras_functional(folder):
    """A functional Keras model with a Sequential one in it, two inputs, and layers that Keras 3 reads otherwise."""
    keras = tf.keras
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=one_thread()) as session:
        tf.set_random_seed(3)
        keras.backend.set_session(session)
        images, rows = keras.layers.Input(IMAGES[1:], name="images"), keras.layers.Input((4,), name="rows")
        inner = [
            keras.layers.Conv2D(4, 3, input_shape=IMAGES[1:]),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.LeakyReLU(0.1),
        ]
        x = keras.Sequential(inner, name="inner")(images)
        x = keras.layers.SeparableConv2D(3, 3, kernel_regularizer=keras.regularizers.l2(0.01))(x)
        x = keras.layers.BatchNormalization(momentum=0.9, scale=False)(x)
        x = keras.layers.Concatenate()([keras.layers.GlobalAveragePooling2D()(x), rows])
        x = keras.layers.Reshape((7, 1))(keras.layers.Dropout(0.5)(x))
        made = keras.Model([images, rows], keras.layers.Dense(2)(keras.layers.LSTM(3)(x)))
        made.compile("sgd", "mse")
        batch = [data(IMAGES)[0], data(IMAGES[:1] + (4,))[0]]
        targets = np.ones((len(batch[0]), 2), "float32")
        made.fit(batch, targets, epochs=STEPS, verbose=0, batch_size=len(targets), shuffle=False)
        made.save(os.path.join(folder, "model.h5"))
        arrays = {"input": batch[0], "input-2": batch[1], "output": made.predict(batch, batch_size=len(targets))}
        np.savez_compressed(os.path.join(folder, "expected.npz"), **arrays)


def main(argv=None):
    """Makes the models that are named, or all that the installed release makes."""
    parser = argparse.ArgumentParser(prog="make_legacy_models.py", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of %s (all)" % ", ".join(MODELS))
    parser.add_argument("--folder", default=FOLDER, help="where to (%(default)s)")
    options = parser.parse_args(argv)
    here = ".".join(tf.__version__.split(".")[:2])
    mine = [name for name, (_, release) in MODELS.items() if release == here]
    unknown = sorted(set(options.names) - set(mine))
    if unknown or not mine:
        print("make_legacy_models: TensorFlow %s makes %s" % (here, ", ".join(mine) or "none"), file=sys.stderr)
        return 2
    for name in options.names or mine:
        print(name, file=sys.stderr)
        beside = os.path.join(options.folder, name + ".tmp")
        shutil.rmtree(beside, ignore_errors=True)
        os.makedirs(beside)
        MODELS[name][0](beside)
        shutil.rmtree(os.path.join(options.folder, name), ignore_errors=True)
        os.rename(beside, os.path.join(options.folder, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
