"""What was found outlives a killed run and a lost folder; a survivor that is listed is there, and needs its reason."""

import json

import pytest

pytest.importorskip("mutmut", reason="mutants are made with mutmut, from Python 3.10 on")

from mutation import command, mutants, results
from mutation.hunt import Result

PATH = "tfcompat/backend/host.py"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("RUNNING", "KILLED", "REPORT", "SURVIVORS"):
        monkeypatch.setattr(results, name, str(tmp_path / getattr(results, name).rsplit("/", 1)[1]))
    return tmp_path


def found(status="killed"):
    return {one.id: Result(one.id, status, "a test", "keras3 tests v2") for one in mutants.of_file(PATH)}


def test_results_are_read_again_and_the_last_one_of_a_mutant_counts(folder):
    kept = results.Results()
    kept.add(Result("a", "survived", "3 of 3 trials", ""))
    kept.add(Result("a", "killed", "a test", "keras3 tests v2"))
    assert results.Results().of == {"a": Result("a", "killed", "a test", "keras3 tests v2")}


def test_line_that_a_killed_run_did_not_finish_is_left_out(folder):
    results.Results().add(Result("a", "killed", "a test", "there"))
    with open(results.RUNNING, "a") as target:
        target.write('["b", "kil')
    assert set(results.Results().of) == {"a"}


def test_killers_that_are_saved_are_known_to_the_next_hunt(folder):
    results.save(found(), [PATH], {})
    assert results.load_killers() == dict.fromkeys(found(), ("keras3 tests v2", "a test"))
    lines = (folder / "killed.json").read_text().splitlines()
    assert len(lines) < 20, "one line for each function and killer"


def test_table_counts_what_is_killed_and_what_has_a_reason(folder):
    of = found()
    first, second, third = list(of)[:3]
    of.update({name: of[name]._replace(status="survived") for name in (first, second)})
    del of[third]
    survivor = next(one for one in mutants.of_file(PATH) if one.id == first)
    reasons = {(PATH, survivor.function, survivor.before, survivor.after): "equivalent"}
    (line,) = results.lines([PATH], of, reasons)
    assert line == results.Line(PATH, len(of) + 1, len(of) - 2, explained=1, unexplained=1, unknown=1)
    assert [row["id"] for row in command.unexplained([PATH], of, reasons)] == [second]


def test_percent_is_never_rounded_up():
    assert results.percent(results.Line("total", 2000, 1999, 1, 0, 0)) == "99.9"
    assert results.percent(results.Line("total", 3, 2, 1, 0, 0)) == "66.6"


def test_report_of_the_command_says_what_survives(folder, capsys):
    of = results.Results()
    for result in found("survived").values():
        of.add(result)
    assert command.main(["--report", "--json", "--only", PATH]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["modules"][0]["unexplained"] == len(told["survivors"]) == len(of.of)
    assert command.main(["--report", "--only", PATH]) == 1
    shown = capsys.readouterr().out
    assert all("  - %(before)s\n  + %(after)s" % row in shown for row in told["survivors"])


def test_path_that_is_not_mutated_is_refused(capsys):
    assert command.main(["--report", "--only", "tfcompat/layers.py"]) == 2
    assert "tfcompat/backend" in capsys.readouterr().err


def committed():
    with open(results.REPORT, encoding="utf-8") as source:
        return json.load(source)


def test_table_that_is_committed_adds_up():
    table = [results.Line(path, *numbers) for path, numbers in committed()["modules"].items()]
    assert [line.path for line in table] == [path for path in sorted(mutants.files()) if mutants.of_file(path)]
    for line in table:
        assert line.mutants == line.killed + line.explained + line.unexplained + line.unknown
    assert results.total(table).killed == len(results.load_killers())


def is_what(mutant, function, change):
    return [mutant.function, mutant.before, mutant.after] == [function, *change]


def test_survivors_are_mutants_that_nothing_is_known_to_kill():
    with open(results.SURVIVORS, encoding="utf-8") as source:
        rows = json.load(source)
    killers = results.load_killers()
    wrong = []
    for row in rows:
        assert len(row["reason"]) > 10
        for change in row["changes"]:
            there = [one for one in mutants.of_file(row["path"]) if is_what(one, row["function"], change)]
            if all(one.id in killers for one in there):
                wrong.append(("is killed" if there else "is not there", row["path"], row["function"], change))
    assert wrong == []


def test_table_of_the_documentation_shows_what_is_committed():
    from scripts.pages import tables

    shown = tables.mutation()
    assert committed()["date"] in shown and all(version in shown for version in committed()["tools"].values())
    for path, (count, killed, *_) in committed()["modules"].items():
        assert "| `%s` | %d | %d |" % (path, count, killed) in shown


def test_at_least_95_percent_were_killed_and_every_other_mutant_has_its_reason():
    total = results.total([results.Line(path, *numbers) for path, numbers in committed()["modules"].items()])
    assert (total.unexplained, total.unknown) == (0, 0)
    assert total.killed >= 0.95 * total.mutants
