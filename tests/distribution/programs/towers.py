"""v1 graphs of two towers with one set of variables, as they were written before `tf.distribute`."""

import functools

import numpy as np
from common import STATISTICS, batches, tf

import tfcompat
from kinds import KINDS

tf1 = tf.compat.v1
TOWERS = ("plain", "image", "renorm")


def functions():
    """Name -> `batch_normalization`."""
    real = getattr(tf1.layers, "batch_normalization", None)
    return {"ours": tfcompat.batch_normalization, **({"real": real} if real is not None else {})}


def _built(make, kind, shape):
    """Both towers: placeholders, outputs, update operations of each, and gradients of the mean loss."""
    inputs, outputs, updates, losses = [], [], [], []
    for tower in range(2):
        before = len(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS))
        with tf.device("/cpu:%d" % tower), tf1.variable_scope("net", reuse=tower > 0), tf1.name_scope(
            "tower%d" % tower
        ):
            inputs.append(tf1.placeholder(tf.float32, shape))
            outputs.append(make(inputs[-1], momentum=0.75, training=True, name="norm", **KINDS[kind][1]))
            losses.append(tf.reduce_mean(tf.square(outputs[-1] - 1.0)))
        updates.append(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)[before:])
    gradients = tf1.gradients(tf.add_n(losses) / 2, tf1.trainable_variables())
    return inputs, outputs, updates, gradients


def trained(make, kind, towers):
    """Three steps of gradient descent, in which these towers' updates run one tower after the other."""
    shape = KINDS[kind][0]
    with tf.Graph().as_default():
        inputs, outputs, updates, gradients = _built(make, kind, (None, *shape[1:]))
        pairs = list(zip(tf1.trainable_variables(), gradients))
        learn = tf.group(*[tf1.assign_sub(variable, 0.25 * gradient) for variable, gradient in pairs])
        found = {
            "names-of-variables": [variable.name for variable in tf1.global_variables()],
            "updates-of-towers": [len(each) for each in updates],
            "devices": sorted({variable.device for variable in tf1.global_variables()}),
        }
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            for parts in batches(shape, 2):
                feed = dict(zip(inputs, parts))
                found["outputs"] = session.run(outputs, feed)
                for tower in towers:
                    session.run(updates[tower], feed)
                session.run(learn, feed)
            for variable in tf1.global_variables():
                found[variable.op.name] = session.run(variable)
    return {name: np.asarray(value) for name, value in found.items()}


def under_a_strategy(make, kind):
    """`MirroredStrategy` in a v1 graph: three steps of each replica's updates; averages as they are read."""
    shape = KINDS[kind][0]
    fed = batches(shape, 2)
    with tf.Graph().as_default():
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        with strategy.scope():
            x = tf1.placeholder(tf.float32, (2, *shape))

            def step():
                replica = tf.distribute.get_replica_context().replica_id_in_sync_group
                return make(tf.gather(x, replica), momentum=0.75, training=True, name="norm", **KINDS[kind][1])

            outputs = strategy.experimental_local_results(strategy.run(step))
            updates = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
            read = {v.op.name: strategy.extended.read_var(v) for v in tf1.global_variables() if _is_average(v)}
            with tf1.Session() as session:
                session.run(tf1.global_variables_initializer())
                for parts in fed:
                    found = {"outputs": np.stack(session.run(outputs, {x: np.stack(parts)}))}
                    session.run(updates, {x: np.stack(parts)})
                found.update(session.run(read))
    return dict(found, updates=len(updates))


def _is_average(variable):
    return variable.op.name.split("/")[-1] in STATISTICS


def observe(results):
    for name, make in functions().items():
        for kind in TOWERS:
            for towers in ((0,), (0, 1)):
                label = "towers/%s/%s/%d" % (name, kind, len(towers))
                results.attempt(label, trained, make, kind, towers)
            results.attempt("graph/%s/%s" % (name, kind), under_a_strategy, make, kind)
    make = functools.partial(tfcompat.batch_normalization, synchronized=True)
    results.attempt("graph/synchronized/plain", under_a_strategy, make, "plain")
