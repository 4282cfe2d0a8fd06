"""Everything that differs between TensorFlow releases, Keras 2 and Keras 3, v1 graphs and eager execution."""
