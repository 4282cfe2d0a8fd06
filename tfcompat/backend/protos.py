"""The protocol buffers of graphs, and reading them without running anything."""

from typing import Any, Optional

from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2, trackable_object_graph_pb2

from tfcompat.backend.ops import tf

GraphDef = tf.compat.v1.GraphDef
MetaGraphDef = meta_graph_pb2.MetaGraphDef
SavedModel = saved_model_pb2.SavedModel
TrackableObjectGraph = trackable_object_graph_pb2.TrackableObjectGraph

#: Elements of the largest constant that is read: a graph has one value for many that are the same.
LARGEST = 2**24


class Damaged(ValueError):
    """A message that can be read, and holds what cannot be."""


def parsed(message: Any, data: bytes) -> Optional[Any]:
    """The message of the bytes, None where they are none."""
    try:
        return message.FromString(data)
    except Exception as error:
        if type(error).__name__ != "DecodeError":  # of google.protobuf, which is not imported by name
            raise
        return None


def array(tensor: Any) -> Any:
    """The NumPy array of a TensorProto.

    Raises:
      Damaged: it is none: its dtype does not exist, its data has another length than its shape says, or it repeats
        a value more than `LARGEST` times.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    elements = 1
    for size in shape:
        elements *= size
    if tensor.tensor_shape.unknown_rank or min(shape, default=0) < 0 or elements > LARGEST:
        raise Damaged("a constant of shape {}".format(shape))
    try:
        return tf.make_ndarray(tensor)
    except (TypeError, ValueError) as error:
        raise Damaged("a constant of dtype {} and shape {} that is none".format(tensor.dtype, shape)) from error
