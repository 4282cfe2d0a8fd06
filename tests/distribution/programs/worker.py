"""One worker of `MultiWorkerMirroredStrategy`: trains layers step by step with checkpoints, and goes on from the last.

Usage: worker.py FOLDER STEPS KILLED_AT; `TF_CONFIG` says which worker it is.  At the step KILLED_AT the second worker
kills itself.
"""

import json
import os
import signal
import sys

import numpy as np
from common import CLASSES, Results, affine, batches, statistics, tf, upstream_of, value_of

from kinds import KINDS, STATISTICS, WORKERS

RATE = 0.25


def layers():
    """Name -> layer, for every kind that workers train."""
    made = {}
    for kind in WORKERS:
        shape, arguments = KINDS[kind]
        variants = [(name, make, {}) for name, make in CLASSES.items()]
        variants += [("synchronized", CLASSES["ours"], {"synchronized": True}), ("kept", CLASSES["ours"], {})]
        for name, make, more in variants:
            layer = made[name + "-" + kind] = make(momentum=0.75, name=name + "-" + kind, **arguments, **more)
            layer.build((None, *shape[1:]))
    return made


def step_for(strategy, layer):
    """A function of input and upstream gradient that trains a layer by one step and gives its output."""

    def replica(x, upstream):
        with tf.GradientTape() as tape:
            y = layer(x, training=True)
        gradients = tape.gradient(y, affine(layer), upstream)
        gradients = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        return (y, *gradients)

    def step(x, upstream):
        y, *gradients = strategy.run(replica, (x, upstream))
        for variable, gradient in zip(affine(layer), gradients):
            strategy.extended.update(variable, lambda v, g: v.assign_sub(RATE * g), args=(gradient,))
        return y

    return tf.function(step)


def train(strategy, made, folder, steps, killed_at):
    """Trains up to a number of steps in all, with a checkpoint after each."""
    done = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(done=done, **made)
    chief = strategy.cluster_resolver.task_id == 0
    own = os.path.join(folder, "ckpt" if chief else "ckpt-of-worker")
    manager = tf.train.CheckpointManager(checkpoint, own, max_to_keep=2)
    latest = tf.train.latest_checkpoint(os.path.join(folder, "ckpt"))
    if latest:
        checkpoint.restore(latest).assert_consumed()
        put_back(strategy, made, folder, int(done.numpy()))
    functions = {name: step_for(strategy, layer) for name, layer in made.items()}
    started_at = int(done.numpy())
    for number in range(started_at, steps):
        if number == killed_at and not chief:
            os.kill(os.getpid(), signal.SIGKILL)
        for name, function in functions.items():
            shape = KINDS[name.split("-", 1)[1]][0]
            parts = batches(shape, 2, steps=1, seed=number)[0]
            function(*(dealt_here(strategy, each) for each in (parts, upstream_of(parts))))
        done.assign_add(1)
        keep(strategy, made, folder, number + 1)  # before the checkpoint, which must not be there without it
        manager.save()
    return started_at


def own_file(strategy, folder, step):
    """Where a worker keeps its own averages after so many steps."""
    return os.path.join(folder, "own-%d-%d.npz" % (strategy.cluster_resolver.task_id, step))


def own_averages(made):
    """Name -> average, of the layers of which each worker keeps its own."""
    kept = {name: layer for name, layer in made.items() if name.startswith("kept")}
    return {
        "%s-%s" % (name, statistic): value_of(getattr(layer, statistic))
        for name, layer in kept.items()
        for statistic in STATISTICS
        if getattr(layer, statistic) is not None
    }


def keep(strategy, made, folder, step):
    """Writes this replica's own averages, of which a checkpoint has the mean over replicas."""
    values = {name: strategy.experimental_local_results(v)[0].numpy() for name, v in own_averages(made).items()}
    np.savez(own_file(strategy, folder, step), **values)


def put_back(strategy, made, folder, step):
    """Gives this replica its own averages again."""
    with np.load(own_file(strategy, folder, step)) as kept:
        for name, variable in own_averages(made).items():
            strategy.run(lambda variable=variable, value=kept[name]: variable.assign(value))


def dealt_here(strategy, parts):
    deal = strategy.experimental_distribute_values_from_function
    return deal(lambda context: tf.constant(parts[context.replica_id_in_sync_group]))


def main(folder, steps, killed_at):
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        made = layers()
    started_at = train(strategy, made, folder, steps, killed_at)
    results = Results(**{"started-at": started_at, "replicas": strategy.num_replicas_in_sync})
    for name, layer in made.items():
        found = dict(statistics(layer, strategy), gamma=np.asarray(layer.gamma), beta=np.asarray(layer.beta))
        results.update({"%s/%s" % (name, key): value for key, value in found.items()})
    index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    results.save(os.path.join(folder, "worker-%d.npz" % index))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
