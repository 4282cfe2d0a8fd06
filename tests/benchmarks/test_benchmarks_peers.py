"""All implementations that are measured do the same work: outputs, gradients and averages agree."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = pathlib.Path(__file__).with_name("small_steps.py")
#: An interpreter that has PyTorch; without one there is no test of it.
TORCH = os.environ.get("BENCHMARKS_TORCH")

WORKLOADS = ["image", "first", "float16", "sequence", "features", "volume", "inference", "renorm", "virtual", "xla"]
MODES = pytest.mark.parametrize("mode", peers.MODES)


def started(python, *words):
    environ = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    environ.update(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow")
    command = [python, str(SCRIPT), *words]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def printed(process):
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(out.splitlines()[-1])


@pytest.fixture(scope="module")
def steps():
    """Mode -> workload -> peer -> values, or a reason; each mode in a process of its own, all at once."""
    running = {mode: started(sys.executable, mode) for mode in peers.MODES}
    return {mode: printed(process) for mode, process in running.items()}


def agree(values, expected, workload, averages):
    tolerance = 5e-3 if workload == "float16" else 2e-5
    count = len(expected) if averages else len(expected) - 1  # without the moving variance
    assert len(values) == len(expected)
    for ours, theirs in zip(values[:count], expected[:count]):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("workload", WORKLOADS)
@MODES
def test_every_implementation_computes_what_the_real_function_does(mode, workload, steps):
    expected = steps["v1"]["image" if workload == "xla" else workload]["tf.layers"]
    assert len(expected) == (3 if workload == "inference" else 6)
    ran = {name: values for name, values in steps[mode][workload].items() if not isinstance(values, str)}
    ran.pop("floor", None)
    for name, values in ran.items():
        # Keras 3 keeps the biased variance where the others do not
        agree(values, expected, workload, averages=name != "keras3")
    assert ("exact" in ran) == (workload != "xla" or mode == "function")


@MODES
def test_who_is_missing_says_why(mode, steps):
    reasons = {
        (workload, name): values
        for workload, found in steps[mode].items()
        for name, values in found.items()
        if isinstance(values, str)
    }
    tf_peers = ("tf.layers", "exact", "fast", "tf_keras", "keras3", "control", "floor")
    expected = set() if mode == "function" else {("xla", name) for name in tf_peers}
    expected |= {("renorm", "keras3"), ("virtual", "keras3")}
    if mode == "v1":
        expected |= {(workload, name) for workload in WORKLOADS for name in ("keras3", "floor")}
    assert set(reasons) == expected and all(reasons.values())


@MODES
def test_averages_of_a_train_step_have_moved(mode, steps):
    for name, values in steps[mode]["image"].items():
        if not isinstance(values, str):
            assert np.all(np.array(values[4]) != 0) and np.all(np.array(values[5]) != 1), name


@pytest.mark.parametrize("mode", peers.PEERS["floor"].modes)
@pytest.mark.parametrize("workload", sorted(set(WORKLOADS) - {"xla"}))
def test_floor_hands_on_what_it_gets_and_moves_its_averages(workload, mode, steps):
    values = [np.asarray(value) for value in steps[mode][workload]["floor"]]
    others = [np.asarray(value) for value in steps[mode][workload]["tf.layers"]]
    assert [value.shape for value in values] == [value.shape for value in others]
    if workload == "inference":
        assert not np.any(values[1]) and np.all(values[2] == 1)
    else:
        y, dx, dgamma, dbeta, moving_mean, moving_variance = values
        assert not np.array_equal(y, dx) and np.all(dgamma == 1) and not np.any(dbeta)
        np.testing.assert_allclose(moving_mean, 0.01 + dbeta, rtol=1e-6)
        np.testing.assert_allclose(moving_variance, 0.99 + dbeta, rtol=1e-6)


if TORCH:

    def test_pytorch_computes_the_same(steps):
        for workload, found in printed(started(TORCH, "function", "pytorch")).items():
            if not isinstance(found["pytorch"], str):
                expected = steps["v1"]["image" if workload == "xla" else workload]["tf.layers"]
                agree(found["pytorch"], expected, workload, averages=False)  # its moving variance is always unbiased
