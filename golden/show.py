"""Recordings and the catalogue, for reading."""

import collections
import json

import numpy as np

from golden.files import DataError


def case(store, case_id, release=None, mode=None, configuration="onednn-off"):
    """Lines that show every recorded observation of a case; what several keys share is shown once.

    Raises:
      DataError: nothing matches.
    """
    shared = collections.OrderedDict()
    for key in store.keys():
        same = release is None or (key.release + ".").startswith(release + ".")
        wanted = same and mode in (None, key.mode) and configuration == key.configuration
        entry = store.index(key).cases.get(case_id) if wanted else None
        if entry:
            shared.setdefault(entry.sha, []).append("%s %s" % (key.release, key.mode))
    if not shared:
        recorded = sorted({"%s/%s/%s" % key for key in store.keys() if case_id in store.index(key).cases})
        raise DataError(
            "no such recording of %s; recorded are: %s" % (case_id, ", ".join(recorded) or "none (is the id right?)")
        )
    lines = []
    for sha, places in shared.items():
        lines += ["%s, %s, sha %s" % (case_id, configuration, sha[:12]), "  " + ", ".join(places), ""]
        lines += observation(store.observation(case_id, sha)) + [""]
    return lines[:-1]


def observation(seen):
    """Lines that show the facts, notes and arrays of an `Observation`."""
    lines = []
    for title, mapping in (("facts", seen.facts), ("notes", seen.notes)):
        lines += ["  %s" % title] if mapping else []
        lines += ["    %s: %s" % (key, json.dumps(mapping[key], sort_keys=True)) for key in sorted(mapping)]
    lines += ["  arrays"] if seen.arrays else []
    for name, array in seen.arrays.items():
        lines.append("    %s: %s %r" % (name, array.dtype, array.shape))
        lines += ["      " + line for line in _values(array).split("\n")]
    return lines


def _values(array):
    """The shortest decimals that are these numbers; long arrays are cut in the middle."""
    return np.array2string(array.values(), threshold=200, edgeitems=4, max_line_width=100, floatmode="unique")


def everything(cases, store):
    """Lines that list the catalogue by family, then what is recorded."""
    lines, family = [], None
    for case_id, one in cases.items():
        if one["family"] != family:
            family = one["family"]
            lines += ["", family]
        lines.append("  %-42s %s%s" % (case_id, one["about"], "" if one["portable"] else " [not portable]"))
    lines += ["", "%d cases; recorded are" % len(cases)]
    for key in store.keys():
        index = store.index(key)
        lines.append("  %-44s %d cases, fingerprint %s" % ("/".join(key), len(index.cases), index.fingerprint))
    return lines[1:] + ([] if store.keys() else ["  none"])
