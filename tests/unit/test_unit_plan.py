"""What will run is decided without TensorFlow."""

import dataclasses
import re

import pytest

from tfcompat.config import Config
from tfcompat.plan import fast_vetoes, resolve
from tfcompat.releases import RELEASES, behaviour

NEWEST, TF1 = behaviour("2.21.0"), behaviour("1.15.5")
IMAGE = (None, 4, 5, 3)


def plan(shape=IMAGE, dtype="float32", release=NEWEST, **arguments):
    return resolve(Config(**arguments), release, shape, dtype)


@pytest.mark.parametrize(
    "axis, axes, sizes, param_shape",
    [
        (-1, (3,), (3,), (3,)),
        (3, (3,), (3,), (3,)),
        (1, (1,), (4,), (4,)),
        ([2], (2,), (5,), (5,)),
        ([1, 3], (1, 3), (4, 3), (1, 4, 1, 3)),
        ([3, 1], (3, 1), (3, 4), (1, 4, 1, 3)),
        ((-1, -3), (3, 1), (3, 4), (1, 4, 1, 3)),
    ],
)
def test_axes_are_resolved_and_give_the_shape_of_the_variables(axis, axes, sizes, param_shape):
    found = plan(axis=axis)
    assert (found.axes, found.axis_sizes, found.param_shape) == (axes, sizes, param_shape)


@pytest.mark.parametrize(
    "shape, axis, release, layout",
    [
        (IMAGE, -1, NEWEST, "NHWC"),
        (IMAGE, 1, NEWEST, "NCHW"),
        ((None, 2, 4, 5, 3), -1, NEWEST, "NDHWC"),
        ((None, 2, 4, 5, 3), 1, NEWEST, "NCDHW"),
        (IMAGE, -1, TF1, "NHWC"),
    ],
)
def test_fused_kernel_is_told_the_layout(shape, axis, release, layout):
    found = plan(shape, axis=axis, release=release)
    assert (found.kernel, found.data_format, found.unbiased_variance) == ("fused", layout, True)


@pytest.mark.parametrize(
    "case, veto",
    [
        ({"fused": False}, "fused=False was asked for"),
        ({"fused": 0}, "fused=0 was asked for"),
        ({"axis": 2}, "the kernel has no layout for axis [2] at rank 4"),
        ({"axis": [1, 3]}, "the kernel has no layout for axis [1, 3] at rank 4"),
        ({"renorm": True}, "renorm=True"),
        ({"virtual_batch_size": 2}, "virtual_batch_size=2"),
        ({"synchronized": True}, "synchronized=True, and the kernel sees one replica"),
        ({"adjustment": lambda shape: shape}, "an adjustment is given"),
        ({"dtype": "float64"}, "dtype float64"),
        ({"shape": (None, 3)}, "the input has rank 2, the kernel takes 4 or 5"),
        ({"shape": (None, 2, 4, 5, 3), "release": TF1}, "the input has rank 5, the kernel takes 4"),
        ({"release": behaviour("1.3.0")}, "fused=True was not asked for"),
    ],
)
def test_fused_kernel_is_not_used_for_a_reason(case, veto):
    found = plan(**case)
    assert (found.kernel, found.data_format, found.unbiased_variance) == ("unfused", None, False)
    assert found.fused_vetoes == (veto,)


@pytest.mark.parametrize(
    "case, vetoes",
    [
        ({}, ["numerics='exact'"]),
        ({"numerics": "fast"}, []),
        ({"numerics": "fast", "dtype": "float64"}, []),
        ({"numerics": "fast", "dtype": "float16"}, []),
        ({"numerics": "fast", "dtype": "bfloat16", "fused": False}, []),
        ({"numerics": "fast", "dtype": "float16", "fused": False, "release": TF1}, ["arithmetic in float16"]),
        ({"numerics": "fast", "adjustment": lambda shape: shape}, ["an adjustment is given"]),
        ({"numerics": "fast", "epsilon": None}, ["epsilon=None"]),
        ({"numerics": "fast", "synchronized": True}, ["synchronized=True"]),
    ],
)
def test_arithmetic_is_exact_for_a_reason(case, vetoes):
    assert list(plan(**case).fast_vetoes) == vetoes


def test_moments_of_a_subclass_are_a_reason_for_exact_arithmetic():
    found = resolve(Config(numerics="fast"), NEWEST, IMAGE, "float32", own_moments=True)
    assert found.fast_vetoes == ("a subclass takes the moments",)


def test_fused_true_cannot_force_the_kernel():
    assert plan((None, 3), fused=True).kernel == "unfused"


def test_float64_was_no_reason_before_2_3():
    assert plan(dtype="float64", release=behaviour("2.2")).kernel == "fused"
    assert plan(dtype="float64", release=behaviour("2.3")).kernel == "unfused"


