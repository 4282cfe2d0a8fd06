"""Random cases: tfcompat does what the real function does in the same process, bit for bit."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("tf_keras", reason="the real tf.layers are in tf-keras")

from fuzz import child, command, known
from golden import catalogue, compare, pins
from golden.observation import Array, Observation

HERE = os.path.dirname(os.path.abspath(__file__))

#: On each Keras, and in each mode.
PLACES = [(keras, mode) for keras in ("keras2", "keras3") for mode in catalogue.MODES]


def quick_run():
    """Place -> `Result`."""
    results = command.run(PLACES, -(-command.QUICK // len(PLACES)), seed=1)
    return {(result.keras, result.mode): result for result in results}


@pytest.mark.beside(call=quick_run)
@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_random_cases_agree_with_the_real_function(place, beside):
    found = beside[place].found
    assert found is None, "%s\n%s" % (json.dumps(command.written(found["case"])), found["report"])


@pytest.mark.beside(call=quick_run)
@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_most_random_cases_are_compared_and_end_without_an_error(place, beside):
    counts = beside[place].counts
    assert counts["cases"] > counts["known"]
    assert counts["raised"] < 0.75 * counts["cases"]


@pytest.mark.beside(call=quick_run)
def test_every_known_difference_still_shows(beside):
    assert {row.shows[:2] for row in known.ROWS} <= set(beside)
    assert [name for result in beside.values() for name in result.unneeded] == []


def run_on_a_wrong_layer():
    """What the command says of `wrong_layers.py`, and its status."""
    options = ["--mode", "eager", "--keras", "keras2", "--subject", "wrong_layers", "--examples", "200", "--json"]
    return subprocess.run(
        [sys.executable, os.path.join(pins.ROOT, "scripts", "fuzz.py"), *options],
        env=dict(os.environ, PYTHONPATH=HERE),
        stdout=subprocess.PIPE,
    )


@pytest.mark.beside(call=run_on_a_wrong_layer)
def test_wrong_layer_is_found_and_its_case_shrunk(beside):
    assert beside.returncode == 1
    (told,) = json.loads(beside.stdout)["places"]
    assert told["found"]["case"]["args"] == {"center": False}
    assert "y0" in told["found"]["report"]


class Sides(child.Pair):
    """What the real function says, time after time, and what the subject says."""

    def __init__(self, real, subject):
        super().__init__("keras3", "eager", iter(real), iter([subject]))

    def _seen(self, case, side):
        return next(side)


def seen(**arrays):
    return Observation({name: Array("float32", (), np.float32(value).tobytes()) for name, value in arrays.items()})


CASE = catalogue.completed({"id": "fuzz-0", "about": "drawn", "input": {"shape": [4, 3]}}, {"family": "fuzz"})


def test_what_the_real_function_does_now_so_now_so_may_differ():
    sides = Sides(real=[seen(x=1)] * 10 + [seen(x=2)], subject=seen(x=2))
    sides.check(CASE)
    assert sides.counts == {"cases": 1, "raised": 0, "racy": 1}


def test_what_the_real_function_does_always_so_may_not_differ_beside_it():
    sides = Sides(real=[seen(x=1, y=1)] + [seen(x=2, y=1)] * 100, subject=seen(x=1, y=3))
    with pytest.raises(compare.Mismatch, match="y: 1 of 1 elements differ"):
        sides.check(CASE)


def test_arrays_in_another_order_are_a_difference():
    with pytest.raises(compare.Mismatch, match="arrays are in another order"):
        Sides(real=[seen(x=1, y=1)], subject=seen(y=1, x=1)).check(CASE)


def test_fewer_examples_than_places_are_refused(capsys):
    assert command.main(["--examples", "7"]) == 2
    assert capsys.readouterr().err == "fuzz: --examples is 7; there are 8 places, and each draws one at least\n"


def test_child_that_dies_is_status_2(monkeypatch, capsys):
    monkeypatch.setattr(command.sys, "executable", "/bin/false")
    assert command.main(["--mode", "eager", "--keras", "keras2", "--examples", "1"]) == 2
    assert capsys.readouterr().err == "fuzz: the child for keras2 eager ended too early: \n"
