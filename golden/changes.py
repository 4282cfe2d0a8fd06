"""The commands `drift` and `history`: what changed between releases of TensorFlow."""

import collections
import json
import os
import re

from golden import catalogue, change_report, page
from golden.choices import BadInput, matching
from golden.expectations import recorded_release
from golden.files import DataError, write_atomically
from golden.history import Archive
from golden.progress import Progress
from golden.store import Store, release_order

#: A case that two releases have. change: a `Change`, or None where both gave one and the same observation.
Row = collections.namedtuple("Row", "case family mode change")

#: What changed between two releases. rows: list of `Row`; gone, new: list of (mode, case) that only one of them has.
Drift = collections.namedtuple("Drift", "before after configuration modes rows gone new")


def add_to(commands):
    """Adds both commands to the subparsers of a command line; returns their parsers."""
    drift = commands.add_parser("drift", help="print what changed between two recorded releases")
    drift.add_argument("before", help="a recorded release, for example 1.14")
    drift.add_argument("after", help="another one")
    drift.add_argument("--case", action="append", metavar="GLOB", help="repeat for several (all)")
    drift.set_defaults(run=run_drift)

    history = commands.add_parser("history", help="print the eras of cases: which releases did the same")
    history.add_argument("case", nargs="*", metavar="CASE", help="an id or a GLOB (all)")
    history.add_argument("--html", metavar="FILE", help="write a page to look through instead")
    history.set_defaults(run=run_history)
    for command in (drift, history):
        command.add_argument("--mode", action="append", choices=catalogue.MODES, help="repeat for several (all)")
        command.add_argument("--configuration", default="onednn-off", help="of the recordings (%(default)s)")
        command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return [drift, history]


def run_drift(options):
    """`drift`."""
    cases, store = catalogue.load(), Store(options.data)
    chosen = matching(options.case, cases)
    archive = Archive(store, options.configuration)
    before, after = (_release(store, one, options.configuration) for one in (options.before, options.after))
    modes = _modes(archive, options, (before, after))
    found = _drift(archive, options.configuration, cases, chosen, modes, before, after)
    told = change_report.drift_as_json if options.json else change_report.drift
    _print(told(found), options.json)
    return 0


def run_history(options):
    """`history`."""
    cases, store = catalogue.load(), Store(options.data)
    chosen = matching(options.case, cases)
    archive = Archive(store, options.configuration)
    modes = _modes(archive, options)
    histories = _histories(archive, _recorded(archive, cases, chosen, modes), modes)
    if options.html:
        _write(options.html, page.render(cases, archive.releases, histories, options.configuration))
    elif options.json:
        told = [change_report.history_as_json(one, cases[one.case]["family"]) for one in histories]
        _print({"configuration": options.configuration, "releases": archive.releases, "histories": told}, True)
    else:
        _print(change_report.history(archive.releases, list(histories)), False)
    return 0


def _histories(archive, case_ids, modes):
    """Yields the `History`s of cases; a pack is open at a time."""
    progress = Progress(len(case_ids))
    for case_id in case_ids:
        yield from archive.histories(case_id, modes)
        progress.step(case_id)
    progress.close()


def _recorded(archive, cases, chosen, modes):
    """The chosen ids that any release was recorded with in some modes, in the order of the catalogue.

    Raises:
      DataError: there is none.
    """
    recorded = {
        case_id for mode in modes for release in archive.releases[mode] for case_id in archive.cases(mode, release)
    }
    if not recorded & chosen:
        raise DataError("no release was recorded with %s in mode %s" % (", ".join(sorted(chosen)), " or ".join(modes)))
    return [case_id for case_id in cases if case_id in recorded & chosen]


def _release(store, wanted, configuration):
    """The recorded release that a user means; see `recorded_release`.

    Raises:
      BadInput: it is not the number of a release.
      DataError: it is not recorded.
    """
    if not re.match(r"\d+\.\d+", wanted):
        there = sorted({key.release for key in store.keys()}, key=release_order)
        raise BadInput("%s is not a release; recorded are: %s" % (wanted, ", ".join(there)))
    return recorded_release(store, wanted, configuration)


def _write(path, content):
    """Writes a file.

    Raises:
      BadInput: it cannot be written.
    """
    try:
        write_atomically(os.path.abspath(path), content)
    except OSError as error:
        raise BadInput("%s cannot be written: %s" % (path, error.strerror)) from None
    print("wrote %s" % path)


def _print(told, as_json):
    print(json.dumps(told, indent=1, sort_keys=True) if as_json else "\n".join(told))


def _modes(archive, options, releases=()):
    """The wanted modes, or all that every one of some releases has.

    Raises:
      DataError: a wanted one, or every one, is not recorded.
    """
    there = {mode: recorded for mode, recorded in archive.releases.items() if set(releases) <= set(recorded)}
    modes = [mode for mode in catalogue.MODES if mode in (options.mode or there)]
    missing = [mode for mode in modes if mode not in there]
    if missing or not modes:
        has = [mode for mode in catalogue.MODES if mode in there]
        raise DataError(
            "%s with %s %s not recorded in mode %s; recorded are: %s"
            % (
                " and ".join("TensorFlow " + release for release in releases) or "TensorFlow",
                options.configuration,
                "are" if len(releases) > 1 else "is",
                " and ".join(missing) or "that both have",
                ", ".join(has) or "none",
            )
        )
    return modes


def _drift(archive, configuration, cases, chosen, modes, before, after):
    """The `Drift` between two releases."""
    rows, gone, new = [], [], []
    progress = Progress(len(chosen))
    for case_id in [case_id for case_id in cases if case_id in chosen]:
        sides = {mode: [case_id in archive.cases(mode, release) for release in (before, after)] for mode in modes}
        both = [mode for mode in modes if all(sides[mode])]
        found = archive.between(case_id, both, before, after)
        rows += [Row(case_id, cases[case_id]["family"], mode, change) for mode, change in found.items()]
        gone += [(mode, case_id) for mode in modes if sides[mode] == [True, False]]
        new += [(mode, case_id) for mode in modes if sides[mode] == [False, True]]
        progress.step(case_id)
    progress.close()
    return Drift(before, after, configuration, modes, rows, gone, new)
