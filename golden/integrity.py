"""Whether recordings are whole: what can be checked without TensorFlow."""

from golden import catalogue, notes
from golden.expectations import recorded_release
from golden.files import DataError
from golden.store import definition_digest


def keys(store, release=None, configuration=None):
    """The `Key`s of a release (or of the newest patch release of its minor) and configuration; all where not named.

    Raises:
      DataError: nothing is recorded of them; the message says what is.
    """
    configurations = {key.configuration for key in store.keys()}
    wanted = configurations if configuration is None else {configuration}
    if release is None:
        return [key for key in store.keys() if key.configuration in wanted]
    found, refused = [], None
    for one in sorted(wanted):
        try:
            stands_for = recorded_release(store, release, one)
            found += [key for key in store.keys() if key[:2] == (stands_for, one)]
        except DataError as error:
            refused = refused or error
    if not found:
        raise refused
    return found


def problems(store, key, cases):
    """What is wrong with the recordings of a `Key`: lines, none where all is well.

    Every case that the catalogue selects must be there as it is defined today, and no other; every observation must be
    in its pack with the hash that the index names, and speak of no path of the machine that recorded it.
    """
    try:
        index = store.index(key)
    except DataError as error:
        return [str(error)]
    selected = catalogue.select(cases, key.mode)
    lines = ["%s is not recorded" % case_id for case_id in selected if case_id not in index.cases]
    lines += [
        "%s is not in the catalogue for this mode" % case_id for case_id in sorted(set(index.cases) - set(selected))
    ]
    for case_id, entry in sorted(index.cases.items()):
        if case_id in cases and entry.definition != definition_digest(cases[case_id]):
            lines.append("%s was changed since it was recorded" % case_id)
        try:
            seen = store.observation(case_id, entry.sha)
            lines += ["%s: a note names a path" % case_id] if notes.portable(seen.notes) != seen.notes else []
        except DataError as error:
            lines.append(str(error))
    return lines


def table(checked):
    """Lines for people of (`Key`, number of cases, problems) of each index."""
    width = max(len("/".join(key)) for key, _, _ in checked)
    lines = ["%-*s  cases  problems" % (width, "recordings")]
    lines += ["%-*s  %5d  %8d" % (width, "/".join(key), count, len(found)) for key, count, found in checked]
    for key, _, found in checked:
        lines += ["", "/".join(key)] + ["  " + line for line in found] if found else []
    return lines
