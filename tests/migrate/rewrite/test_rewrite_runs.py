"""Rewritten files run, and do what they did before, bit for bit."""

import concurrent.futures
import functools
import json
import os
import pathlib
import subprocess
import sys

import pytest
import rewrite_cases

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
RUNS = rewrite_cases.all_cases("runs")
CONTRIB = rewrite_cases.all_cases("contrib")
ON_KERAS_3 = [case for case in RUNS if "keras2" not in case.options]


def run_models(keras, *sides):
    path = os.pathsep.join([str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")])
    environment = dict(os.environ, PYTHONPATH=path, TF_USE_LEGACY_KERAS=str(int(keras == 2)), CUDA_VISIBLE_DEVICES="-1")
    command = [sys.executable, str(HERE / "run_models.py"), *sides]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@functools.lru_cache(maxsize=None)
def started():
    """One process for each Keras; Keras 2 has the real function, and runs what was before too."""
    pool = concurrent.futures.ThreadPoolExecutor()
    return {
        2: pool.submit(run_models, 2, "before", "graph"),
        3: pool.submit(run_models, 3, "graph", "keras"),
    }


def results(keras):
    """What all models did, with Keras `2` or `3`."""
    return started()[keras].result()["models"]


@pytest.fixture(scope="module")
def real():
    if "error" in results(2)["compat-v1-dotted"]["before"]:
        pytest.skip("this TensorFlow has no tf.layers.batch_normalization: install tf_keras")
    return results(2)


@pytest.mark.parametrize("case", RUNS, ids=str)
def test_graph_style_does_what_the_file_did_before(case, real):
    assert "error" not in real[case.name]["before"], real[case.name]["before"]
    assert real[case.name]["graph"] == real[case.name]["before"]


@pytest.mark.parametrize("case", ON_KERAS_3, ids=str)
def test_graph_style_does_the_same_on_keras_3(case, real):
    assert results(3)[case.name]["graph"] == real[case.name]["before"]


@pytest.mark.parametrize("case", [case for case in RUNS if case.is_all_rewritten("keras")], ids=str)
def test_keras_style_in_a_graph_does_what_the_file_did_before(case, real):
    keras = 3 if case in ON_KERAS_3 else 2
    assert results(keras)[case.name]["keras"] == real[case.name]["before"]


@pytest.mark.parametrize("case", [case for case in ON_KERAS_3 if case.is_all_rewritten("keras")], ids=str)
def test_keras_style_runs_eagerly_and_gives_what_the_graph_gave(case, real):
    eagerly = started()[3].result()["eagerly"]
    if not eagerly:
        pytest.skip("this TensorFlow is not eager from its start")
    found = eagerly[case.name]
    if "random" in case.options:
        assert "error" not in found
    else:
        assert found == real[case.name]["before"]["values"][0]


@pytest.mark.parametrize("case", [case for case in CONTRIB if "contrib_layers" not in case.after("graph")], ids=str)
def test_rewritten_contrib_has_the_variables_that_it_had_in_1_15(case):
    assert results(2)[case.name]["graph"].get("variables") == case.variables


@pytest.fixture(scope="module")
def contrib():
    if not started()[2].result()["contrib_arguments"]:
        pytest.skip("this TensorFlow has no contrib")
    return results(2)


@pytest.mark.parametrize("style", rewrite_cases.STYLES)
@pytest.mark.parametrize("case", CONTRIB, ids=str)
def test_rewritten_contrib_does_what_it_did_before(case, style, contrib):
    if style == "keras" and "graph-only" in case.options:
        pytest.skip("a layer's name is no scope to enter again")
    found = contrib[case.name]
    assert "error" not in found["before"]
    assert found[style] == found["before"]


def test_contrib_arguments_are_those_of_contrib(contrib):
    signatures = pytest.importorskip("tfcompat.migrate.rewrite.signatures")
    assert started()[2].result()["contrib_arguments"] == list(signatures.CONTRIB_ORDER)
