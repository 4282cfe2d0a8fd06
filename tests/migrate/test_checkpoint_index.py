"""An index is looked through byte by byte: what TensorFlow would end the process for is an error that says where."""

import struct

import numpy as np
import pytest
from tensorflow.core.framework import tensor_slice_pb2, types_pb2
from tensorflow.core.protobuf import tensor_bundle_pb2

from fuzz.damage import varint
from tfcompat.backend import bundle, checkpoints

MAGIC = 0xDB4775248B80FB57


def row(key, value, shared=0):
    """An entry of a block, whose key begins with `shared` bytes of the one before."""
    return varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value


def block(*rows):
    """A block with one restart."""
    return b"".join(rows) + struct.pack("<II", 0, 1)


def table(*blocks, places=None):
    """A file of data blocks, an index of them, and the end; each block is followed by its kind and check sum."""
    content, at = b"", []
    for part in blocks:
        at.append(varint(len(content)) + varint(len(part)))
        content += part + bytes(5)
    index = block(*(row(b"%d" % i, place) for i, place in enumerate(at if places is None else places)))
    start = len(content)
    return content + index + bytes(5) + end(start, len(index))


def end(start, size):
    """The end of a file: where its unused part and the index are."""
    return (varint(0) + varint(0) + varint(start) + varint(size)).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def header(shards=1):
    return tensor_bundle_pb2.BundleHeaderProto(num_shards=shards).SerializeToString()


def entry(shape=(2, 3), dtype=types_pb2.DT_FLOAT, size=24, offset=0, shard_id=0, unknown_rank=False, slices=()):
    """The entry of a variable; slices: of each, a list of (start, length or None)."""
    made = tensor_bundle_pb2.BundleEntryProto(dtype=dtype, size=size, offset=offset, shard_id=shard_id)
    made.shape.unknown_rank = unknown_rank
    for dim in shape:
        made.shape.dim.add(size=dim)
    for part in slices:
        extents = [
            tensor_slice_pb2.TensorSliceProto.Extent(start=start, **({} if length is None else {"length": length}))
            for start, length in part
        ]
        made.slices.add().extent.extend(extents)
    return made.SerializeToString()


def index_of(value, name=b"v", shards=1):
    return table(block(row(b"", header(shards)), row(name, value)))


@pytest.fixture
def checked(tmp_path):
    """A function of an index and the sizes of its files of data to what `check` says."""

    def of(index, *sizes, shards=None):
        (tmp_path / "model.index").write_bytes(index)
        for shard, size in enumerate(sizes):
            if size is not None:
                name = "model.data-%05d-of-%05d" % (shard, shards or len(sizes))
                (tmp_path / name).write_bytes(bytes(size))
        return bundle.check(str(tmp_path / "model"))

    return of


def refusal(checked, *args, **kwargs):
    with pytest.raises(ValueError, match="index|of shape") as caught:
        checked(*args, **kwargs)
    return str(caught.value)


def test_checkpoint_without_an_index_is_not_looked_at(tmp_path):
    assert bundle.check(str(tmp_path / "model")) == {}


@pytest.mark.parametrize(
    "value, size",
    [
        (entry(), 24),
        (entry(), 30),
        (entry(offset=10), 34),
        (entry(shape=(), size=4), 4),
        (entry(shape=(0, 3), size=0), 0),
        (entry(shape=(3,), dtype=types_pb2.DT_HALF, size=6), 6),
        (entry(shape=(3,), dtype=types_pb2.DT_BOOL, size=3), 3),
        (entry(shape=(1,) * 254, size=4), 4),
        (entry(shape=(2,), dtype=types_pb2.DT_STRING, size=2), 2),
        (entry(shape=(2,), dtype=types_pb2.DT_STRING, size=100), 100),
        (entry(shape=(), dtype=types_pb2.DT_VARIANT, size=1), 1),
        (entry(shape=(), dtype=types_pb2.DT_VARIANT, size=50), 50),
        (entry(shape=(4, 3), size=0, slices=[[(0, None), (0, 2)], [(0, None), (2, 1)]]), 48),
        (entry(shape=(4,), size=0, slices=[[(4, 0)]]), 16),
        (entry(shape=(4,), size=0, slices=[[(0, 4)]]), 16),
    ],
)
def test_data_as_long_as_the_shape_says_is_taken(checked, value, size):
    assert checked(index_of(value), size) == {}


