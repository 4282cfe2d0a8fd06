"""From a TF1 graph, checkpoint and source to today's TensorFlow."""
