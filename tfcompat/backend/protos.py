"""The protocol buffers of graphs, and reading them without running anything."""

from typing import Any, Optional

from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2, trackable_object_graph_pb2

from tfcompat.backend.ops import tf

GraphDef = tf.compat.v1.GraphDef
MetaGraphDef = meta_graph_pb2.MetaGraphDef
SavedModel = saved_model_pb2.SavedModel
TrackableObjectGraph = trackable_object_graph_pb2.TrackableObjectGraph


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
