"""What `tf.layers.batch_normalization` does, so that it can be implemented again without reading TensorFlow.

`clauses` has the numbered clauses as data, `worked_example` one update by hand, `render` makes Markdown of both.
"""
