"""An explanation names the kernel, the reasons, the variables, the numbers, and the releases that do something else."""

import numpy as np
import pytest
from explained_calls import SAYINGS, WARNINGS

import tfcompat
from tfcompat.config import Config
from tfcompat.explanation import UNTOLD, explanation
from tfcompat.explanation.advice import KINDS
from tfcompat.releases import TRAITS

IMAGE = (None, 8, 8, 3)


def explained(shape=IMAGE, dtype="float32", release="2.21", training=None, steps=None, **arguments):
    return explanation(Config(**arguments), shape, dtype, release, training=training, steps=steps)


def differences(**arguments):
    return {difference.trait: difference for difference in explained(**arguments).differences}


def test_fused_call_is_told_by_its_layout_and_unbiased_variance(capsys):
    tfcompat.explain(IMAGE, release="2.21")
    told = capsys.readouterr().out
    assert told.startswith("Input (?, 8, 8, 3) float32, as TensorFlow 2.21 does it:\n  kernel           fused, NHWC\n")
    assert "moving variance  unbiased, n / (n - 1) times the batch's\n" in told
    assert "over axes 0, 1, 2 of the whole batch\n                   n = ? x 64 for each of 3 means and" in told
    assert "\n                   moving_mean (3)\n" in told


def test_every_veto_is_told(capsys):
    tfcompat.explain(IMAGE, axis=[1, 3], virtual_batch_size=4, release="2.21")
    told = capsys.readouterr().out
    assert "because the kernel has no layout for axis [1, 3] at rank 4\n" in told
    assert "because virtual_batch_size=4\n" in told and "gamma (1, 1, 8, 1, 3)" in told
    assert "over axes 0, 2 of the groups of 4" in told


def test_what_the_release_around_does_is_what_is_explained(capsys):
    with tfcompat.release("1.4"):
        tfcompat.explain(IMAGE, renorm=True)
    told = capsys.readouterr().out
    assert "as TensorFlow 1.4 does it" in told and "renorm_stddev_weight ()" in told


def test_difference_tells_the_releases_and_what_they_do():
    found = differences()
    assert found["beta_before_gamma"] == ("1.0 - 1.3", "beta_before_gamma", "`beta` is made before `gamma`.")
    assert found["fused_by_default"] == ("1.0 - 1.3", "fused_by_default", "`fused=None` takes the unfused kernel.")


@pytest.mark.parametrize(
    "trait, without, arguments",
    [
        ("renorm_debiased", {}, {"renorm": True}),
        ("regularizer_vetoes_fused", {}, {"gamma_regularizer": abs}),
        ("axis_tuple", {"axis": [1, 3]}, {"axis": (1, 3)}),
        ("fused_epsilon_clamped", {"epsilon": 1e-3}, {"epsilon": 1e-6}),
        ("fused_rank_5", {}, {"shape": (None, 2, 2, 2, 3)}),
        ("unfused_in_float32", {"fused": False}, {"fused": False, "dtype": "float16"}),
        ("virtual_batch_off_at_inference", {}, {"virtual_batch_size": 2}),
        ("fused_or_error", {"fused": True}, {"fused": True, "axis": 2}),
        ("beta_before_gamma", {"center": False}, {"scale": True}),
    ],
)
def test_only_what_concerns_the_call_is_told(trait, without, arguments):
    assert trait in differences(**arguments)
    assert trait not in differences(**without)


def test_call_that_the_release_refuses_is_refused():
    with pytest.raises(TypeError, match="from TensorFlow 1.5 on, and the layer follows 1.4"):
        tfcompat.explain(IMAGE, virtual_batch_size=2, release="1.4")


def test_every_trait_concerns_some_call():
    calls = [
        {},
        {"shape": (None, 4), "axis": (1,), "renorm": True, "renorm_clipping": {}, "renorm_momentum": 0.9},
        {"axis": [1, 3], "virtual_batch_size": 2, "beta_constraint": abs},
        {"fused": True, "axis": 2, "dtype": "float16"},
        {"dtype": "float64"},
        {"gamma_regularizer": abs, "epsilon": 1e-9},
        {"shape": (None, 2, 2, 2, 3)},
        {"axis": np.int64(3), "release": "1.4"},
        {"shape": (None, 0)},
    ]
    told = {trait for call in calls for trait in differences(**call)}
    assert {trait.name for trait in TRAITS} - told == set(UNTOLD)


@pytest.mark.parametrize(
    "shape, arguments, size, told",
    [
        ((10, 3, 3, 64), {}, 90, "10 x 3 x 3 = 90"),
        ((10, 3, 3, 64), {"axis": 1}, 1920, "10 x 3 x 64 = 1920"),
        ((10, 3, 3, 64), {"axis": [1, 3]}, 30, "10 x 3 = 30"),
        ((None, 3, 3, 64), {}, None, "? x 9"),
        ((10, None, 3, 64), {}, None, "? x 30"),
        ((None, None, None, 64), {}, None, "? x ? x ?"),
        ((None, 64), {}, None, "?"),
        ((None, None, 1, 64), {}, None, "? x ? x 1"),
        ((7, 64), {}, 7, "7"),
        ((7, 64), {"axis": [0, 1]}, 1, "1"),
        ((0, 3, 3, 64), {}, 0, "0 x 3 x 3 = 0"),
        ((0, None, 3, 64), {}, 0, None),
        ((None, 3, 3, 64), {"virtual_batch_size": 4}, 36, "4 x 3 x 3 = 36"),
        ((12, 64), {"virtual_batch_size": 4}, 4, "4"),
    ],
)
def test_group_is_all_elements_along_the_axes_that_are_not_kept(shape, arguments, size, told):
    group = explained(shape=shape, **arguments).call.group
    assert group.size == size
    assert told is None or str(group) == told


