"""Outcomes as a table with a row for each module, the survivors with their changes, and JSON."""

import collections

from mutation.survivors import KINDS

#: The share of mutants, in per cent, that must be killed.
LEAST = 95.0

#: One row. hung: how many of the killed ended in a hang or a crash of the process.
Row = collections.namedtuple("Row", "module mutants killed percent hung survived explained")


def rows(outcomes, explained):
    """The `Row` of each module, and one of all.

    Args:
      outcomes: the `Outcome`s.
      explained: id of a survivor -> its reason.
    """
    by_module = collections.OrderedDict()
    for outcome in outcomes:
        by_module.setdefault(outcome.path, []).append(outcome)
    return [_row(module, some, explained) for module, some in by_module.items()] + [_row("all", outcomes, explained)]


def _row(module, outcomes, explained):
    killed = [outcome for outcome in outcomes if outcome.status == "killed"]
    hung = sum(outcome.by.endswith((" hang", " crash")) for outcome in killed)
    known = sum(outcome.id in explained for outcome in outcomes)
    percent = 100.0 * len(killed) / len(outcomes) if outcomes else 100.0
    return Row(module, len(outcomes), len(killed), round(percent, 1), hung, len(outcomes) - len(killed), known)


def table(outcomes, explained):
    """Lines of the table."""
    cells = [[field.replace("percent", "%") for field in Row._fields]]
    cells += [[str(cell) for cell in row] for row in rows(outcomes, explained)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = ["  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]) for row in cells]
    rule = "-" * len(lines[0])
    return [lines[0], rule] + lines[1:-1] + [rule, lines[-1]]


def reasons(outcomes, explained):
    """Lines that count the kinds of reasons."""
    counts = collections.Counter(explained[outcome.id].kind for outcome in outcomes if outcome.id in explained)
    return ["%4d survive, %s" % (counts[kind], about) for kind, about in KINDS.items() if counts[kind]]


def survivors(outcomes, explained):
    """Lines with every survivor that no reason explains."""
    lines = []
    for outcome in outcomes:
        if outcome.status == "survived" and outcome.id not in explained:
            lines += ["", "%s:%d %s, %s" % (outcome.path, outcome.line, outcome.within or "module", _looked(outcome))]
            lines += ["  " + line for line in outcome.diff.splitlines()]
    return lines


def _looked(outcome):
    return "%d trials found nothing" % outcome.tried if outcome.tried else "no trial runs it"


def failures(outcomes, explained, unneeded):
    """Lines that say why this is not good enough; none where it is."""
    lines = []
    percent = _row("all", outcomes, explained).percent
    unexplained = sum(outcome.status == "survived" and outcome.id not in explained for outcome in outcomes)
    if percent < LEAST:
        lines.append("%.1f %% of the mutants are killed, %.0f %% must be" % (percent, LEAST))
    if unexplained:
        lines.append(
            "%d survivors have no reason: write a test, or a row of tests/mutation/survivors.json" % unexplained
        )
    lines += [
        "no survivor needs the row: %s, %s, %s" % (row.path, row.within, " / ".join(row.diff)) for row in unneeded
    ]
    return lines


def as_json(outcomes, explained, failed):
    """Everything, JSON-ready."""
    return {
        "modules": [row._asdict() for row in rows(outcomes, explained)],
        "mutants": [
            dict(outcome._asdict(), reason=explained[outcome.id].reason if outcome.id in explained else None)
            for outcome in outcomes
        ],
        "failed": failed,
    }
