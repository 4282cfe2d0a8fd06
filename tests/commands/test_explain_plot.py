"""The figure of `tfcompat explain --plot`: its lines are the averages', and the file is a picture or is not there."""

import os
import struct
import xml.etree.ElementTree
import zlib

import numpy as np
import pytest

from tfcompat.__main__ import main
from tfcompat.errors import InputError
from tfcompat.explanation import figure

CALL = ["explain", "--release", "2.21", "--shape", "10,3,3,64", "--momentum", "0.9", "--steps", "20"]


def lines(drawn):
    """Label -> (x, y) of the curves."""
    (axes,) = drawn.axes
    return {line.get_label(): line.get_data() for line in axes.lines if not line.get_label().startswith("_")}


def texts(drawn):
    (axes,) = drawn.axes
    return [text.get_text().strip() for text in axes.texts]


def simulated(momentum, steps):
    """The average after each of so many steps from 0 towards 100."""
    average, averages = 0.0, []
    for _ in range(steps):
        average -= (average - 100.0) * (1 - momentum)
        averages.append(average)
    return np.array(averages)


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9, 0.997, 1.0])
def test_curves_are_the_averages_of_a_simulation(momentum):
    drawn = lines(figure.approach(momentum, None))
    assert "{:g}".format(momentum) in drawn and len(drawn) > 2
    for label, (steps, way) in drawn.items():
        assert (np.diff(steps) >= 1).all() and steps[0] == 1
        np.testing.assert_allclose(way, simulated(float(label), max(steps))[np.array(steps) - 1], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    "momentum, labels",
    [
        *((0.9, ["0.5", "0.99", "0.999", "0.9"]), (0.95, ["0.5", "0.99", "0.999", "0.95"])),
        *((0.98, ["0.5", "0.9", "0.999", "0.98"]), (0.0, ["0.5", "0.9", "0.99", "0.999", "0"])),
        (0.99999, ["0.5", "0.9", "0.99", "0.999", "0.99999"]),
    ],
)
def test_momentum_asked_for_stands_among_others_that_are_not_too_near(momentum, labels):
    assert list(lines(figure.approach(momentum, None))) == labels


def test_arrivals_and_the_end_of_the_training_are_written():
    written = texts(figure.approach(0.9, 20))
    assert {"7", "44", "459", "4,603", "0.5", "0.9", "0.99", "0.999"} <= set(written)
    assert "20 steps: 12.2 % of the start left" in written
    assert "5,000 steps: less than 0.01 % of the start left" in texts(figure.approach(0.9, 5000))
    assert not [text for text in texts(figure.approach(0.9, None)) if "of the start left" in text]


def test_axes_have_names_units_and_room_for_all_steps():
    drawn = figure.approach(0.9, 10**6)
    (axes,) = drawn.axes
    assert axes.get_xlabel() == "steps of training (logarithmic)" and axes.get_xscale() == "log"
    assert axes.get_ylabel() == "way to the batch's statistics (%)"
    assert axes.get_xlim()[1] > 10**6 and axes.get_title() and drawn.get_suptitle()


@pytest.mark.parametrize("momentum", [-0.1, 1.1])
def test_momentum_that_approaches_nothing_is_not_drawn(momentum):
    with pytest.raises(InputError, match="what can be drawn is 0 to 1"):
        figure.approach(momentum, 10)


def png_size(data):
    """(width, height), after all checksums of the file."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, kinds = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunk = data[at + 4 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(chunk),)
        kinds.append(chunk[:4])
        at += 12 + length
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND")
    return struct.unpack(">II", data[16:24])


def test_png_is_one_and_is_wide_enough_for_a_sharp_phone(tmp_path, capsys):
    path = tmp_path / "way.png"
    assert main([*CALL, "--plot", str(path)]) == 0
    assert capsys.readouterr().out.endswith("\n{}: written\n".format(path))
    width, height = png_size(path.read_bytes())
    assert width >= 720 and height < width


def test_svg_is_one_and_asks_for_nothing_from_outside(tmp_path):
    path = tmp_path / "way.SVG"
    assert main([*CALL, "--plot", str(path)]) == 0
    root = xml.etree.ElementTree.parse(str(path)).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    used = [value for node in root.iter() for name, value in node.attrib.items() if name.endswith("href")]
    assert used and all(value.startswith("#") for value in used)
    assert not list(root.iter("{http://www.w3.org/2000/svg}text")), "letters are drawn: no font is needed"


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_same_call_writes_the_same_bytes_and_leaves_nothing_beside(suffix, tmp_path, capsys):
    for name in ("first", "second"):
        assert main([*CALL, "--json", "--plot", str(tmp_path / (name + suffix))]) == 0
    assert (tmp_path / ("first" + suffix)).read_bytes() == (tmp_path / ("second" + suffix)).read_bytes()
    assert len(os.listdir(str(tmp_path))) == 2
    assert capsys.readouterr().out.count('"kernel"') == 2


def test_file_that_is_there_is_replaced_where_that_is_allowed(tmp_path):
    path = tmp_path / "way.png"
    path.write_text("old")
    assert main([*CALL, "--overwrite", "--plot", str(path)]) == 0
    assert png_size(path.read_bytes())


def test_old_file_stays_where_the_new_one_cannot_be_written(tmp_path, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    path = tmp_path / "way.png"
    path.write_text("old")
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    assert main([*CALL, "--overwrite", "--plot", str(path)]) == 2
    assert capsys.readouterr() == ("", "tfcompat: {}: cannot be written (No space left on device)\n".format(path))
    assert path.read_text() == "old" and os.listdir(str(tmp_path)) == ["way.png"]
