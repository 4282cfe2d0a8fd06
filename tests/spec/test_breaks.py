"""Every clause that can be broken has a case that fails when it is: a small change of the code for each, in `breaks`.

A row of `breaks/CHAPTER.json` is the change (`file`, `old`, `new`), and where it shows: `case`, one of those that the
clause cites, in a `mode` of `golden`, and, if not the release that runs, the `release` that the layer follows.  A
clause that no change can break in a recording says why not in `unbroken`.
"""

import collections
import json
import os
import pathlib

import pytest

from golden import catalogue, pins
from mutation.forker import Forker
from mutation.protocol import Place, Request, Trial
from tfcompat.spec.clauses import CLAUSES, clauses_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

FOLDER = pathlib.Path(__file__).with_name("breaks")
ROWS = {
    clause_id: row
    for path in sorted(FOLDER.glob("*.json"))
    for clause_id, row in json.loads(path.read_text(encoding="utf-8")).items()
}
BREAKS = {clause_id: row for clause_id, row in ROWS.items() if "unbroken" not in row}
CASES = catalogue.load()


@pytest.fixture(scope="module")
def forker():
    made = Forker("keras3")
    yield made
    made.close()


def changed(row):
    """path -> source with the change."""
    source = (pathlib.Path(pins.ROOT) / row["file"]).read_text(encoding="utf-8")
    assert source.count(row["old"]) == 1, "%r is %d times in %s" % (row["old"], source.count(row["old"]), row["file"])
    return {row["file"]: source.replace(row["old"], row["new"])}


def trial(row):
    return Trial("%s %s" % (row.get("release", "-"), row["case"]), "")


def asked(forker, mode, trials, change):
    return forker.ask(Request(Place("keras3", "cases", mode, ()), trials, change, (), 60.0)).seen


def test_every_clause_that_says_must_has_a_break_or_a_reason():
    must = {clause_id for clause_id, clause in CLAUSES.items() if "must" in clause.text.split()}
    assert must - set(ROWS) == set() and set(ROWS) - set(CLAUSES) == set()


@pytest.mark.parametrize("clause_id", BREAKS)
def test_case_of_a_break_is_one_that_the_clause_cites(clause_id):
    row = BREAKS[clause_id]
    assert clause_id in [clause.id for clause in clauses_of(row["case"])]
    assert row["mode"] in CASES[row["case"]]["modes"]


@pytest.mark.parametrize("mode", catalogue.MODES)
def test_cases_of_all_breaks_pass_as_the_code_is(forker, mode):
    trials = list(collections.OrderedDict.fromkeys(trial(row) for row in BREAKS.values() if row["mode"] == mode))
    seen = asked(forker, mode, trials, {})
    assert len(seen) == len(trials) and [one.failure for one in seen if one.failure] == []


@pytest.mark.parametrize("clause_id", BREAKS)
def test_broken_clause_fails_its_case(forker, clause_id):
    row = BREAKS[clause_id]
    (seen,) = asked(forker, row["mode"], [trial(row)], changed(row))
    assert seen.failure and seen.failure.startswith("Mismatch"), "the change does not show: %s" % seen.failure
