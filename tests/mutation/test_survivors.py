"""A survivor is explained by a row, every row is needed, and the report says what is missing."""

import json

import pytest

from mutation import report, survivors
from mutation.hunt import Outcome
from mutation.survivors import KINDS, Reason


def outcome(number, status="survived", diff="-     a = b * 1\n+     a = b / 1", path="box.py", by=""):
    return Outcome("id%d" % number, path, "Box.size", 6, diff, status, by, "", 3, 1.0)


def reason(diff=("- a = b * 1", "+ a = b / 1"), within="Box.size", kind="equivalent"):
    return Reason("box.py", within, list(diff), kind, "Nothing changes.")


@pytest.mark.parametrize("diff", [("- a = b * 1", "+ a = b / 1"), ("- a = *", "+ *"), ("- a = b * 1", "+ *")])
def test_row_explains_the_change_that_it_shows_with_a_star_for_any_text(diff):
    assert reason(diff).explains(outcome(1))


@pytest.mark.parametrize("row", [reason(("- a = b * 1", "+ a = b")), reason(within="Box"), reason(("- *", "+ b*"))])
def test_row_does_not_explain_another_change(row):
    assert not row.explains(outcome(1))


def test_row_that_explains_no_survivor_is_unneeded():
    killed, survived = outcome(1, "killed"), outcome(2, diff="- c\n+ d")
    rows = [reason(), reason(("- c", "+ d"))]
    assert survivors.explained([killed, survived], rows) == {"id2": rows[1]}
    assert survivors.unneeded([killed, survived], rows) == [rows[0]]


def test_row_of_an_unknown_kind_is_refused(tmp_path):
    path = tmp_path / "survivors.json"
    path.write_text(json.dumps([reason(kind="whatever")._asdict()]))
    with pytest.raises(ValueError, match="a kind of equivalent, other release, speed, this is"):
        survivors.load(str(path))


def test_rows_of_the_project_are_whole_and_each_is_there_once():
    rows = survivors.load()
    assert len({(row.path, row.within, tuple(row.diff)) for row in rows}) == len(rows)
    assert all(row.reason.endswith(".") for row in rows)


def test_table_counts_by_module_and_in_all():
    outcomes = [outcome(1), outcome(2, "killed", by="keras3 eager - x"), outcome(3, "killed", path="z.py", by="x hang")]
    rows = report.rows(outcomes, {"id1": reason()})
    assert [tuple(row) for row in rows] == [
        ("box.py", 2, 1, 50.0, 0, 1, 1),
        ("z.py", 1, 1, 100.0, 1, 0, 0),
        ("all", 3, 2, 66.7, 1, 1, 1),
    ]
    assert report.table(outcomes, {})[-1].split() == ["all", "3", "2", "66.7", "1", "1", "0"]


def test_survivor_without_a_reason_is_shown_with_its_change_and_fails():
    outcomes = [outcome(1)] + [outcome(n, "killed") for n in range(2, 40)]
    assert "-     a = b * 1" in "\n".join(report.survivors(outcomes, {}))
    (told,) = report.failures(outcomes, {}, [])
    assert "1 survivors have no reason" in told
    assert report.failures(outcomes, {"id1": reason()}, []) == [] == report.survivors(outcomes, {"id1": reason()})


def test_less_than_95_percent_and_rows_that_nothing_needs_fail():
    outcomes = [outcome(1)] + [outcome(n, "killed") for n in range(2, 20)]
    told = report.failures(outcomes, {"id1": reason()}, [reason(("- c", "+ d"))])
    assert "94.7 % of the mutants are killed, 95 % must be" in told[0] and "needs the row: box.py" in told[1]


def test_json_has_every_mutant_with_its_reason():
    told = json.loads(json.dumps(report.as_json([outcome(1)], {"id1": reason()}, ["x"])))
    assert told["mutants"][0]["reason"] == "Nothing changes." and told["failed"] == ["x"]


def test_kinds_are_told():
    assert report.reasons([outcome(1)], {"id1": reason()}) == ["   1 survive, " + KINDS["equivalent"]]
