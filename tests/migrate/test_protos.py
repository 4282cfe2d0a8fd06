"""A constant of a file is read where it is one, and else refused with what it says of itself."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from tfcompat.backend import protos


def constant(shape, values=(), dtype=types_pb2.DT_FLOAT, **more):
    made = tensor_pb2.TensorProto(dtype=dtype, float_val=values, **more)
    for size in shape:
        made.tensor_shape.dim.add(size=size)
    return made


@pytest.mark.parametrize("name", ["GraphDef", "MetaGraphDef", "SavedModel", "TrackableObjectGraph"])
def test_messages_are_those_of_tensorflow(name):
    assert getattr(protos, name).DESCRIPTOR.full_name == "tensorflow." + name


def test_largest_constant_is_one_of_64_mb_in_float32():
    assert protos.LARGEST * 4 == 64 * 1024**2


@pytest.mark.parametrize("value", [np.float32(2.5), np.zeros((0, 3), "float32"), np.arange(6.0).reshape(2, 3)])
def test_array_of_a_constant_is_what_was_written(value):
    found = protos.array(tf.make_tensor_proto(value))
    assert (found.dtype, found.shape, found.tolist()) == (value.dtype, value.shape, value.tolist())


def test_one_value_stands_for_many():
    assert protos.array(constant([2, 3], [0.5])).tolist() == [[0.5] * 3] * 2


@pytest.mark.parametrize("shape", [[8], [4, 2], [2, 1, 4]])
def test_largest_array_is_read_and_none_that_is_larger(monkeypatch, shape):
    monkeypatch.setattr(protos, "LARGEST", 8)
    assert protos.array(constant(shape, [1.0])).size == 8
    monkeypatch.setattr(protos, "LARGEST", 7)
    with pytest.raises(protos.Damaged) as refused:
        protos.array(constant(shape, [1.0]))
    assert str(refused.value) == "a constant of shape {}".format(shape)


def test_scalar_has_one_element(monkeypatch):
    monkeypatch.setattr(protos, "LARGEST", 1)
    assert protos.array(constant([], [1.0])) == 1.0


@pytest.mark.parametrize("shape", [[-1], [2, -3], [-1, -1], [-1, 0]])
def test_negative_size_is_refused(shape):
    with pytest.raises(protos.Damaged) as refused:
        protos.array(constant(shape, [1.0]))
    assert str(refused.value) == "a constant of shape {}".format(shape)


def test_unknown_rank_is_refused():
    made = constant([], [1.0])
    made.tensor_shape.unknown_rank = True
    with pytest.raises(protos.Damaged) as refused:
        protos.array(made)
    assert str(refused.value) == "a constant of shape []"


@pytest.mark.parametrize(
    "made, dtype",
    [(constant([2], dtype=999), 999), (constant([2], tensor_content=b"123"), types_pb2.DT_FLOAT)],
    ids=["dtype", "length"],
)
def test_what_is_no_array_is_refused_with_dtype_and_shape(made, dtype):
    with pytest.raises(protos.Damaged) as refused:
        protos.array(made)
    assert str(refused.value) == "a constant of dtype {} and shape [2] that is none".format(dtype)


def test_bytes_that_are_no_message_are_none():
    assert protos.parsed(protos.GraphDef, b"\xff\xff") is None
    assert protos.parsed(protos.GraphDef, b"") == protos.GraphDef()


def test_what_else_goes_wrong_is_not_taken_for_damage():
    with pytest.raises(TypeError):
        protos.parsed(protos.GraphDef, 3)
