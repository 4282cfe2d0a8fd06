"""The behavioural specification: what `tf.layers.batch_normalization` does, without TensorFlow."""
