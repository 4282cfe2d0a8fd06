"""A stream gives back what was written, and loses no more than the frame in which its writer was killed."""

import pytest

from golden import stream
from samples import make_observation


@pytest.fixture
def path(tmp_path):
    """A whole stream: provenance, two observations, the end."""
    writer = stream.Writer(tmp_path / "out.bin")
    writer.provenance({"tensorflow": "2.21.0"})
    writer.observation("first", 0, make_observation())
    writer.observation("first", 1, make_observation((0.0, 0.0, 0.0)))
    writer.end()
    return tmp_path / "out.bin"


def test_frames_come_back_in_order(path):
    provenance, one, two, end = stream.read(path)
    assert provenance == ("provenance", None, None, {"tensorflow": "2.21.0"})
    assert (one.kind, one.case, one.repeat) == ("observation", "first", 0)
    assert one.value.sha == make_observation().sha
    assert (two.repeat, two.value.sha) == (1, make_observation((0.0, 0.0, 0.0)).sha)
    assert end.kind == "end"


def test_frames_are_there_before_the_stream_ends(tmp_path):
    writer = stream.Writer(tmp_path / "out.bin")
    writer.observation("first", 0, make_observation())
    assert [frame.case for frame in stream.read(tmp_path / "out.bin")] == ["first"]
    writer.end()


def test_every_truncation_gives_a_prefix_of_the_frames(path):
    content, whole = path.read_bytes(), [frame.kind for frame in stream.read(path)]
    for size in range(len(content)):
        path.write_bytes(content[:size])
        kinds = [frame.kind for frame in stream.read(path)]
        assert kinds == whole[: len(kinds)] and len(kinds) < len(whole)


def test_noise_in_a_stream_is_an_error_that_names_the_file(path):
    path.write_bytes(b"Segmentation fault\n" + path.read_bytes())
    with pytest.raises(ValueError, match="out.bin is not a stream"):
        list(stream.read(path))
