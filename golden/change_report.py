"""What changed between releases, as text and as JSON."""

import collections

from golden import compare, grid
from golden.catalogue import MODES
from golden.drift import KINDS
from golden.store import release_order

#: `operations` is semantic, but only in what TensorFlow calls its own operations.
_MARKS = collections.OrderedDict([("same", "%d"), ("rounding", "~%d"), ("operations", "^%d"), ("semantic", "!%d")])
_LEGEND = "~ rounding, ^ semantic only in what TensorFlow calls its own operations, ! semantic"

#: Where an era begins, its letter is marked by how it differs from the one before.
_BEGINS = {"rounding": "~", "operations": "^", "semantic": "!"}

_SHOWN_CASES = 6


def drift(found):
    """Lines about a `changes.Drift`: counts, then every semantic change with the worst array and both values."""
    lines = ["TensorFlow %s -> %s, %s" % (found.before, found.after, found.configuration), ""]
    counts = grid.counted([(row.family, row.mode, _finer(row.change)) for row in found.rows], _MARKS, found.modes)
    lines += counts + ["", "n same, " + _LEGEND]
    lines += _semantic([row for row in found.rows if _finer(row.change) == "semantic"])
    operations = [row for row in found.rows if _finer(row.change) == "operations"]
    if operations:
        lines += ["", "semantic only in what TensorFlow calls its own operations: " + _listed(operations)]
    for cases, release in ((found.gone, found.before), (found.new, found.after)):
        if cases:
            lines += ["", "only in %s: %s" % (release, ", ".join("%s %s" % place for place in cases))]
    kinds = collections.Counter(_kind(row.change) for row in found.rows)
    return lines + ["", ", ".join("%d %s" % (kinds[kind], kind) for kind in KINDS)]


def drift_as_json(found):
    """A `changes.Drift`, JSON-ready; cases that are the same are only counted."""
    counts = {mode: collections.Counter() for mode in found.modes}
    for row in found.rows:
        counts[row.mode][_kind(row.change)] += 1
    changed = [row for row in found.rows if _kind(row.change) != "same"]
    return {
        "before": found.before,
        "after": found.after,
        "configuration": found.configuration,
        "counts": {mode: {kind: counted[kind] for kind in KINDS} for mode, counted in counts.items()},
        "changes": [dict(row.change.as_json(), case=row.case, family=row.family, mode=row.mode) for row in changed],
        "only_before": [list(place) for place in found.gone],
        "only_after": [list(place) for place in found.new],
    }


def history(releases, histories):
    """Lines about `History`s: a table of eras for each mode, and of one case alone every boundary.

    Args:
      releases: mode -> releases, oldest first.
      histories: list of `History`.
    """
    lines = []
    for mode in list(collections.OrderedDict.fromkeys(one.mode for one in histories)):
        members = [one for one in histories if one.mode == mode]
        lines += [mode, ""] + _eras(releases[mode], members) + [""]
    lines += ["A, B, ... eras; before a letter how the era begins: %s; . not recorded; * not reproducible" % _LEGEND]
    if len({one.case for one in histories}) == 1:
        return lines + [line for one in histories for line in _boundaries(one)]
    return lines + _by_release(histories)


def history_as_json(one, family):
    """A `History`, JSON-ready."""
    boundaries = [
        dict(boundary.change.as_json(), before=boundary.before, after=boundary.after) for boundary in one.boundaries
    ]
    told = {"case": one.case, "family": family, "mode": one.mode, "boundaries": boundaries}
    return dict(told, eras=dict(one.eras), nondeterministic=dict(one.nondeterministic))


def _kind(change):
    return change.kind if change else "same"


def _finer(change):
    """The kind of a change, or `operations`."""
    return "operations" if change and change.reasons == ("operations",) else _kind(change)


def _semantic(rows):
    """Lines about semantic changes; modes in which a case changed alike are told together."""
    alike = collections.OrderedDict()
    for row in rows:
        alike.setdefault((row.case, row.change.reasons, tuple(row.change.summary())), []).append(row.mode)
    lines = []
    for (case_id, reasons, summary), modes in alike.items():
        lines += ["", "%s (%s): %s" % (case_id, ", ".join(modes), ", ".join(reasons))]
        lines += ["    " + line for line in summary]
    return lines


def _listed(rows):
    """The cases of some rows, cut short where they are many."""
    cases = list(collections.OrderedDict.fromkeys(row.case for row in rows))
    more = len(cases) - _SHOWN_CASES
    return ", ".join(cases[:_SHOWN_CASES]) + (" and %d more cases" % more if more > 0 else "")


def _eras(releases, histories):
    """Lines of a table case x release."""
    majors = [release.split(".")[0] + "." for release in releases]
    heads = [major if major != before else "" for before, major in zip([None] + majors, majors)]
    rows = [[""] + heads, ["case"] + [release.split(".")[1] for release in releases]]
    for one in histories:
        begins = {boundary.after: _BEGINS[_finer(boundary.change)] for boundary in one.boundaries}
        rows.append([one.case] + [_era(one, release, begins.get(release, "")) for release in releases])
    return [line.rstrip() for line in grid.aligned(rows)]


def _era(one, release, mark):
    star = "*" if release in one.nondeterministic else ""
    return mark + one.eras.get(release, ".") + star


def _boundaries(one):
    """Lines about every boundary of a `History`."""
    lines = []
    for boundary in one.boundaries:
        change, letters = boundary.change, (one.eras[boundary.before], one.eras[boundary.after])
        why = " (%s)" % ", ".join(change.reasons) if change.reasons else ""
        lines += ["", "%s, %s -> %s, era %s -> %s: %s%s" % ((one.mode,) + boundary[:2] + letters + (change.kind, why))]
        lines += ["    " + line for line in change.report() if not line.startswith(compare.SHARED)]
    for release, names in one.nondeterministic.items():
        lines += ["", "%s, %s: differs from run to run and is not compared: %s" % (one.mode, release, ", ".join(names))]
    return lines


def _by_release(histories):
    """Lines of a table release x mode that counts how many cases changed."""
    counts = collections.defaultdict(collections.Counter)
    for one in histories:
        for boundary in one.boundaries:
            counts[boundary.after, one.mode][_finer(boundary.change)] += 1
    modes = [mode for mode in MODES if any(one.mode == mode for one in histories)]
    changed = sorted({release for release, _ in counts}, key=release_order)
    rows = [["cases that changed"] + modes]
    rows += [[release] + [grid.cell(counts[release, mode], _MARKS) for mode in modes] for release in changed]
    return ["", *grid.aligned(rows)] if counts else []
