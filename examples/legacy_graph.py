import numpy as np
import tensorflow.compat.v1 as tf
import tfcompat

tf.disable_v2_behavior()
tfcompat.install()  # without it, Keras 3: `batch_normalization` is not available with Keras 3.

images = tf.placeholder(tf.float32, [None, 8, 8, 3])
training = tf.placeholder(tf.bool, [])
hidden = tf.layers.batch_normalization(images, momentum=0.9, fused=True, training=training, name="bn")
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean((hidden - 1.0) ** 2))

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(step, {images: np.random.rand(16, 8, 8, 3), training: True})
    print({variable.op.name: session.run(variable) for variable in tf.global_variables()})
