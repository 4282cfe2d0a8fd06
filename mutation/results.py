"""What hunts have found: as it goes in `.mutation`, and what is committed: the killers, the survivors and the table."""

import collections
import datetime
import json
import os
from importlib import metadata

from golden import files, pins
from mutation import mutants
from mutation.hunt import Result

#: Every result as it came, one JSON on a line; the last one of a mutant counts.
RUNNING = os.path.join(pins.ROOT, ".mutation", "results.jsonl")

#: `path function` -> `place: trial` -> the ids of the mutants that it killed.
KILLED = os.path.join(pins.ROOT, "mutation", "killed.json")

#: The table: when, with which tools, and path -> numbers.
REPORT = os.path.join(pins.ROOT, "mutation", "report.json")

#: Rows: path, function, reason, and the changes (before, after) that survive for it.
SURVIVORS = os.path.join(pins.ROOT, "tests", "mutation", "survivors.json")

TOOLS = ("mutmut", "tensorflow", "tf-keras", "keras")

#: A line of the table. explained: survivors with a reason; unexplained: those without; unknown: not hunted yet.
Line = collections.namedtuple("Line", "path mutants killed explained unexplained unknown")


class Results:
    """Results by id of mutant, kept in a file as they come.

    Args:
      path: of that file, `RUNNING` by default.
    """

    def __init__(self, path=None):
        self.path, self.of = path or RUNNING, {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as source:
                for line in source:
                    if line.endswith("\n"):  # else its writer was killed
                        result = Result(*json.loads(line))
                        self.of[result.id] = result

    def add(self, result):
        """Keeps a `Result`."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as target:
            target.write(json.dumps(result) + "\n")
        self.of[result.id] = result


def load_killers():
    """Id of mutant -> (place, trial) that killed it when results were saved last."""
    return {
        name: tuple(killer.split(": ", 1))
        for by_killer in _load(KILLED, {}).values()
        for killer, names in by_killer.items()
        for name in names.split()
    }


def load_reasons():
    """(path, function, before, after) -> why that mutant may survive."""
    return {
        (row["path"], row["function"], before, after): row["reason"]
        for row in _load(SURVIVORS, [])
        for before, after in row["changes"]
    }


def reason_for(mutant, reasons):
    """Why a mutant may survive, None if nobody says so."""
    return reasons.get((mutant.path, mutant.function, mutant.before, mutant.after))


def lines(paths, results, reasons):
    """The `Line` of each file."""
    table = []
    for path in paths:
        counts = collections.Counter(_state(mutant, results, reasons) for mutant in mutants.of_file(path))
        if counts:
            table.append(Line(path, sum(counts.values()), *(counts[state] for state in Line._fields[2:])))
    return table


def _state(mutant, results, reasons):
    """The column in which a mutant counts."""
    if mutant.id in results and results[mutant.id].status == "killed":
        return "killed"
    if reason_for(mutant, reasons):
        return "explained"
    return "unexplained" if mutant.id in results else "unknown"


def total(table):
    """The `Line` of all."""
    return Line("total", *(sum(column) for column in list(zip(*table))[1:]))


def percent(line):
    """How many mutants are killed, rounded down to a tenth."""
    return "%.1f" % (1000 * line.killed // max(1, line.mutants) / 10.0)


def save(results, paths, reasons):
    """Writes what is committed; mutants that are no longer there are left out."""
    killed = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in mutants.files():
        for mutant in mutants.of_file(path):
            result = results.get(mutant.id)
            if result and result.status == "killed":
                killed[("%s %s" % (path, mutant.function)).strip()]["%s: %s" % (result.where, result.how)] += [
                    mutant.id
                ]
    _write(KILLED, {at: {by: " ".join(sorted(ids)) for by, ids in found.items()} for at, found in killed.items()})
    report = {
        "date": datetime.date.today().isoformat(),
        "tools": {name: metadata.version(name) for name in TOOLS},
        "modules": {line.path: list(line[1:]) for line in lines(paths, results, reasons)},
    }
    _write(REPORT, report)


def _load(path, otherwise):
    if not os.path.exists(path):
        return otherwise
    with open(path, encoding="utf-8") as source:
        return json.load(source)


def _write(path, value):
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    files.write_atomically(path, text.encode("utf-8"))
