"""`synchronized=True` under a strategy, and one big batch outside of it."""

import functools

import numpy as np
from common import batches, made, mirrored, statistics, step_of, tf, trained, upstream_of

import tfcompat
from kinds import KINDS, STEP, SYNCHRONIZED


def fed_of(case):
    """For every step, what each replica is fed."""
    kind, sizes, offset = SYNCHRONIZED[case]
    shape = KINDS[kind][0]
    full = batches(shape, len(sizes))
    return [[part[:size] + np.float32(offset) for part, size in zip(parts, sizes)] for parts in full]


def layer_for(case, strategy, **arguments):
    shape, usual = KINDS[SYNCHRONIZED[case][0]]
    return made(tfcompat.BatchNormalization, strategy, shape, **dict(usual, **arguments))


def synchronized(case, **more):
    """What the replicas give, put together as one batch."""
    sizes = SYNCHRONIZED[case][1]
    strategy = mirrored(len(sizes))
    layer = layer_for(case, strategy, synchronized=True, **more)
    found = trained(layer, strategy, fed_of(case))
    parts = {name: [found.pop("%s-%d" % (name, replica)) for replica in range(len(sizes))] for name in STEP}
    for name, values in parts.items():
        found[name] = np.concatenate(values) if name in ("output", "of-input") else np.sum(values, axis=0)
    return found


def in_one_batch(case):
    """What an ordinary layer gives for all examples at once."""
    layer = layer_for(case, tf.distribute.get_strategy(), fused=False)
    for parts in fed_of(case):
        upstream = np.concatenate(upstream_of(parts))
        last = step_of(layer)(tf.constant(np.concatenate(parts)), tf.constant(upstream))
    return dict(statistics(layer), **{name: value.numpy() for name, value in zip(STEP, last)})


def masked():
    """Two replicas, whose masks leave three and one element, and all elements in one batch."""
    random = np.random.RandomState(3)
    x = random.normal(2, 3, (4, 5, 3)).astype("float32")
    mask = np.zeros((4, 5), bool)
    mask[0, :3] = mask[3, 2] = True
    strategy = mirrored(2)
    parts = [(x[:2], mask[:2]), (x[2:], mask[2:])]
    found = {}
    with strategy.scope():
        layer = tfcompat.BatchNormalization(momentum=0.75, synchronized=True)
        layer.build((None, 5, 3))

    def value(context, index):
        return tf.constant(parts[context.replica_id_in_sync_group][index])

    deal = strategy.experimental_distribute_values_from_function
    dealt = [deal(lambda context, index=index: value(context, index)) for index in (0, 1)]
    run = tf.function(lambda x, mask: strategy.run(lambda x, mask: layer(x, training=True, mask=mask), (x, mask)))
    outputs = strategy.experimental_local_results(run(*dealt))
    found["found-output"] = np.concatenate([output.numpy() for output in outputs])
    found.update({"found-" + name: each for name, each in statistics(layer).items()})
    ordinary = tfcompat.BatchNormalization(momentum=0.75)
    found["expected-output"] = ordinary(tf.constant(x), training=True, mask=tf.constant(mask)).numpy()
    found.update({"expected-" + name: each for name, each in statistics(ordinary).items()})
    return found


def at_inference(case="image"):
    """A synchronized layer that does not train, beside an ordinary one: bits."""
    strategy = mirrored(2)
    layers = [layer_for(case, strategy, **more) for more in ({"synchronized": True}, {"fused": False})]
    (parts, *_) = fed_of(case)
    deal = strategy.experimental_distribute_values_from_function
    x = deal(lambda context: tf.constant(parts[context.replica_id_in_sync_group]))
    outputs = [strategy.run(lambda x, layer=layer: layer(x, training=False), (x,)) for layer in layers]
    found, expected = (np.stack([part.numpy() for part in strategy.experimental_local_results(y)]) for y in outputs)
    return {"found": found, "expected": expected}


def alone(case="image"):
    """A synchronized layer under a strategy of one replica, beside an ordinary one: bits."""
    strategy = mirrored(1)
    fed = [parts[:1] for parts in fed_of(case)]
    layers = {"found": {"synchronized": True}, "expected": {"fused": False}}
    results = {}
    for name, more in layers.items():
        found = trained(layer_for(case, strategy, **more), strategy, fed)
        results.update({"%s-%s" % (name, key): value for key, value in found.items()})
    return results


def observe(results):
    for case in SYNCHRONIZED:
        results.attempt("synchronized/" + case, synchronized, case)
        results.attempt("one-batch/" + case, in_one_batch, case)
    results.attempt("keeping/synchronized", functools.partial(synchronized, "one-empty", empty_batch="keep"))
    results.attempt("masked", masked)
    results.attempt("at-inference", at_inference)
    results.attempt("alone", alone)