@pytest.mark.parametrize(
    "dtype, param_dtype, release, compute_dtype",
    [
        ("float16", "float32", NEWEST, "float32"),
        ("float16", "float32", TF1, "float16"),
        ("bfloat16", "float32", NEWEST, "float32"),
        ("float32", "float32", NEWEST, "float32"),
        ("float64", "float64", NEWEST, "float64"),
    ],
)
def test_narrow_input_has_float32_variables(dtype, param_dtype, release, compute_dtype):
    found = plan(dtype=dtype, release=release, fused=False)
    assert (found.dtype, found.param_dtype, found.compute_dtype) == (dtype, param_dtype, compute_dtype)


@pytest.mark.parametrize(
    "arguments, reduction, keep, broadcast",
    [
        ({}, (0, 1, 2), False, None),
        ({"axis": 1}, (0, 2, 3), False, (1, 4, 1, 1)),
        ({"axis": [1, 3]}, (0, 2), True, None),
        ({"virtual_batch_size": 2}, (0, 2, 3), True, None),
        ({"virtual_batch_size": 2, "axis": 1}, (0, 3, 4), True, None),
    ],
)
def test_kernel_is_told_what_to_reduce_and_how_it_meets_the_input(arguments, reduction, keep, broadcast):
    found = plan(**arguments)
    assert (found.reduction_axes, found.keep_dims, found.broadcast_shape) == (reduction, keep, broadcast)


@pytest.mark.parametrize("rank", [2, 3, 4, 5])
def test_kernel_sees_one_dimension_more_of_virtual_batches_at_every_rank(rank):
    shape = (None,) * (rank - 1) + (3,)
    found, plain = plan(shape, virtual_batch_size=2), plan(shape)
    assert (plain.kernel_rank, plain.kernel_axes) == (rank, (rank - 1,))
    assert (found.kernel_rank, found.kernel_axes) == (rank + 1, (rank,))
    assert found.reduction_axes == (0, *range(2, rank)) and found.param_shape == (1,) * rank + (3,)


@pytest.mark.parametrize(
    "arguments, release, names",
    [
        ({}, "2.21", "gamma beta moving_mean moving_variance"),
        ({"scale": False, "center": False}, "2.21", "moving_mean moving_variance"),
        ({"scale": False}, "1.3", "beta moving_mean moving_variance"),
        ({}, "1.3", "beta gamma moving_mean moving_variance"),
    ],
)
def test_variables_come_in_the_order_of_the_release(arguments, release, names):
    found = plan(release=behaviour(release), **arguments).variables
    assert [variable.name for variable in found] == names.split()
    assert [variable.initializer for variable in found] == [name + "_initializer" for name in names.split()]
    assert [variable.statistic for variable in found] == [name.startswith("moving") for name in names.split()]


def test_renorm_variables_start_where_the_release_starts_them():
    def started(release):
        found = plan(renorm=True, axis=[1, 3], release=behaviour(release)).variables[4:]
        assert all(variable.statistic for variable in found)
        return [(variable.name, variable.shape, variable.initializer) for variable in found]

    shape = (1, 4, 1, 3)
    assert started("1.14") == [
        ("renorm_mean", shape, "zeros"),
        ("renorm_mean_weight", (), "zeros"),
        ("renorm_stddev", shape, "zeros"),
        ("renorm_stddev_weight", (), "zeros"),
    ]
    assert started("1.15") == [
        ("moving_stddev", shape, "stddev"),
        ("renorm_mean", shape, "moving_mean_initializer"),
        ("renorm_stddev", shape, "stddev"),
    ]


@pytest.mark.parametrize("axis, param_shape", [(-1, (1, 1, 1, 1, 3)), (1, (1, 1, 4, 1, 1)), ([1, 3], (1, 1, 4, 1, 3))])
def test_virtual_batches_put_one_dimension_more_in_the_variables(axis, param_shape):
    assert plan(axis=axis, virtual_batch_size=2).param_shape == param_shape


ONE_RANK = (
    "its rank must be known and at least 1 to make the variables. Give the placeholder a shape, or call set_shape."
)


