"""Whether recordings are whole: what can be checked without TensorFlow."""

import collections

from golden import catalogue, digests, inputs, notes
from golden.expectations import recorded_release
from golden.files import DataError
from golden.observation import Array, canonical_json
from golden.store import definition_digest, release_order


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


#: What is wrong. kind: one of `KINDS`; file: where, relative to the recordings; told: a line for people.
Finding = collections.namedtuple("Finding", "kind file told")

#: damaged: a file is not what was written. missing: something that is named is not there. orphan: something is there
#: that nothing names. changed: the catalogue says otherwise. input: an observation was made from another input than its
#: case has. note: a path of the machine is told. cut-off: a recorder was killed. unsealed: a file has no digest.
KINDS = ("damaged", "missing", "orphan", "changed", "input", "note", "cut-off", "unsealed")


def problems(store, key, cases):
    """What is wrong with the recordings of a `Key`: lines, none where all is well; see `findings`."""
    return [finding.told for finding in findings(store, key, cases)]


def findings(store, key, cases):
    """The `Finding`s about the recordings of a `Key`.

    Every case that the catalogue selects must be there as it is defined today, and no other; every observation must be
    in its pack with the hash that the index names, be made from the inputs that its case has, and speak of no path of
    the machine that recorded it.
    """
    file = digests.relative(store.root, store.index_path(key))
    try:
        index = store.index(key)
    except DataError as error:
        return [Finding("damaged", file, str(error))]
    selected = catalogue.select(cases, key.mode)
    found = [Finding("missing", file, "%s is not recorded" % case) for case in selected if case not in index.cases]
    for case_id in sorted(set(index.cases) - set(selected)):
        found.append(Finding("orphan", file, "%s is not in the catalogue for this mode" % case_id))
    for case_id, entry in sorted(index.cases.items()):
        if case_id in cases and entry.definition != definition_digest(cases[case_id]):
            found.append(Finding("changed", file, "%s was changed since it was recorded" % case_id))
        found += _of_observation(store, key, case_id, entry.sha, cases.get(case_id))
    return found


def _of_observation(store, key, case_id, sha, case):
    """The `Finding`s about an observation that an index names; case: None if the catalogue has none."""
    file = digests.relative(store.root, store.index_path(key))
    try:
        pack = store.pack(case_id)
    except DataError as error:
        return [Finding("damaged", digests.relative(store.root, store.pack_path(case_id)), str(error))]
    if sha not in pack.observations:
        return [Finding("missing", file, pack.without(sha))]
    seen, found = pack.get(sha), []
    if notes.portable(seen.notes) != seen.notes:
        found.append(Finding("note", file, "%s: a note names a path" % case_id))
    hashes = None if case is None or _died(seen) else input_hashes(case, key.release)
    if hashes is not None and seen.facts.get("inputs") != hashes:
        told = "%s was made from the inputs %s, the case has %s"
        found.append(Finding("input", file, told % (case_id, seen.facts.get("inputs"), hashes)))
    return found


def _died(seen):
    """Whether the process ended before it could tell anything, its inputs included."""
    return seen.facts.get("raised", {}).get("phase") == "process"


_input_hashes = {}


def input_hashes(case, release):
    """The hashes of a case's inputs as an observation of a release tells them, made anew from `golden.inputs`."""
    specs = [case["input"]] + case.get("more_inputs", [])
    dtypes = [_numpy_dtype(spec.get("dtype", "float32"), release) for spec in specs]
    key = canonical_json([case["id"], specs, dtypes])
    if key not in _input_hashes:
        values = [inputs.case_input(case["id"], i, spec) for i, spec in enumerate(specs)]
        _input_hashes[key] = [Array.cast(*one).sha[:16] for one in zip(values, dtypes)]
    return _input_hashes[key]


def _numpy_dtype(dtype, release):
    """What a release takes for a dtype in NumPy: before 1.5 bfloat16 was integers, which every call refused."""
    return "uint16" if dtype == "bfloat16" and release_order(release) < release_order("1.5") else dtype


def table(checked):
    """Lines for people of (`Key`, number of cases, problems) of each index."""
    width = max(len("/".join(key)) for key, _, _ in checked)
    lines = ["%-*s  cases  problems" % (width, "recordings")]
    lines += ["%-*s  %5d  %8d" % (width, "/".join(key), count, len(found)) for key, count, found in checked]
    for key, _, found in checked:
        lines += ["", "/".join(key)] + ["  " + line for line in found] if found else []
    return lines