@pytest.mark.parametrize(
    "value, size, reason",
    [
        (entry(), 23, "it ends at byte 24, the file at 23"),
        (entry(), 0, "it ends at byte 24, the file at 0"),
        (entry(offset=10), 33, "it ends at byte 34, the file at 33"),
        (entry(shape=(2,), size=0, slices=[[(0, None)]]), 7, "it has 8 bytes, the files 7"),
        (entry(shape=(2,), size=0, slices=[[(0, None)]]), 0, "it has 8 bytes, the files 0"),
    ],
)
def test_variable_whose_data_the_file_does_not_hold_is_listed_with_the_reason(checked, value, size, reason):
    assert checked(index_of(value), size) == {"v": reason}


def test_missing_file_of_data_is_left_to_tensorflow(checked):
    assert checked(index_of(entry()), None) == {}
    assert checked(index_of(entry(shape=(2,), size=0, slices=[[(0, None)]])), None) == {}
    assert checked(index_of(entry(shape=(2,), size=0, slices=[[(0, None)]]), shards=2), 4, None, shards=2) == {}


def test_data_is_looked_for_in_the_file_of_its_shard(checked):
    index = table(
        block(row(b"", header(2)), row(b"a", entry(shape=(), size=4)), row(b"b", entry(shape=(), size=4, shard_id=1)))
    )
    assert checked(index, 4, 3, shards=2) == {"b": "it ends at byte 4, the file at 3"}
    assert checked(index, 3, 4, shards=2) == {"a": "it ends at byte 4, the file at 3"}


def test_slices_may_lie_in_several_files(checked):
    value = entry(shape=(4,), size=0, slices=[[(0, 2)], [(2, 2)]])
    assert checked(index_of(value, shards=2), 8, 8, shards=2) == {}
    assert checked(index_of(value, shards=2), 8, 7, shards=2) == {"v": "it has 16 bytes, the files 15"}


