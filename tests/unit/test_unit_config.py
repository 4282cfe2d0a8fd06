"""What a user may ask for, decided without TensorFlow."""

import dataclasses
import re

import pytest

from tfcompat.config import Config, check_training, checked_numerics
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


@pytest.mark.parametrize(
    "arguments, release, error, message",
    [
        (
            {"axis": 1.5},
            "2.21.0",
            TypeError,
            "axis is 1.5, a float; allowed is int or list or tuple. Write axis=-1 for the last axis, axis=[1, 3] for "
            "two.",
        ),
        (
            {"axis": [1]},
            "1.4.0",
            TypeError,
            "axis is [1], a list; allowed is int. Write axis=-1 for the last axis, axis=[1, 3] for two.",
        ),
        (
            {"updates": "Skip"},
            "2.21.0",
            ValueError,
            "updates is 'Skip'; allowed are 'collection', 'immediate', 'skip'.",
        ),
        (
            {"renorm": True, "renorm_clipping": 3.0},
            "2.21.0",
            TypeError,
            "renorm_clipping is 3.0, a float; allowed is a dict with any of the keys rmax, rmin, dmax.",
        ),
        (
            {"renorm": True, "renorm_clipping": "rmax"},
            "2.21.0",
            ValueError,
            "renorm_clipping is 'rmax', a str; allowed is a dict with any of the keys rmax, rmin, dmax.",
        ),
        (
            {"renorm": True, "renorm_clipping": ["rmax"]},
            "2.21.0",
            TypeError,
            "renorm_clipping is ['rmax'], a list; allowed is a dict with any of the keys rmax, rmin, dmax.",
        ),
        (
            {"renorm": True, "renorm_clipping": {"max": 1, "dmin": 0, "rmax": 2}},
            "2.21.0",
            ValueError,
            "renorm_clipping has the keys ['dmin', 'max', 'rmax']; allowed are rmax, rmin, dmax. Drop or rename dmin, "
            "max.",
        ),
        (
            {"virtual_batch_size": 2},
            "1.4.0",
            TypeError,
            "virtual_batch_size is 2; tf.layers takes it from TensorFlow 1.5 on, and the layer follows 1.4.0. Leave it "
            "out, or follow a later release.",
        ),
    ],
)
def test_refusal_says_what_came_what_is_allowed_and_what_to_do(arguments, release, error, message):
    with pytest.raises(error, match="^%s$" % re.escape(message)):
        Config(**arguments).validated(behaviour(release))


@pytest.mark.parametrize("argument", ["renorm", "fused", "virtual_batch_size", "adjustment", "beta_constraint"])
def test_argument_that_came_later_may_be_given_its_default(argument):
    default = {field.name: field.default for field in dataclasses.fields(Config)}[argument]
    assert Config(**{argument: default}).validated(behaviour("1.0.0"))
    assert Config(renorm_momentum=0.5 + 0.49).validated(behaviour("1.0.0")).renorm_momentum == 0.99


@pytest.mark.parametrize(
    "release, taken",
    [(release, training) for release in ("1.0.0", "1.15.5", "2.21.0") for training in (True, False)]
    + [("2.21.0", None)],
)
def test_training_may_be_a_bool(release, taken):
    assert check_training(taken, behaviour(release)) is None


@pytest.mark.parametrize(
    "training, release, message",
    [
        (2, "2.21.0", "training is 2, a int; allowed is a bool, 0, 1 or a scalar bool tensor."),
        ("yes", "2.21.0", "training is 'yes', a str; allowed is a bool, 0, 1 or a scalar bool tensor."),
        (
            None,
            "1.8.0",
            "training is None, a NoneType; allowed is a bool, 0, 1 or a scalar bool tensor in TensorFlow 1.8.0, which "
            "the layer follows.",
        ),
        (
            1,
            "1.5.0",
            "training is 1, a int; allowed is a bool or a scalar bool tensor in TensorFlow 1.5.0, which the layer "
            "follows.",
        ),
    ],
)
def test_training_that_is_neither_true_nor_false_is_refused(training, release, message):
    with pytest.raises(TypeError, match="^%s$" % re.escape(message)):
        check_training(training, behaviour(release))


def test_defaults_are_those_of_tf_layers_and_change_nothing_of_them():
    assert dataclasses.asdict(Config()) == {
        "axis": -1,
        "momentum": 0.99,
        "epsilon": 0.001,
        "center": True,
        "scale": True,
        "beta_initializer": "zeros",
        "gamma_initializer": "ones",
        "moving_mean_initializer": "zeros",
        "moving_variance_initializer": "ones",
        "beta_regularizer": None,
        "gamma_regularizer": None,
        "beta_constraint": None,
        "gamma_constraint": None,
        "renorm": False,
        "renorm_clipping": None,
        "renorm_momentum": 0.99,
        "fused": None,
        "virtual_batch_size": None,
        "adjustment": None,
        "freeze_statistics": False,
        "freeze_affine": False,
        "updates": "collection",
        "numerics": "exact",
        "synchronized": False,
        "empty_batch": "nan",
    }


def test_numerics_are_exact_or_fast():
    assert [checked_numerics(name) for name in ("exact", "fast")] == ["exact", "fast"]
    with pytest.raises(ValueError, match="^numerics is 'quick'; allowed are 'exact', 'fast'.$"):
        checked_numerics("quick")
