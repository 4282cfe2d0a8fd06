"""What the outcomes of cases say of the clauses of a specification."""

import collections
import importlib

from golden import patterns
from golden.choices import BadInput
from golden.conformance.judge import STATUSES

#: counts: how many cases, in how many modes, had each of `STATUSES`.
Clause = collections.namedtuple("Clause", "id text counts")


def load(module):
    """The `CLAUSES` of a module: id -> an object with `text`, `cases` (shell patterns with `|` between them) and
    `structure` (whether names, collections, dtypes or errors show it alone).

    Raises:
      BadInput: there are none.
    """
    try:
        return importlib.import_module(module).CLAUSES
    except (ImportError, AttributeError) as error:
        raise BadInput("--clauses %s: %s; it names a module with CLAUSES" % (module, error)) from None


def judged(specification, outcomes):
    """The `Clause`s about numbers that any of the outcomes is about, in the order of the specification."""
    by_case = collections.defaultdict(collections.Counter)
    for outcome in outcomes:
        by_case[outcome.case][outcome.status] += 1
    found = []
    for clause_id, clause in ((name, clause) for name, clause in specification.items() if not clause.structure):
        counts = collections.Counter()
        for case_id, statuses in by_case.items():
            if patterns.matches("case", clause.cases, case_id):
                counts.update(statuses)
        if counts:
            found.append(Clause(clause_id, clause.text, {status: counts[status] for status in STATUSES}))
    return found


def verdict(clause):
    """`met`, `not met`, `in part`, `not there` or `not compared`."""
    counts = clause.counts
    if counts["not met"]:
        return "not met"
    if counts["met"] and counts["not there"]:
        return "in part"
    return next((status for status in ("met", "not there") if counts[status]), "not compared")