@pytest.mark.parametrize(
    "case, error, message",
    [
        ({"shape": None}, ValueError, "the input has an unknown rank; " + ONE_RANK),
        ({"shape": ()}, ValueError, "the input has rank 0; " + ONE_RANK),
        (
            {"shape": (None, None)},
            ValueError,
            "the input's shape is (None, None), its size along axis 1 is unknown; it must be known to make the "
            "variables. Call set_shape.",
        ),
        (
            {"shape": (2, 0), "release": behaviour("1.4.0")},
            ValueError,
            "the input's shape is (2, 0), its size along axis 1 is 0; TensorFlow 1.4.0, which the layer follows, needs "
            "at least 1.",
        ),
        ({"axis": 4}, ValueError, "axis is 4; allowed for an input of rank 4 is -4 to 3."),
        ({"axis": -5}, ValueError, "axis is -5; allowed for an input of rank 4 is -4 to 3."),
        ({"axis": [1, -3]}, ValueError, "axis is [1, -3], which names axis [1, 1] twice; name each once."),
        ({"axis": []}, IndexError, "axis is empty; name at least one axis to keep, for example axis=-1."),
        ({"axis": [1, None]}, TypeError, "axis is [1, None]; every axis must be an int, None is a NoneType."),
        (
            {"virtual_batch_size": 0},
            ValueError,
            "virtual_batch_size is 0; allowed is a positive int that divides the batch, or None.",
        ),
        (
            {"virtual_batch_size": 2, "axis": 0, "shape": (4, 3)},
            ValueError,
            "virtual_batch_size=2 groups axis 0, the batch, so axis=0 cannot keep it. Keep another axis, or drop "
            "virtual_batch_size.",
        ),
        (
            {"virtual_batch_size": 2, "adjustment": len},
            ValueError,
            "virtual_batch_size and adjustment are both given; drop one of them.",
        ),
        (
            {"fused": True, "renorm": True, "shape": (None, 3), "release": behaviour("1.3.0")},
            ValueError,
            "fused=True, but the input has rank 2, the kernel takes 4, renorm=True; TensorFlow 1.3.0 does not fall "
            "back. Use fused=False.",
        ),
        (
            {"dtype": "float16", "release": behaviour("1.1.0")},
            ValueError,
            "the input is float16; TensorFlow 1.1.0, which the layer follows, normalizes float32 only. Cast the input, "
            "or follow a later release.",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused_with_what_came_what_is_allowed_and_what_to_do(case, error, message):
    with pytest.raises(error, match="^%s$" % re.escape(message)):
        plan(**case)


@pytest.mark.parametrize("shape", [None, (7, 4, 5, 3), (None, None, None, None), (0, 9, 9, 3)])
def test_input_that_fits_the_variables_is_let_through(shape):
    assert plan().check(shape) is None


@pytest.mark.parametrize(
    "shape, message",
    [
        ((4, 3), "the layer was built for rank 4, this input has rank 2 (shape (4, 3)). Use a second layer."),
        (
            (1, 4, 5, 2),
            "the layer was built for size 3 along axis 3, this input has 2 (shape (1, 4, 5, 2)). Use a second layer.",
        ),
    ],
)
def test_input_that_does_not_fit_the_variables_is_refused(shape, message):
    with pytest.raises(ValueError, match="^%s$" % re.escape(message)):
        plan().check(shape)


def test_plan_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan().kernel = "unfused"


VARIABLES = [
    ("gamma", (3,), "gamma_initializer", False),
    ("beta", (3,), "beta_initializer", False),
    ("moving_mean", (3,), "moving_mean_initializer", True),
    ("moving_variance", (3,), "moving_variance_initializer", True),
]
RENORM = [
    ("moving_stddev", (3,), "stddev", True),
    ("renorm_mean", (3,), "moving_mean_initializer", True),
    ("renorm_stddev", (3,), "stddev", True),
]
DEBIASED = [
    ("renorm_mean", (3,), "zeros", True),
    ("renorm_mean_weight", (), "zeros", True),
    ("renorm_stddev", (3,), "zeros", True),
    ("renorm_stddev_weight", (), "zeros", True),
]


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({}, VARIABLES),
        ({"center": False}, VARIABLES[:1] + VARIABLES[2:]),
        ({"scale": False}, VARIABLES[1:]),
        ({"renorm": True}, VARIABLES + RENORM),
        ({"renorm": True, "release": behaviour("1.14.0")}, VARIABLES + DEBIASED),
        ({"release": behaviour("1.0.0")}, VARIABLES[1::-1] + VARIABLES[2:]),
    ],
    ids=["default", "no-center", "no-scale", "renorm", "renorm-debiased", "first-release"],
)
def test_variables_are_those_that_the_layer_makes_in_its_order(arguments, expected):
    variables = plan(**arguments).variables
    assert [(one.name, one.shape, one.initializer, one.statistic) for one in variables] == expected


def test_equal_questions_have_equal_plans():
    assert plan() == plan() and hash(plan()) == hash(plan())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int32"])
def test_first_releases_refuse_what_is_not_float32(dtype):
    first = behaviour("1.1.0")
    assert plan(release=first).param_dtype == "float32"
    with pytest.raises(ValueError, match="the input is {}; TensorFlow 1.1.0, .* normalizes float32 only".format(dtype)):
        plan(release=first, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fast_arithmetic_is_in_float32_and_float64(dtype):
    assert fast_vetoes(Config(numerics="fast"), dtype, False) == ()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32"])
def test_fast_arithmetic_is_in_no_other_dtype(dtype):
    assert fast_vetoes(Config(numerics="fast"), dtype, False) == ("arithmetic in {}".format(dtype),)


@pytest.mark.parametrize("fused, vetoes", [(True, ()), (False, ("arithmetic in float16",))])
def test_the_fused_kernel_computes_in_float32_where_the_unfused_one_does_not(fused, vetoes):
    release = next(one for one in RELEASES if not behaviour(one).unfused_in_float32 and behaviour(one).fused_by_default)
    plan = resolve(Config(numerics="fast", fused=fused), behaviour(release), (2, 2, 2, 3), "float16")
    assert plan.kernel == ("fused" if fused else "unfused")
    assert plan.fast_vetoes == vetoes
