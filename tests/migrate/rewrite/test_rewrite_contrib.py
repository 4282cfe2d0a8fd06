"""Rewritten files do what contrib did, bit for bit, where there is contrib: TensorFlow 1.15."""

import pytest
import rewrite_cases
from models_run import results, started

from tfcompat.migrate.rewrite import signatures

CONTRIB = rewrite_cases.all_cases("contrib")


def comparable(case, found):
    """What must be the same: of a case that rounds, only the first of the values, which is an output of training."""
    return dict(found, values=found["values"][:1]) if "rounds" in case.options else found


@pytest.mark.parametrize("case", CONTRIB, ids=str)
def test_graph_style_does_what_contrib_did(case):
    found = results(2)[case.name]
    assert "error" not in found["before"]
    assert comparable(case, found["graph"]) == comparable(case, found["before"])


@pytest.mark.parametrize("case", [case for case in CONTRIB if "graph-only" not in case.options], ids=str)
def test_keras_style_does_what_contrib_did(case):
    found = results(2)[case.name]
    assert comparable(case, found["keras"]) == comparable(case, found["before"])


def test_contrib_arguments_are_those_of_contrib():
    assert started()[2].result()["contrib_arguments"] == list(signatures.CONTRIB_ORDER)
