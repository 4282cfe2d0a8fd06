"""What cannot be is refused with a whole sentence: what came, what is allowed, what to do."""

import numpy as np
import pytest

from tfcompat.config import Config, check_training
from tfcompat.plan import fused_vetoes, resolve
from tfcompat.releases import behaviour

NEWEST = "2.21.0"

CONFIGS = [
    (
        {"axis": 1.5},
        TypeError,
        "axis is 1.5, a float; allowed is int or list or tuple. Write axis=-1 for the last axis, axis=[1, 3] for two.",
    ),
    (
        {"axis": (1, 3), "release": "1.4"},
        TypeError,
        "axis is (1, 3), a tuple; allowed is int. Write axis=-1 for the last axis, axis=[1, 3] for two.",
    ),
    ({"empty_batch": "skip"}, ValueError, "empty_batch is 'skip'; allowed are 'nan', 'keep', 'error'."),
    ({"updates": "never"}, ValueError, "updates is 'never'; allowed are 'collection', 'immediate', 'skip'."),
    (
        {"synchronized": True, "virtual_batch_size": 2},
        ValueError,
        "synchronized=True and virtual_batch_size=2 are both given: one takes statistics over all replicas, the other "
        "over parts of one replica's batch. Drop one of them.",
    ),
    (
        {"renorm": True, "renorm_clipping": 3.0},
        TypeError,
        "renorm_clipping is 3.0, a float; allowed is a dict with any of the keys rmax, rmin, dmax.",
    ),
    (
        {"renorm": True, "renorm_clipping": {"rmax": 3.0, "max": 1.0, "dmin": 0.0}},
        ValueError,
        "renorm_clipping has the keys ['dmin', 'max', 'rmax']; allowed are rmax, rmin, dmax. Drop or rename dmin, max.",
    ),
    (
        {"renorm_momentum": 0.5, "release": "1.1"},
        TypeError,
        "renorm_momentum is 0.5; tf.layers takes it from TensorFlow 1.2 on, and the layer follows 1.1. "
        "Leave it out, or follow a later release.",
    ),
]

#: Every argument that came later: a value that is not its default, and the first release that has it.
LATER = {
    "renorm": (True, "1.2"),
    "renorm_clipping": ({"rmax": 2.0}, "1.2"),
    "renorm_momentum": (0.5, "1.2"),
    "fused": (True, "1.3"),
    "beta_constraint": ("non_neg", "1.4"),
    "gamma_constraint": ("non_neg", "1.4"),
    "virtual_batch_size": (2, "1.5"),
    "adjustment": (len, "1.5"),
}

TRAININGS = [
    (2, NEWEST, "training is 2, a int; allowed is a bool, 0, 1 or a scalar bool tensor."),
    (
        1,
        "1.5",
        "training is 1, a int; allowed is a bool or a scalar bool tensor in TensorFlow 1.5, which the layer follows.",
    ),
    (
        None,
        "1.8",
        "training is None, a NoneType; allowed is a bool, 0, 1 or a scalar bool tensor in TensorFlow 1.8, which the "
        "layer follows.",
    ),
]

PLANS = [
    (
        {"shape": None},
        ValueError,
        "the input has an unknown rank; its rank must be known and at least 1 to make the variables. "
        "Give the placeholder a shape, or call set_shape.",
    ),
    (
        {"shape": ()},
        ValueError,
        "the input has rank 0; its rank must be known and at least 1 to make the variables. "
        "Give the placeholder a shape, or call set_shape.",
    ),
    (
        {"shape": (None, None)},
        ValueError,
        "the input's shape is (None, None), its size along axis 1 is unknown; it must be known to make the variables. "
        "Call set_shape.",
    ),
    (
        {"shape": (2, 0), "release": "1.4"},
        ValueError,
        "the input's shape is (2, 0), its size along axis 1 is 0; TensorFlow 1.4, which the layer follows, needs at "
        "least 1.",
    ),
    ({"axis": 4}, ValueError, "axis is 4; allowed for an input of rank 4 is -4 to 3."),
    ({"axis": [1, -3]}, ValueError, "axis is [1, -3], which names axis [1, 1] twice; name each once."),
    ({"axis": []}, IndexError, "axis is empty; name at least one axis to keep, for example axis=-1."),
    ({"axis": [None]}, TypeError, "axis is [None]; every axis must be an int, None is a NoneType."),
    (
        {"virtual_batch_size": 0},
        ValueError,
        "virtual_batch_size is 0; allowed is a positive int that divides the batch, or None.",
    ),
    (
        {"virtual_batch_size": 2, "axis": [0, 3]},
        ValueError,
        "virtual_batch_size=2 groups axis 0, the batch, so axis=[0, 3] cannot keep it. Keep another axis, or drop "
        "virtual_batch_size.",
    ),
    (
        {"virtual_batch_size": 1, "adjustment": len},
        ValueError,
        "virtual_batch_size and adjustment are both given; drop one of them.",
    ),
    (
        {"dtype": "float16", "release": "1.1"},
        ValueError,
        "the input is float16; TensorFlow 1.1, which the layer follows, normalizes float32 only. Cast the input, or "
        "follow a later release.",
    ),
    (
        {"fused": True, "renorm": True, "shape": (4, 3), "release": "1.3"},
        ValueError,
        "fused=True, but the input has rank 2, the kernel takes 4, renorm=True; TensorFlow 1.3 does not fall back. "
        "Use fused=False.",
    ),
]


