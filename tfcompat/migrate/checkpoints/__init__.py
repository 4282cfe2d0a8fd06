"""TF1 checkpoints to Keras weights and back: read, pair layers, plan, then write."""
