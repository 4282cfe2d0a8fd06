"""A small residual network as it was written for TensorFlow 1, in the style of the official models."""

import tensorflow as tf

_BATCH_NORM_DECAY = 0.997
_BATCH_NORM_EPSILON = 1e-5


def batch_norm(inputs, training, data_format):
    """Performs a batch normalization using a standard set of parameters."""
    # We set fused=True for a significant performance boost.
    return tf.layers.batch_normalization(
        inputs=inputs,
        axis=1 if data_format == "channels_first" else 3,
        momentum=_BATCH_NORM_DECAY,
        epsilon=_BATCH_NORM_EPSILON,
        center=True,
        scale=True,
        training=training,
        fused=True,
    )


def conv2d(inputs, filters, kernel_size, strides, data_format):
    """A convolution without a bias: batch normalization follows."""
    return tf.layers.conv2d(
        inputs=inputs,
        filters=filters,
        kernel_size=kernel_size,
        strides=strides,
        padding="SAME",
        use_bias=False,
        data_format=data_format,
        kernel_initializer=tf.variance_scaling_initializer(),
    )


def building_block(inputs, filters, training, strides, data_format):
    """Two convolutions beside a shortcut."""
    shortcut = inputs
    if strides > 1:
        shortcut = conv2d(inputs, filters, 1, strides, data_format)
        shortcut = batch_norm(shortcut, training, data_format)

    inputs = conv2d(inputs, filters, 3, strides, data_format)
    inputs = batch_norm(inputs, training, data_format)
    inputs = tf.nn.relu(inputs)

    inputs = conv2d(inputs, filters, 3, 1, data_format)
    inputs = batch_norm(inputs, training, data_format)
    return tf.nn.relu(inputs + shortcut)


def resnet(inputs, training, data_format="channels_last"):
    """Logits for NHWC images."""
    with tf.variable_scope("resnet_model"):
        if data_format == "channels_first":
            inputs = tf.transpose(inputs, [0, 3, 1, 2])
        inputs = conv2d(inputs, 4, 3, 1, data_format)
        inputs = batch_norm(inputs, training, data_format)
        inputs = tf.nn.relu(inputs)

        inputs = building_block(inputs, 4, training, 1, data_format)
        inputs = building_block(inputs, 6, training, 2, data_format)

        axes = [2, 3] if data_format == "channels_first" else [1, 2]
        inputs = tf.reduce_mean(inputs, axes)
        return tf.layers.dense(inputs=inputs, units=3)
