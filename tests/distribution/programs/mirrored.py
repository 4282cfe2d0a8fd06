"""`MirroredStrategy` with two and four virtual CPUs."""

import functools
import os
import tempfile

import numpy as np
from common import CLASSES, batches, made, mirrored, statistics, tf, trained

from kinds import DEVICES, EAGER, EMPTY, KINDS, SAVED


def aggregate(make, kind, devices, in_function=True):
    shape, arguments = KINDS[kind]
    strategy = mirrored(devices)
    return trained(made(make, strategy, shape, **arguments), strategy, batches(shape, devices), in_function)


def empty(make, kind, **more):
    shape, arguments = KINDS[kind]
    fed = [[first, second[:0]] for first, second in batches(shape, 2)]
    strategy = mirrored(2)
    return trained(made(make, strategy, shape, **arguments, **more), strategy, fed)


def checkpointed(make, writer, kind):
    """Saves under two replicas, and restores outside of a strategy and under four."""
    shape, arguments = KINDS[kind]
    strategy = mirrored(2)
    layer = made(writer, strategy, shape, **arguments)
    trained(layer, strategy, batches(shape, 2))
    found = {"saved-" + name: value for name, value in statistics(layer).items()}
    with tempfile.TemporaryDirectory() as folder:
        path = tf.train.Checkpoint(layer=layer).write(os.path.join(folder, "ckpt"))
        for place, other in (("outside", tf.distribute.get_strategy()), ("four", mirrored(4))):
            again = made(make, other, shape, **arguments)
            tf.train.Checkpoint(layer=again).read(path).assert_existing_objects_matched()
            found.update({"%s-%s" % (place, name): value for name, value in statistics(again).items()})
            if place == "four":
                found.update({"on-" + name: value for name, value in trained(again, other, batches(shape, 4)).items()})
    return found


def fitted(make):
    """A model that is fitted to eleven examples, four at a time on each of two replicas."""
    keras = tf.keras
    with mirrored(2).scope():
        layer = make(momentum=0.75, name="norm")
        model = keras.Sequential([keras.Input((3, 3, 3)), layer])
        model.compile(keras.optimizers.SGD(0.25), "mse")
    (x,), (y,) = batches((11, 3, 3, 3), 1, steps=2)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    model.fit(data, epochs=2, verbose=0, shuffle=False)
    found = dict(statistics(layer), gamma=np.asarray(layer.gamma), beta=np.asarray(layer.beta))
    return dict(found, predicted=model.predict(x, verbose=0))


def observe(results):
    for kind in EMPTY:
        results.attempt("keeping/" + kind, functools.partial(empty, CLASSES["ours"], kind, empty_batch="keep"))
    for name, make in CLASSES.items():
        for kind in KINDS:
            for devices in DEVICES:
                results.attempt("%s/%s/%d" % (name, kind, devices), aggregate, make, kind, devices)
        for kind in EAGER:
            results.attempt("%s/%s/eager" % (name, kind), aggregate, make, kind, 2, False)
        for kind in EMPTY:
            results.attempt("%s/%s/empty" % (name, kind), empty, make, kind)
        for kind in SAVED:
            for writer, write in CLASSES.items():
                results.attempt("%s/%s/from-%s" % (name, kind, writer), checkpointed, make, write, kind)
        # A Keras model takes no layer of tf.layers; that of Keras 2 itself is the same function.
        results.attempt("%s/fit" % name, fitted, make if name == "ours" else tf.keras.layers.BatchNormalization)
