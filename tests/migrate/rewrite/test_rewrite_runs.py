"""Rewritten files run, and do what they did before, bit for bit."""

import pytest
import rewrite_cases
from models_run import results, started

RUNS = rewrite_cases.all_cases("runs")
CONTRIB = rewrite_cases.all_cases("contrib")
ON_KERAS_3 = [case for case in RUNS if "keras2" not in case.options]


@pytest.fixture(scope="module")
def real():
    """What the files did on Keras 2, which has the real function."""
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
    found = started()[3].result()["eagerly"][case.name]
    if "random" in case.options:
        assert "error" not in found
    else:
        assert found == real[case.name]["before"]["values"][0]


@pytest.mark.parametrize("case", [case for case in CONTRIB if "contrib_layers" not in case.after("graph")], ids=str)
def test_rewritten_contrib_has_the_variables_that_it_had_in_1_15(case):
    assert results(2)[case.name]["graph"].get("variables") == case.variables
