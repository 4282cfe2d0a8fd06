"""Graphs of TensorFlow 1 and 2: the batch normalizations in them, what they were called with, and what is wrong."""
