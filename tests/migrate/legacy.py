"""The nets of scripts/make_legacy_models.py again, as Keras models of the Keras that `tf.keras` is."""

import pathlib

import numpy as np
import tensorflow as tf

import tfcompat

keras = tf.keras
layers = keras.layers
MODELS = pathlib.Path(__file__).resolve().parent / "models"

#: Models with a checkpoint and outputs, and those of HDF5 files.
EXPECTED = sorted(p.parent.name for p in MODELS.glob("*/model.ckpt.index") if (p.parent / "expected.npz").exists())
H5 = sorted(path.parent.name for path in MODELS.glob("*/model.h5"))

#: name -> function that gives the built model and its batch normalizations by the name that expected.npz has for them.
NETS = {}


#: Largest difference of a net's output, in eps of float32 of its largest value: matrix products and convolutions of
#: TensorFlow 1 and of today sum in other orders.  Seen: 0 in most, 1.9 at most.
NET = 8


def in_eps(a, b):
    return np.max(np.abs(a.astype("float64") - b)) / np.max(np.abs(b)) / np.finfo("float32").eps


def net(*names):
    def register(function):
        NETS.update((name, function) for name in names)
        return function

    return register


def checkpoint(name):
    return str(MODELS / name / "model.ckpt")


def expected(name):
    with np.load(str(MODELS / name / "expected.npz")) as arrays:
        return dict(arrays)


def build(name):
    """(model, batch normalizations)."""
    return NETS[name]()


def norm(found, known_as, release="1.15", **kwargs):
    """A batch normalization, remembered under a name."""
    found[known_as] = tfcompat.BatchNormalization(release=release, **kwargs)
    return found[known_as]


def images():
    return layers.Input((8, 8, 3))


@net("resnet")
def resnet(axis=3):
    found = {}
    layout = "channels_first" if axis == 1 else "channels_last"

    def bn(x):
        number = "_%d" % len(found) if found else ""
        name = "resnet_model/batch_normalization" + number
        return norm(found, name, axis=axis, momentum=0.997, epsilon=1e-5, fused=True)(x)

    def conv(x, filters, size, strides):
        return layers.Conv2D(filters, size, strides, "same", layout, use_bias=False)(x)

    def block(x, filters, strides):
        shortcut = bn(conv(x, filters, 1, strides)) if strides > 1 else x
        x = layers.ReLU()(bn(conv(x, filters, 3, strides)))
        return layers.ReLU()(layers.Add()([bn(conv(x, filters, 3, 1)), shortcut]))

    inputs = layers.Input((3, 8, 8) if axis == 1 else (8, 8, 3))
    x = layers.ReLU()(bn(conv(inputs, 4, 3, 1)))
    for filters, strides in ((4, 1), (6, 2)):
        x = block(x, filters, strides)
    x = layers.GlobalAveragePooling2D(layout)(x)
    return keras.Model(inputs, layers.Dense(3)(x)), found


@net("resnet-channels-first")
def resnet_channels_first():
    return resnet(axis=1)


class Block(layers.Layer):
    """Dense, batch normalization with virtual batches of one, gate."""

    def __init__(self, name):
        super().__init__(name=name)
        self.dense = layers.Dense(12, use_bias=False)
        self.norm = tfcompat.BatchNormalization(momentum=0.7, virtual_batch_size=1, release="1.15")

    def call(self, x):
        x = self.norm(self.dense(x))
        return x[:, :6] * tf.nn.sigmoid(x[:, 6:])


class Encoder(layers.Layer):
    """Two steps that share a block."""

    def __init__(self):
        super().__init__(name="Encoder")
        self.norm = tfcompat.BatchNormalization(momentum=0.7, release="1.15")
        self.shared = Block("shared")
        self.steps = [Block("step_0"), Block("step_1")]

    def call(self, x):
        x = self.norm(x)
        return sum(tf.nn.relu(step(self.shared(x))) for step in self.steps)


class TabNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.head = layers.Dense(3)

    def call(self, x):
        return self.head(self.encoder(x))


@net("tabnet")
def tabnet():
    model = TabNet()
    model(tf.zeros((16, 6)))
    inner = model.encoder
    found = {"Encoder/batch_normalization": inner.norm, "Encoder/shared/batch_normalization": inner.shared.norm}
    found["call-3"] = inner.shared.norm
    for step in inner.steps:
        found["Encoder/%s/batch_normalization" % step.name] = step.norm
    return model, found


def renorm_net(release):
    found = {}
    clipping = {"rmin": 0.5, "rmax": 2.0, "dmax": 1.0}
    arguments = {"momentum": 0.9, "renorm": True, "renorm_clipping": clipping, "renorm_momentum": 0.8, "fused": True}
    inputs = images()
    x = layers.Conv2D(4, 3, use_bias=False)(inputs)
    x = layers.ReLU()(norm(found, "batch_normalization", release, **arguments)(x))
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x))), found


