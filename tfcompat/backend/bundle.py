"""The index of a TF1 checkpoint, looked through before TensorFlow reads it.

TensorFlow ends the process where a shape in an index makes no sense, and reserves the memory that a tensor is said to
take before it looks at what is there. Formats: the tables of LevelDB (`table_format.md`), `tensor_bundle.proto`.
"""

import os
import struct
from typing import Any, Dict, Iterator, List, Tuple

from tensorflow.core.protobuf import tensor_bundle_pb2

from tfcompat.backend import protos
from tfcompat.backend.ops import tf

_FOOTER, _MAGIC = 48, 0xDB4775248B80FB57
_RANK = 254

#: Dtypes whose elements take as many bytes as they need, each of them one at least.
_OF_ANY_LENGTH = (tf.string, tf.variant)

#: A part of a file: where it starts, and how long it is.
Part = Tuple[int, int]


def check(prefix: str) -> Dict[str, str]:
    """Refuses a checkpoint whose index says what no data can have.

    Args:
      prefix: its path without `.index`; one without that file is of version 1, and not looked at.

    Returns:
      Names of variables whose data the files do not hold -> why, since they can be listed all the same.

    Raises:
      ValueError: it is damaged; the message says where.
    """
    if not os.path.isfile(prefix + ".index"):
        return {}
    with open(prefix + ".index", "rb") as source:
        content = source.read()
    try:
        entries = list(_entries(content))
    except (IndexError, struct.error) as error:
        raise ValueError("the index is cut off or broken") from error
    header = _message(tensor_bundle_pb2.BundleHeaderProto, dict(entries).get(b"", b""))
    made = [(key, _message(tensor_bundle_pb2.BundleEntryProto, value)) for key, value in entries if key]
    sizes = [_size_of_file(prefix, shard, header.num_shards) for shard in range(min(header.num_shards, 10000))]
    absent = {}
    for key, entry in made:
        name = key.decode("utf-8", "replace")
        reason = _check_entry(name, entry, sizes)
        if reason:
            absent[name] = reason
    return absent


def _message(kind: Any, data: bytes) -> Any:
    message = protos.parsed(kind, data)
    if message is None:
        raise ValueError("the index is broken")
    return message


def _size_of_file(prefix: str, shard: int, shards: int) -> int:
    path = "{}.data-{:05d}-of-{:05d}".format(prefix, shard, shards)
    return os.path.getsize(path) if os.path.isfile(path) else -1  # TensorFlow says so better


def _check_entry(name: str, entry: Any, sizes: List[int]) -> str:
    """Raises `ValueError` unless the data of an entry is as long as its shape says; why the files do not hold it."""
    shape = [dim.size for dim in entry.shape.dim]
    if entry.shape.unknown_rank or len(shape) > _RANK or min(shape, default=0) < 0:
        raise ValueError("the index gives {!r} the shape {}".format(name, shape[:8]))
    length = _length(name, entry.dtype, shape)
    if entry.slices:
        for part in entry.slices:
            _check_slice(name, part, shape)
        if length > sum(sizes) and -1 not in sizes:
            return "it has {} bytes, the files {}".format(length, sum(sizes))
        return ""
    if not 0 <= entry.shard_id < len(sizes) or entry.offset < 0 or entry.size < 0:
        raise ValueError("the index puts {!r} in file {} at byte {}".format(name, entry.shard_id, entry.offset))
    fixed = tf.as_dtype(entry.dtype) not in _OF_ANY_LENGTH
    if length > entry.size or (fixed and length != entry.size):
        raise ValueError("{!r} of shape {} takes {} bytes, and has {}".format(name, shape, length, entry.size))
    held, end = sizes[entry.shard_id], entry.offset + entry.size
    return "it ends at byte {}, the file at {}".format(end, held) if 0 <= held < end else ""


def _length(name: str, dtype: int, shape: List[int]) -> int:
    """The bytes of a tensor, the fewest where it has no fixed length."""
    try:
        kind = tf.as_dtype(dtype)
    except TypeError:
        raise ValueError("the index gives {!r} a dtype that does not exist, {}".format(name, dtype)) from None
    length = 1 if kind in _OF_ANY_LENGTH else kind.size or 1  # a reference or resource has none
    for size in shape:
        length *= size
    return int(length)


def _check_slice(name: str, part: Any, shape: List[int]) -> None:
    extents = [(extent.start, extent.length if extent.HasField("length") else None) for extent in part.extent]
    fits = len(extents) == len(shape) and all(
        start >= 0 and (start + length <= size and length >= 0 if length is not None else start == 0)
        for (start, length), size in zip(extents, shape)
    )
    if not fits:
        raise ValueError("the index cuts {!r} of shape {} into {}".format(name, shape, extents))


def _entries(content: bytes) -> Iterator[Tuple[bytes, bytes]]:
    """Yields all keys and values of a table."""
    if len(content) < _FOOTER or struct.unpack("<Q", content[-8:])[0] != _MAGIC:
        raise ValueError("the index has no end, or is no index")
    at = len(content) - _FOOTER
    _, at = _part(content, at)
    index, _ = _part(content, at)
    for _, place in _block(content, index):
        part, _ = _part(place, 0)
        yield from _block(content, part)


def _block(content: bytes, part: Part) -> Iterator[Tuple[bytes, bytes]]:
    """Yields the keys and values of a block; a key begins with as much of the one before as its first number says."""
    start, size = part
    if start + size + 5 > len(content) or size < 4:
        raise ValueError("a block of the index ends behind its end")
    if content[start + size] != 0:
        raise ValueError("a block of the index is compressed, as no release writes it")
    block = content[start : start + size]
    end, at, key = size - 4 - 4 * struct.unpack("<I", block[-4:])[0], 0, b""
    while at < end:
        shared, at = _number(block, at)
        added, at = _number(block, at)
        length, at = _number(block, at)
        if at + added + length > end or shared > len(key):
            raise ValueError("an entry of the index ends behind its block")
        key = key[:shared] + block[at : at + added]
        yield key, block[at + added : at + added + length]
        at += added + length


def _part(content: bytes, at: int) -> Tuple[Part, int]:
    start, at = _number(content, at)
    size, at = _number(content, at)
    return (start, size), at


def _number(content: bytes, at: int) -> Tuple[int, int]:
    """The number at a place, seven bits in each byte and the lowest first; and the place behind it."""
    number = 0
    for shift in range(0, 70, 7):
        byte = content[at]
        number, at = number | (byte & 127) << shift, at + 1
        if byte < 128:
            return number, at
    raise ValueError("a number in the index is too long")
