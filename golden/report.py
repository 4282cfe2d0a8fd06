"""Outcomes of a verification as a table, as reports and as JSON."""

import collections

from golden.verify import STATUSES

_MARKS = collections.OrderedDict(zip(STATUSES, ("%d", "~%d", "s%d", "!%d")))
_SHOWN_REASONS = 5


def table(outcomes):
    """Lines of a table family x (keras, mode); cells: `n` identical, `~n` within bound, `sn` skipped, `!n` wrong."""
    return grid(outcomes, ("keras", "mode"), _MARKS)


def grid(outcomes, across, marks):
    """Lines of a table of how many outcomes of each family have which status.

    Args:
      outcomes: things with `family`, `status` and what is named in `across`.
      across: names of the attributes that make a column.
      marks: status -> how a number of them is written, in the order in which a cell has them.
    """
    columns = list(collections.OrderedDict((_place(o, across), None) for o in outcomes))
    cells = collections.defaultdict(collections.Counter)
    for o in outcomes:
        for family in (o.family, "total"):
            cells[family, _place(o, across)][o.status] += 1
    families = sorted({o.family for o in outcomes}) + ["total"]
    rows = [["family"] + [" ".join(column) for column in columns]]
    rows += [[family] + [_cell(cells[family, column], marks) for column in columns] for family in families]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]) for row in rows]
    rule = "-" * len(lines[0])
    return [lines[0], rule] + lines[1:-1] + [rule, lines[-1]]


def _place(outcome, across):
    return tuple(getattr(outcome, name) for name in across)


def _cell(counts, marks):
    return " ".join(mark % counts[status] for status, mark in marks.items() if counts[status]) or "-"


def totals(outcomes):
    """One line with the four counts in words."""
    counts = collections.Counter(o.status for o in outcomes)
    return ", ".join("%d %s" % (counts[status], status) for status in STATUSES)


def reasons(outcomes):
    """Lines that say why cases were skipped or only within a bound, grouped by reason."""
    grouped = collections.OrderedDict()
    for o in outcomes:
        if o.status in ("skipped", "within bound"):
            reason = o.detail if o.status == "skipped" else o.detail.split(", ", 1)[-1].split("\n")[0]
            grouped.setdefault((o.status, reason), []).append(o)
    lines = []
    for (status, reason), members in grouped.items():
        names = ["%s %s %s" % (o.keras, o.mode, o.case) for o in members[:_SHOWN_REASONS]]
        more = ", and %d more" % (len(members) - _SHOWN_REASONS) if len(members) > _SHOWN_REASONS else ""
        lines.append("%s (%d): %s: %s%s" % (status, len(members), reason, ", ".join(names), more))
    return lines


def wrong(outcomes):
    """Lines with the report of every outcome that is wrong."""
    lines = []
    for o in outcomes:
        if o.status == "wrong":
            lines += ["", "WRONG %s %s %s" % (o.keras, o.mode, o.case)]
            lines += ["  " + line for line in o.detail.split("\n")]
    return lines


def as_json(verification, strict):
    """The whole verification, JSON-ready."""
    request, outcomes = verification.request, verification.outcomes
    return {
        "subject": request.subject,
        "expected": request.release or "the real function in the same process",
        "configuration": request.configuration,
        "provenance": verification.provenance,
        "counts": {status: sum(o.status == status for o in outcomes) for status in STATUSES},
        "failed": failed(verification, strict),
        "unneeded_bounds": [str(row) for row in verification.unneeded()],
        "outcomes": [dict(o._asdict()) for o in outcomes],
    }


def failed(verification, strict):
    """Whether anything is wrong: an outcome, a bound that nothing needs, or with `strict` a skip."""
    skipped = strict and any(o.skips for o in verification.outcomes)
    return bool(skipped or verification.unneeded() or any(o.status == "wrong" for o in verification.outcomes))
