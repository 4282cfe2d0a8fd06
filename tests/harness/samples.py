"""Observations, cases and keys made by hand for the tests of the harness."""

import os

import numpy as np

from golden import catalogue
from golden.observation import Array, Observation
from golden.store import Key

#: The folder with the fake worker and the fake recorder.
HERE = os.path.dirname(os.path.abspath(__file__))

RELEASE = "2.21.0"
KEY = Key(RELEASE, "onednn-off", "eager")


def make_observation(values=(1.0, -0.0, 2.5), dtype="float32", **facts):
    """An observation with one array `y`, one array `mean`, and facts as the runner makes them."""
    y = np.asarray(values, dtype)
    known = {"variables": [["bn/gamma", "float32", [3], "ref"], ["bn/beta", "float32", [3], "ref"]]}
    known["collections"] = {"update_ops": ["AssignSub", "AssignSub"]}
    arrays = [("s0/y0", Array.of(y)), ("s0/mean", Array.of(np.float64([0.5, 0.25])))]
    return Observation(arrays, dict(known, **facts), {"message": "for people"})


def make_case(case_id, family="plain", **changes):
    """A complete case of a catalogue."""
    case = {"id": case_id, "family": family, "about": "a case", "input": {"shape": [2, 3]}, "args": {}}
    return dict(case, modes=list(catalogue.MODES), portable=True, **changes)
