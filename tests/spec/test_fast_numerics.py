"""`numerics="fast"`: the catalogue beside the formulas in float64, with each engine."""

import json
import subprocess
import sys

import pytest

from golden import pins

#: What the limits that TensorFlow's own kernels need (`golden/conformance/limits.json`) are multiplied by: gradients of
#: gamma are sums of thousands of terms that nearly cancel, and in another order they are rounded otherwise.
FACTOR = 2

PROGRAM = """
import collections, json, sys
from golden import catalogue
from golden.conformance import limits
from golden.conformance.judge import Conformance
from golden.store import Key, Store
from golden.runner import case, host
mode, engine, release, factor = sys.argv[1:]
host.choose_behaviour(mode)
subject = host.subject("tfcompat.layers")
from tfcompat.kernels import engines
from tfcompat.spec.layer import reference
engines.ROWS = tuple(row._replace(least=0, onednn=None, engine=getattr(engines, engine)) for row in engines.ROWS)
cases, store, raised = catalogue.load(), Store(), {}
families = sys.stdin.read().split()
cases = {name: case for name, case in cases.items() if case["family"] in families}

class Fast:
    "The recordings with what the layer gives in place of their arrays."
    index = store.index
    def observation(self, name, sha):
        recorded = store.observation(name, sha)
        if sha != here.cases[name].sha:  # another mode's, which tells the kernel
            return recorded
        if "raised" in recorded.facts:
            return recorded
        obtained = case.run(cases[name], mode, subject)
        if "raised" in obtained.facts:
            raised[name] = obtained.notes["message"]
        return type(recorded)(obtained.arrays, recorded.facts, recorded.notes)

here = store.index(Key(release, "onednn-off", mode))
conformance = Conformance(reference, Fast(), cases, limits.load(), float(factor))
conformance.run(release, mode, set(cases))
outcomes = conformance.outcomes
print(json.dumps({
    "counts": collections.Counter(outcome.status for outcome in outcomes),
    "wrong": {outcome.case: outcome.detail for outcome in outcomes if outcome.status not in ("met", "not compared")},
    "raised": raised,
}))
"""


def judged(mode, engine, families):
    # Second derivatives are right, which they are in TensorFlow from 2.22 on.
    environment = dict(pins.environment("tfcompat.layers", "keras3"), TFCOMPAT_NUMERICS="fast", TFCOMPAT_RELEASE="2.22")
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, mode, engine, "2.22.0rc0", str(FACTOR)],
        input=families,
        env=environment,
        cwd=pins.ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


#: Families of cases that are about numbers; those about names, scopes and the like run the same arithmetic.
NUMBERS = (
    "affine axis basics dtype epsilon fused large momentum pairwise renorm second-order sizes values virtual-batch"
)
#: Families that have each kernel.
KERNELS = "large second-order vector"

#: Mode, engine, families, and how many cases meet the formulas at least.
RUNS = (
    ("function", "PLAIN", NUMBERS, 300),
    ("graph-v1", "PLAIN", KERNELS, 20),
    ("eager", "PLAIN", KERNELS, 20),
    ("function", "COMPILED", KERNELS, 20),
    ("function", "INLINED", KERNELS, 20),
)


@pytest.mark.beside(call=judged, of=("mode", "engine", "families"))
@pytest.mark.parametrize(
    "mode, engine, families, least", RUNS, ids=["{}-{}-{}".format(*run[:2], run[3]) for run in RUNS]
)
def test_cases_are_what_the_formulas_give(mode, engine, families, least, beside):
    assert (beside["wrong"], beside["raised"]) == ({}, {})
    assert beside["counts"]["met"] > least
