"""`ParameterServerStrategy`: a coordinator, a parameter server and two workers, all in this process."""

import socket

import numpy as np
from common import CLASSES, affine, batches, statistics, step_of, tf, upstream_of

import tfcompat
from kinds import KINDS, SERVED


def _cluster():
    """A running cluster on ports that are free now, seen from its coordinator."""
    sockets = [socket.socket() for _ in range(3)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = ["127.0.0.1:%d" % each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    spec = tf.train.ClusterSpec({"ps": addresses[:1], "worker": addresses[1:]})
    for job, index in (("ps", 0), ("worker", 0), ("worker", 1)):
        tf.distribute.Server(spec, job_name=job, task_index=index, protocol="grpc", start=True)
    return tf.distribute.cluster_resolver.SimpleClusterResolver(spec, rpc_layer="grpc")


def trained(strategy, coordinator, make, kind):
    """Four steps, each done by whichever worker is free, one after the other."""
    shape, arguments = KINDS[kind]
    with strategy.scope():
        layer = make(momentum=0.75, name="norm", **arguments)
        layer.build((None, *shape[1:]))
    run = tf.function(lambda x, upstream: strategy.run(step_of(layer), (x, upstream)))
    for (x,) in batches(shape, 1, steps=4):
        value = coordinator.schedule(run, args=(tf.constant(x), tf.constant(upstream_of([x])[0])))
        coordinator.join()
        fetched = coordinator.fetch(value)
    found = dict(statistics(layer), devices=[variable.device for variable in affine(layer)])
    return dict(found, **{"step-%d" % index: np.asarray(value) for index, value in enumerate(fetched)})


def synchronized(strategy, coordinator):
    """What a layer says that is to synchronize workers which do not wait for each other."""
    with strategy.scope():
        layer = tfcompat.BatchNormalization(synchronized=True)
        layer.build((None, 3))
    run = tf.function(lambda x: strategy.run(lambda x: layer(x, training=True), (x,)))
    try:
        coordinator.schedule(run, args=(tf.ones((4, 3)),))
        coordinator.join()
    except ValueError as error:
        return {"refused": str(error)}
    return {"refused": "not at all"}


def observe(results):
    strategy = tf.distribute.ParameterServerStrategy(_cluster())
    coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
    for name, make in CLASSES.items():
        for kind in SERVED:
            results.attempt("served/%s/%s" % (name, kind), trained, strategy, coordinator, make, kind)
    results.attempt("served/synchronized", synchronized, strategy, coordinator)
