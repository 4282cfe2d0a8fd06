"""The network of `resnet_tf1.py` as a Keras model, layer by layer in the same order."""

import tensorflow as tf
from tfcompat import BatchNormalization

keras = tf.keras


def batch_norm(x):
    return BatchNormalization(axis=3, momentum=0.997, epsilon=1e-5, fused=True)(x)


def conv2d(x, filters, kernel_size, strides):
    return keras.layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False)(x)


def building_block(x, filters, strides):
    shortcut = batch_norm(conv2d(x, filters, 1, strides)) if strides > 1 else x
    x = keras.layers.ReLU()(batch_norm(conv2d(x, filters, 3, strides)))
    x = batch_norm(conv2d(x, filters, 3, 1))
    return keras.layers.ReLU()(keras.layers.add([x, shortcut]))


def resnet():
    images = keras.Input((8, 8, 3))
    x = keras.layers.ReLU()(batch_norm(conv2d(images, 4, 3, 1)))
    x = building_block(x, 4, 1)
    x = building_block(x, 6, 2)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(images, keras.layers.Dense(3)(x), name="resnet_model")
