"""What a user may ask for, decided without TensorFlow."""

import dataclasses

import pytest

from tfcompat.config import Config
from tfcompat.releases import behaviour

NEWEST, TF1 = behaviour("2.21.0"), behaviour("1.15.5")


@pytest.mark.parametrize("axis", [-1, 0, [1, 3], (1, 3)])
def test_axis_of_a_known_type_is_kept_as_given(axis):
    assert Config(axis=axis).validated(NEWEST).axis == axis


def test_axis_tuple_came_with_2_2():
    assert Config(axis=(1, 3)).validated(behaviour("2.2")).axis == (1, 3)
    with pytest.raises(TypeError, match=r"axis is \(1, 3\), a tuple; allowed is int or list"):
        Config(axis=(1, 3)).validated(behaviour("2.1"))


@pytest.mark.parametrize("axis", [1.0, "1", None, {1}])
def test_axis_of_another_type_is_a_type_error_that_shows_it(axis):
    with pytest.raises(TypeError, match="axis is .*a %s; allowed is int or list.*axis=-1" % type(axis).__name__):
        Config(axis=axis).validated(TF1)


@pytest.mark.parametrize("clipping", [None, {}, {"rmax": 3.0}, {"rmax": 3.0, "rmin": 0.1, "dmax": None}])
def test_known_clips_are_taken(clipping):
    assert Config(renorm=True, renorm_clipping=clipping).validated(NEWEST).clipping == dict(clipping or {})


def test_unknown_clips_are_named_one_by_one():
    with pytest.raises(
        ValueError, match=r"keys \['dmin', 'max'\]; allowed are rmax, rmin, dmax. Drop or rename dmin, max"
    ):
        Config(renorm=True, renorm_clipping={"max": 1, "dmin": 0}).validated(NEWEST)


def test_clips_are_not_looked_at_without_renorm():
    assert Config(renorm_clipping={"max": 1}).validated(NEWEST).renorm is False


def test_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().momentum = 0.5


def test_config_has_copies_of_what_the_user_could_change():
    axis, clips = [1, 3], {"rmax": 3.0}
    config = Config(axis=axis, renorm_clipping=clips)
    axis.append(2)
    clips["rmax"] = 0.0
    assert config.axis == [1, 3] and config.clipping == {"rmax": 3.0}


def test_clipping_is_handed_out_as_a_copy():
    config = Config(renorm_clipping={"rmax": 3.0})
    config.clipping["rmax"] = 0.0
    assert config.clipping == {"rmax": 3.0}