def refusal(error, asked, *args, **kwargs):
    """The text of an error."""
    with pytest.raises(error) as caught:
        asked(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("arguments, error, text", CONFIGS)
def test_refusal_of_an_argument_is_told_in_full(arguments, error, text):
    arguments = dict(arguments)
    release = behaviour(arguments.pop("release", NEWEST))
    assert refusal(error, Config(**arguments).validated, release) == text


@pytest.mark.parametrize("name", LATER)
def test_argument_that_came_later_is_refused_before_and_taken_then(name):
    value, first = LATER[name]
    before = "1.{}".format(int(first.split(".")[1]) - 1)
    text = "{} is {!r}; tf.layers takes it from TensorFlow {} on, and the layer follows {}. ".format(
        name, value, first, before
    )
    config = Config(**{name: value})
    assert refusal(TypeError, config.validated, behaviour(before)).startswith(text)
    assert config.validated(behaviour(first)) is config


@pytest.mark.parametrize("arguments", [{"renorm": 0}, {"fused": 0}, {"renorm_momentum": 1}, {"virtual_batch_size": 0}])
def test_argument_that_came_later_may_only_have_its_very_default(arguments):
    assert "Leave it out" in refusal(TypeError, Config(**arguments).validated, behaviour("1.1"))


def test_default_of_an_argument_that_came_later_may_be_another_object():
    assert Config(renorm_momentum=np.float64(0.99)).validated(behaviour("1.1")).renorm_momentum == 0.99


@pytest.mark.parametrize("training, release, text", TRAININGS)
def test_refusal_of_training_is_told_in_full(training, release, text):
    assert refusal(TypeError, check_training, training, behaviour(release)) == text


@pytest.mark.parametrize("training", [True, False, 0, 1, None, np.bool_(True), np.array(False)])
def test_training_may_be_what_is_true_or_false_without_doubt(training):
    assert check_training(training, behaviour(NEWEST)) is None


@pytest.mark.parametrize("training", [np.array([True]), np.array([False, True])])
def test_training_of_several_elements_is_refused(training):
    assert "a ndarray; allowed is a bool" in refusal(TypeError, check_training, training, behaviour(NEWEST))


@pytest.mark.parametrize("case, error, text", PLANS)
def test_refusal_of_an_input_is_told_in_full(case, error, text):
    case = dict({"shape": (None, 4, 5, 3), "dtype": "float32"}, **case)
    release = behaviour(case.pop("release", NEWEST))
    shape, dtype = case.pop("shape"), case.pop("dtype")
    assert refusal(error, resolve, Config(**case), release, shape, dtype) == text


@pytest.mark.parametrize(
    "shape, text",
    [
        (
            (4, 3),
            "the layer was built for rank 4, this input has rank 2 (shape (4, 3)). Use a second layer.",
        ),
        (
            (1, 4, 5, 2),
            "the layer was built for size 3 along axis 3, this input has 2 (shape (1, 4, 5, 2)). Use a second layer.",
        ),
    ],
)
def test_refusal_of_a_second_input_is_told_in_full(shape, text):
    assert refusal(ValueError, resolve(Config(), behaviour(NEWEST), (None, 4, 5, 3), "float32").check, shape) == text


def test_every_reason_not_to_fuse_is_told_in_words():
    config = Config(
        fused=False, renorm=True, virtual_batch_size=2, adjustment=len, gamma_regularizer=len, synchronized=True
    )
    assert fused_vetoes(config, behaviour("1.4"), 3, (2,), "float64") == (
        "fused=False was asked for",
        "the input has rank 3, the kernel takes 4",
        "renorm=True",
        "virtual_batch_size=2",
        "an adjustment is given",
        "synchronized=True, and the kernel sees one replica",
        "a regularizer is given",
    )
    assert fused_vetoes(Config(axis=2), behaviour("2.21"), 5, (2,), "float64") == (
        "the kernel has no layout for axis [2] at rank 5",
        "dtype float64",
    )
    assert fused_vetoes(Config(), behaviour("2.21"), 3, (2,), "float32") == (
        "the input has rank 3, the kernel takes 4 or 5",
    )
    assert fused_vetoes(Config(), behaviour("1.3"), 4, (3,), "float32") == ("fused=True was not asked for",)


def test_moments_of_a_subclass_cannot_be_synchronized():
    text = refusal(
        ValueError, resolve, Config(synchronized=True), behaviour(NEWEST), (None, 3), "float32", own_moments=True
    )
    assert text == (
        "synchronized=True, but a subclass takes the moments in its own `_moments`, which would go unsynchronized. "
        "Drop synchronized, or the method."
    )