@pytest.mark.parametrize(
    "shape, arguments, factor",
    [
        ((10, 3, 3, 64), {}, 90 / 89),
        ((2, 1, 1, 3), {}, 2.0),
        ((1, 1, 1, 3), {}, 1.0),
        ((None, 3, 3, 64), {}, None),
        ((0, 3, 3, 64), {}, None),
        ((10, 3, 3, 64), {"fused": False}, 1.0),
        ((10, 64), {}, 1.0),
        ((None, 64), {}, 1.0),
        ((10, 3, 3, 64), {"release": "1.3"}, 1.0),
        ((10, 3, 3, 64), {"virtual_batch_size": 5}, 1.0),
    ],
)
def test_bessel_factor_is_that_of_the_fused_kernel(shape, arguments, factor):
    assert explained(shape=shape, **arguments).call.bessel == factor


def rows(**arguments):
    return {row.step: row for row in explained(**arguments).averages.rows}


def test_numbers_are_those_of_the_update_done_step_by_step():
    found = rows(shape=(10, 3, 3, 64), momentum=0.9, steps=20)
    assert list(found) == [0, 1, 2, 3, 20, 44]
    mean, variance, left = 0.0, 1.0, 1.0
    for step in range(45):
        if step in found:
            assert found[step][:4] == pytest.approx((step, left, mean, variance), rel=1e-12)
        mean -= (mean - 1.0) * (1 - 0.9)
        variance -= (variance - 4.0 * 90 / 89) * (1 - 0.9)
        left *= 0.9
    assert found[44].left <= 0.01 < found[44].left / 0.9 and found[44].moving_stddev is None


def test_numbers_of_renorm_average_the_standard_deviation_from_1_15_on():
    found = rows(momentum=0.9, renorm=True, epsilon=0.5, release="1.15")
    stddev = 1.0
    for step in range(1, 4):
        stddev -= (stddev - (4.0 + 0.5) ** 0.5) * (1 - 0.9)
        assert found[step].moving_stddev == pytest.approx(stddev, rel=1e-12)
        assert found[step].moving_variance == pytest.approx(stddev**2 - 0.5, rel=1e-12)
    before = rows(momentum=0.9, renorm=True, epsilon=0.5, release="1.14")
    assert before == rows(momentum=0.9, fused=False, epsilon=0.5)


@pytest.mark.parametrize(
    "steps, momentum, shown",
    [
        *((None, 0.9, [0, 1, 2, 3, 44]), (2, 0.9, [0, 1, 2, 44]), (1, 0.0, [0, 1]), (3, 0.5, [0, 1, 2, 3, 7])),
        *((10, 1, [0, 1, 2, 3, 10]), (10, 2.0, [0, 1, 2, 3, 10]), (100, 0.9, [0, 1, 2, 3, 44, 100])),
    ],
)
def test_first_steps_the_last_one_and_that_of_the_arrival_are_shown(steps, momentum, shown):
    assert list(rows(steps=steps, momentum=momentum)) == shown


@pytest.mark.parametrize(
    "arguments",
    [
        *({"freeze_statistics": True}, {"updates": "skip"}, {"momentum": None}, {"momentum": float("nan")}),
        *({"shape": (0, 8, 8, 3)}, {"epsilon": -9.0, "renorm": True}),
    ],
)
def test_averages_that_stand_still_or_are_no_numbers_have_none(arguments, capsys):
    assert explained(**arguments).averages is None
    assert "While training" not in str(explained(**arguments))


def test_one_element_has_no_variance():
    assert [row.moving_variance for row in explained(shape=(1, 1, 1, 3), momentum=0.5, steps=2).averages.rows][:3] == [
        *(1.0, 0.5, 0.25)
    ]


def warnings(**arguments):
    return {found.code: found for found in explained(**arguments).advice}


@pytest.mark.parametrize(
    "code, given, without, says", [(code, *row) for code, told in WARNINGS.items() for row in told]
)
def test_warning_is_given_where_it_holds_and_names_the_cure(code, given, without, says):
    assert code in warnings(**given) and code not in warnings(**without)
    assert says in str(warnings(**given)[code]) and "To do: " in str(warnings(**given)[code])


def test_every_warning_is_shown_here():
    assert set(WARNINGS) == set(KINDS)


def test_call_with_nothing_wrong_has_no_warnings():
    assert warnings(shape=(10, 3, 3, 64), training=True, steps=1000, fused=True) == {}


def test_explanation_tells_the_numbers_and_the_warnings(capsys):
    tfcompat.explain((10, 3, 3, 64), momentum=0.9, steps=20, training="left out", release="2.21")
    told = capsys.readouterr().out
    assert "n = 10 x 3 x 3 = 90 for each of 64 means and variances\n" in told
    assert "unbiased, n / (n - 1) = 90 / 89 = 1.011236 times the batch's\n" in told
    assert "average <- average - (average - batch's) * (1 - 0.9)." in told
    assert "After 44 steps they are within 1 % of the batch's." in told
    assert "    20            12.16 %     0.878423          3.67475\n" in told
    assert "\n\nwarning training-off: " in told and "\n\nwarning momentum-too-slow: " in told


@pytest.mark.parametrize("arguments, says", SAYINGS)
def test_explanation_says(arguments, says):
    assert says in str(explained(**arguments))