@pytest.mark.parametrize(
    "value, message",
    [
        (entry(shape=(-1,)), "the index gives 'v' the shape [-1]"),
        (entry(shape=(), unknown_rank=True, size=4), "the index gives 'v' the shape []"),
        (entry(shape=(1,) * 255, size=4), "the index gives 'v' the shape [1, 1, 1, 1, 1, 1, 1, 1]"),
        (entry(dtype=999), "the index gives 'v' a dtype that does not exist, 999"),
        (entry(size=23), "'v' of shape [2, 3] takes 24 bytes, and has 23"),
        (entry(size=25), "'v' of shape [2, 3] takes 24 bytes, and has 25"),
        (entry(dtype=types_pb2.DT_DOUBLE), "'v' of shape [2, 3] takes 48 bytes, and has 24"),
        (entry(shape=(2**20, 2**20)), "'v' of shape [1048576, 1048576] takes 4398046511104 bytes, and has 24"),
        (
            entry(shape=(3,), dtype=types_pb2.DT_STRING, size=2),
            "'v' of shape [3] takes 3 bytes, and has 2",
        ),
        (entry(shape=(3,), dtype=types_pb2.DT_VARIANT, size=2), "'v' of shape [3] takes 3 bytes, and has 2"),
        (
            entry(shape=(2**40,), dtype=types_pb2.DT_STRING_REF, size=0),
            "'v' of shape [1099511627776] takes 1099511627776 bytes, and has 0",
        ),
        (entry(shape=(3,), dtype=types_pb2.DT_RESOURCE, size=0), "'v' of shape [3] takes 3 bytes, and has 0"),
        (entry(shard_id=1), "the index puts 'v' in file 1 at byte 0"),
        (entry(shard_id=-1), "the index puts 'v' in file -1 at byte 0"),
        (entry(offset=-1), "the index puts 'v' in file 0 at byte -1"),
        (entry(shape=(), size=-4), "the index puts 'v' in file 0 at byte 0"),
        (entry(shape=(4,), slices=[[(0, 5)]]), "the index cuts 'v' of shape [4] into [(0, 5)]"),
        (entry(shape=(4,), slices=[[(1, 4)]]), "the index cuts 'v' of shape [4] into [(1, 4)]"),
        (entry(shape=(4,), slices=[[(-1, 2)]]), "the index cuts 'v' of shape [4] into [(-1, 2)]"),
        (entry(shape=(4,), slices=[[(1, -1)]]), "the index cuts 'v' of shape [4] into [(1, -1)]"),
        (entry(shape=(4,), slices=[[(1, None)]]), "the index cuts 'v' of shape [4] into [(1, None)]"),
        (entry(shape=(4,), slices=[[(0, 1), (0, 1)]]), "the index cuts 'v' of shape [4] into [(0, 1), (0, 1)]"),
        (entry(shape=(4, 3), slices=[[(0, 4)]]), "the index cuts 'v' of shape [4, 3] into [(0, 4)]"),
        (entry(shape=(4, 3), slices=[[(0, 4), (0, 4)]]), "the index cuts 'v' of shape [4, 3] into [(0, 4), (0, 4)]"),
        (
            entry(shape=(4,), size=0, slices=[[(0, 4)], [(0, 5)]]),
            "the index cuts 'v' of shape [4] into [(0, 5)]",
        ),
    ],
)
def test_entry_that_makes_no_sense_is_refused(checked, value, message):
    assert refusal(checked, index_of(value), 2**10) == message


def test_first_dimension_may_be_empty_and_none_negative(checked):
    assert refusal(checked, index_of(entry(shape=(0, -1), size=0)), 0) == "the index gives 'v' the shape [0, -1]"


def test_name_that_is_no_text_is_shown(checked):
    assert checked(index_of(entry(), name=b"\xff"), 0) == {"\ufffd": "it ends at byte 24, the file at 0"}


def test_no_more_than_ten_thousand_files_are_looked_for(checked):
    assert checked(index_of(entry(shard_id=9999), shards=20000)) == {}
    told = refusal(checked, index_of(entry(shard_id=10000), shards=20000))
    assert told == "the index puts 'v' in file 10000 at byte 0"


def test_index_without_a_header_has_no_files(checked):
    assert refusal(checked, table(block(row(b"v", entry())))) == "the index puts 'v' in file 0 at byte 0"


def test_slices_of_an_index_without_a_header_are_in_no_file(checked):
    index = table(block(row(b"v", entry(shape=(2,), size=0, slices=[[(0, None)]]))))
    assert checked(index) == {"v": "it has 8 bytes, the files 0"}


def test_header_is_no_variable_and_there_may_be_none(checked):
    assert checked(table(block(row(b"", header())))) == {}
    assert checked(table(block())) == {}


def test_broken_header_or_entry_is_refused(checked):
    assert refusal(checked, table(block(row(b"", b"\xff\xff")))) == "the index is broken"
    assert refusal(checked, index_of(b"\xff\xff")) == "the index is broken"


def test_keys_begin_as_the_one_before(checked):
    rows = [
        row(b"", header()),
        row(b"long/gamma", entry()),
        row(b"long/beta", entry(), shared=5),
        row(b"long/beta1", entry(), shared=9),
    ]
    absent = checked(table(block(*rows)), 0)
    assert sorted(absent) == ["long/beta", "long/beta1", "long/gamma"]


