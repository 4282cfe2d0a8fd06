"""Outcomes of a verification as a table, as reports and as JSON."""

import collections

from golden import grid
from golden.verify import STATUSES

_MARKS = collections.OrderedDict(zip(STATUSES, ("%d", "~%d", "s%d", "!%d")))
_SHOWN_REASONS = 5


def table(outcomes):
    """Lines of a table family x (keras, mode); cells: `n` identical, `~n` within bound, `sn` skipped, `!n` wrong."""
    return grid.counted([(o.family, "%s %s" % (o.keras, o.mode), o.status) for o in outcomes], _MARKS)


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