@net("renorm")
def renorm():
    return renorm_net("1.15")


@net("renorm-1-4")
def old_renorm():
    return renorm_net("1.4")


@net("dcgan")
def dcgan():
    found = {}
    generator = keras.Sequential(
        [
            layers.Dense(64, input_shape=(5,)),
            layers.Reshape((4, 4, 4)),
            norm(found, "generator/bn0", momentum=0.9, name="bn0"),
            layers.ReLU(),
            layers.Conv2DTranspose(3, 3, 2, "same", activation="tanh"),
        ],
        name="generator",
    )
    discriminator = keras.Sequential(
        [
            layers.Conv2D(4, 3, 2, "same", input_shape=(8, 8, 3)),
            norm(found, "discriminator/bn0", momentum=0.9, name="bn0"),
            layers.LeakyReLU(),
            layers.Flatten(),
            layers.Dense(1),
        ],
        name="discriminator",
    )
    noise = layers.Input((5,))
    return keras.Model(noise, discriminator(generator(noise))), found


@net("slim")
def slim():
    found = {}
    inputs = x = images()
    for name in ("conv1", "conv2"):
        x = layers.Conv2D(4, 3, padding="same", use_bias=False, name=name)(x)
        bn = norm(found, name + "/BatchNorm", momentum=0.9, epsilon=2e-5, fused=True, name=name + "_BatchNorm")
        x = layers.ReLU()(bn(x))
    x = norm(found, "bn", momentum=0.9, scale=False, name="bn")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(3)(x)), found


@net("shadows", "no-statistics", "never-updated", "broken-statistics", "training-served")
def small():
    found = {}
    inputs = x = images()
    for name in ("batch_normalization", "batch_normalization_1"):
        x = layers.Conv2D(4, 3, use_bias=False)(x)
        x = layers.ReLU()(norm(found, name, momentum=0.9)(x))
    x = norm(found, "batch_normalization_2", momentum=0.9, scale=False)(layers.Dense(5)(layers.Flatten()(x)))
    return keras.Model(inputs, layers.Dense(3)(x)), found


class Towers(keras.Model):
    def __init__(self, found):
        super().__init__()
        conv, bn = layers.Conv2D(4, 3, name="conv"), norm(found, "net/bn", name="bn")
        self.net = keras.Sequential([conv, bn, layers.Flatten()], name="net")
        self.heads = []
        for name in ("head_0", "head_1"):
            bn = norm(found, name + "/bn", name="bn")
            self.heads.append(keras.Sequential([bn, layers.Dense(3)], name=name))

    def call(self, x):
        return tf.concat([head(self.net(part)) for head, part in zip(self.heads, tf.split(x, 2))], 0)


@net("towers")
def towers():
    found = {}
    model = Towers(found)
    model(tf.zeros((8, 8, 8, 3)))
    return model, found


@net("conditional")
def conditional():
    found = {}
    inputs = images()
    x = norm(found, "in_cond", momentum=0.9, name="in_cond")(inputs)
    bn = norm(found, "loop/in_while", momentum=0.9, name="in_while")
    x = keras.Sequential([layers.Input((8, 8, 3)), bn] if keras3() else [bn], name="loop")(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x))), found


def keras3():
    return str(getattr(keras, "__version__", "2")).startswith("3")


@net("partitioned")
def partitioned():
    found = {}
    inputs = layers.Input((6,))
    x = layers.ReLU()(norm(found, "net/batch_normalization/gamma", momentum=0.9)(layers.Dense(6)(inputs)))
    return keras.Model(inputs, layers.Dense(3)(x)), found


class TpuBatchNormalization(tfcompat.BatchNormalization):
    """As in the TPU models."""


@net("tpu")
def tpu():
    found = {}
    inputs = x = images()
    for name in ("tpu_batch_normalization", "tpu_batch_normalization_1"):
        x = layers.Conv2D(4, 3, use_bias=False)(x)
        found[name] = TpuBatchNormalization(momentum=0.9, fused=False, release="1.15")
        x = found[name](x)
        x = layers.Multiply()([x, layers.Activation("sigmoid")(x)])
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))), found


@net("keras")
def of_keras():
    found = {}
    model = keras.Sequential(
        [
            layers.Conv2D(4, 3, use_bias=False, input_shape=(8, 8, 3)),
            norm(found, "batch_normalization", momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(5),
            norm(found, "batch_normalization_1", momentum=0.8, epsilon=1e-4, scale=False),
            layers.Dense(3),
        ]
    )
    return model, found