def test_all_blocks_are_read(checked):
    index = table(block(row(b"", header()), row(b"a", entry())), block(row(b"b", entry())), block(row(b"c", entry())))
    assert sorted(checked(index, 0)) == ["a", "b", "c"]


def test_keys_of_another_block_begin_anew(checked):
    index = table(block(row(b"", header()), row(b"ab", entry())), block(row(b"abc", entry(), shared=2)))
    assert refusal(checked, index, 24) == "an entry of the index ends behind its block"


def test_numbers_take_several_bytes(checked):
    name = b"n" * 300
    assert sorted(checked(index_of(entry(), name=name), 0)) == [name.decode()]
    many = [row(b"%06d" % i, entry()) for i in range(2000)]
    assert len(checked(table(block(row(b"", header()), *many)), 0)) == 2000


@pytest.mark.parametrize(
    "index, message",
    [
        (b"", "the index has no end, or is no index"),
        (end(0, 0)[1:], "the index has no end, or is no index"),
        (index_of(entry())[:-1] + b"\0", "the index has no end, or is no index"),
        (b"\0" * 100, "the index has no end, or is no index"),
        (end(0, 43), "a block of the index is compressed, as no release writes it"),
        (end(0, 44), "a block of the index ends behind its end"),
        (end(48, 4), "a block of the index ends behind its end"),
        (end(2**40, 4), "a block of the index ends behind its end"),
        (block() + bytes(5) + end(0, 3), "a block of the index ends behind its end"),
        (block() + b"\1" + bytes(4) + end(0, 8), "a block of the index is compressed, as no release writes it"),
        (table(block(varint(1) + varint(1) + varint(0) + b"a")), "an entry of the index ends behind its block"),
        (table(block(varint(0) + varint(2) + varint(0) + b"a")), "an entry of the index ends behind its block"),
        (table(block(varint(0) + varint(1) + varint(1) + b"a")), "an entry of the index ends behind its block"),
        (table(block(), places=[b"\x80" * 10 + b"\0"]), "a number in the index is too long"),
        (table(block(), places=[b"\0" + b"\x80" * 10 + b"\0"]), "a number in the index is too long"),
        (table(block(), places=[b""]), "the index is cut off or broken"),
        (table(block(), places=[b"\0"]), "the index is cut off or broken"),
        (table(block(), places=[b"\x80" * 9 + b"\1" + varint(8)]), "a block of the index ends behind its end"),
    ],
)
def test_index_that_is_no_table_is_refused(checked, index, message):
    assert refusal(checked, index) == message


def test_number_of_ten_bytes_is_read(checked):
    place = b"\x80" * 9 + b"\0" + varint(8)
    assert checked(table(block(), places=[place])) == {}


def test_block_may_have_no_restarts_and_many(checked):
    rows = row(b"", header()) + row(b"v", entry())
    assert sorted(checked(table(rows + struct.pack("<I", 0)), 0)) == ["v"]
    assert sorted(checked(table(rows + struct.pack("<IIII", 0, 1, 2, 3)), 0)) == ["v"]


def test_block_of_more_restarts_than_fit_has_no_entries(checked):
    assert checked(table(row(b"", header()) + row(b"v", entry()) + struct.pack("<I", 2**32 - 1)), 0) == {}


def test_smallest_index_has_an_empty_block(checked):
    assert checked(struct.pack("<I", 0) + bytes(5) + end(0, 4)) == {}


def test_reading_what_the_file_does_not_hold_says_why(tmp_path):
    prefix = str(tmp_path / "model")
    checkpoints.write_part(prefix, ["v"], [np.zeros(3, np.float32)])
    with open(prefix + ".data-00000-of-00001", "r+b") as data:
        data.truncate(8)
    with pytest.raises(ValueError, match="^it ends at byte 12, the file at 8$"):
        checkpoints.Reader(prefix).read("v")
