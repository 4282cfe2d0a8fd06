"""The protocol buffers of graphs and checkpoints, and reading them without running anything."""

from typing import Any, Optional

from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2, trackable_object_graph_pb2

from tfcompat.backend.ops import tf

GraphDef = tf.compat.v1.GraphDef
MetaGraphDef = meta_graph_pb2.MetaGraphDef
SavedModel = saved_model_pb2.SavedModel
TrackableObjectGraph = trackable_object_graph_pb2.TrackableObjectGraph

#: What the reader of checkpoints raises for files that are damaged or no checkpoint; IndexError for values cut off.
CHECKPOINT_ERRORS = (tf.errors.OpError, IndexError, ValueError, RuntimeError)


def parsed(message: Any, data: bytes) -> Optional[Any]:
    """The message of the bytes, None where they are none."""
    try:
        return message.FromString(data)
    except Exception as error:
        if type(error).__name__ != "DecodeError":  # of google.protobuf, which is not imported by name
            raise
        return None


def array(tensor: Any) -> Any:
    """The NumPy array of a TensorProto."""
    return tf.make_ndarray(tensor)


def checkpoint_reader(prefix: str) -> Any:
    """TensorFlow's reader of a checkpoint.

    Raises:
      CHECKPOINT_ERRORS: no checkpoint, or a damaged one.
    """
    return tf.train.load_checkpoint(prefix)
