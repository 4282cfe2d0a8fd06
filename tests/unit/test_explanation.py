"""An explanation names the kernel, the reasons, the variables, and the releases in which the same call differs."""

import numpy as np
import pytest

import tfcompat
from tfcompat.config import Config
from tfcompat.explanation import UNTOLD, explanation
from tfcompat.releases import TRAITS

IMAGE = (None, 8, 8, 3)


def differences(shape=IMAGE, dtype="float32", release="2.21", **arguments):
    found = explanation(Config(**arguments), shape, dtype, release)
    return {difference.trait: difference for difference in found.differences}


def test_fused_call_is_told_by_its_layout_and_unbiased_variance(capsys):
    tfcompat.explain(IMAGE, release="2.21")
    told = capsys.readouterr().out
    assert told.startswith("Input (?, 8, 8, 3) float32, as TensorFlow 2.21 does it:\n  kernel           fused, NHWC\n")
    assert "moving variance  unbiased, n / (n - 1)" in told and "over axes 0, 1, 2 of the whole batch" in told
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
