"""A model that both Kerases make alike; run as a script it is trained a step and written to the folder given."""

import os
import sys

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from features import keras, tf
from kernels import IMAGE, batch
from tfcompat.layers import BatchNormalization

LAYERS = {
    "plain": {},
    "axes": {"axis": [1, 3]},
    "renorm": {"renorm": True},
    "virtual": {"virtual_batch_size": 2},
    "initialized": {
        "gamma_initializer": tf.compat.v1.ones_initializer(),
        "beta_regularizer": keras.regularizers.l2(0.25),
    },
}

#: Name of a file, after that of the layer -> how Keras 2 writes it.
FILES = {
    ".weights.h5": lambda model, path: model.save_weights(path),
    "-weights.h5": lambda model, path: model.save_weights(path),
    "-model.h5": lambda model, path: model.save(path),
}


def make(kind):
    inputs = keras.Input(IMAGE[1:])
    hidden = BatchNormalization(momentum=0.5, name="norm", **LAYERS[kind])(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="dense")(hidden))


def output(model):
    return np.asarray(model(tf.constant(batch(seed=5))))


def write(folder):
    for kind in LAYERS:
        model = make(kind)
        model(tf.constant(batch()), training=True)
        for ending, save in FILES.items():
            save(model, os.path.join(folder, kind + ending))
        np.save(os.path.join(folder, kind + ".npy"), output(model))


if __name__ == "__main__":
    write(sys.argv[1])
