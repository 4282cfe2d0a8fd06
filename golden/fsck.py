"""The command `fsck`: whether every file of the recordings, and of the tables beside them, is what was written."""

import json
import os
import re

from golden import bounds, catalogue, digests, environments, grid, integrity
from golden.choices import BadInput
from golden.files import UNFINISHED, DataError, locked, write_atomically
from golden.integrity import Finding
from golden.progress import Progress
from golden.store import Store

#: Where the catalogue and the JSON tables are, which people edit.
TABLES = os.path.dirname(os.path.abspath(__file__))

#: How many findings of a kind the table shows.
_SHOWN = 20

#: What belongs into a folder of recordings.
_RECORDED = re.compile(
    r"\.gitattributes|index/\d[\w.]*/[\w.-]+/(%s)\.json|observations/[a-z0-9-]{1,80}\.bin" % "|".join(catalogue.MODES)
)


def add_to(commands):
    """Adds the command to the subparsers of a command line; returns its parser."""
    fsck = commands.add_parser("fsck", help="check every file of the recordings, the catalogue and the tables")
    fsck.add_argument(
        "--seal", action="store_true", help="take the edited tables, and files without a digest, as right"
    )
    fsck.add_argument("--tables", default=TABLES, help="folder of catalogue, bounds and environments (%(default)s)")
    fsck.add_argument("--json", action="store_true", help="print JSON instead of a table")
    fsck.set_defaults(run=run)
    return fsck


def run(options):
    """`fsck`."""
    check = Check(options.data, options.tables)
    found = check.findings(Progress)
    told = {}
    if options.seal:
        found, told["sealed"] = seal(check, found)
    if options.json:
        told.update(files=check.counts, findings=[dict(one._asdict()) for one in found], failed=bool(found))
        print(json.dumps(told, indent=1, sort_keys=True))
    else:
        lines = ["%d files have a new digest" % told["sealed"]] if options.seal else []
        print("\n".join(table(check.counts, found) + lines))
    return int(bool(found))


class Check:
    """A folder of recordings and one of tables.

    Args:
      data: the folder of recordings.
      tables: the folder of `catalogue`, `bounds.json` and `environments.json`.

    Attributes:
      counts: kind of file -> how many were looked at.

    Raises:
      BadInput: one of them is not a folder.
    """

    def __init__(self, data, tables=TABLES):
        for folder in (data, os.path.join(tables, "catalogue")):
            if not os.path.isdir(folder):
                raise BadInput("%s is not a folder: --data has recordings, --tables has catalogue/" % folder)
        self.store, self.tables, self.counts = Store(data), str(tables), {}

    def findings(self, progress=None):
        """All `Finding`s, each once; progress: makes a `Progress` for a number of steps."""
        keys, packs = self._keys(), self.store.packs()
        self.counts = {
            "indexes": len(keys),
            "packs": len(packs),
            "observations": 0,
            "tables": len(self.names_of_tables()),
        }
        steps = progress and progress(len(keys) + len(packs))
        found = self._of_digests() + self._of_names()
        cases, of_tables = self._cases()
        found += of_tables
        named = set()
        for case_id in packs:
            held, damage = self._pack(case_id)
            named |= held
            found += damage
            _step(steps, case_id)
        for key in keys:
            found += integrity.findings(self.store, key, cases) if cases else []
            named -= self._named(key)
            _step(steps, "/".join(key))
        found += [_orphan(case_id, sha) for case_id, sha in sorted(named)]
        found += [
            Finding("orphan", "observations/%s.bin" % case_id, "%s is not in the catalogue" % case_id)
            for case_id in packs
            if cases and case_id not in cases
        ]
        if steps:
            steps.close()
        return sorted(set(found), key=lambda finding: (integrity.KINDS.index(finding.kind), finding))

    def names_of_tables(self):
        """The files that people edit, relative to the folder of tables."""
        names = [
            name for name in ("bounds.json", "environments.json") if os.path.exists(os.path.join(self.tables, name))
        ]
        below = digests.names_below(os.path.join(self.tables, "catalogue"))
        return ["catalogue/" + name for name in below] + names

    def names_of_data(self):
        """The files that only a recorder writes, relative to the folder of recordings."""
        own = (digests.NAME, digests.PENDING)
        return [name for name in digests.names_below(self.store.root) if name not in own]

    def _keys(self):
        return [key for key in self.store.keys() if _RECORDED.fullmatch("index/%s/%s/%s.json" % key)]

    def _of_digests(self):
        """What the digests of both folders find, and a recorder that did not end."""
        found = []
        for root, names, told in (
            (self.store.root, self.names_of_data(), _OF_RECORDED),
            (self.tables, self.names_of_tables(), {"damaged": _EDITED, "missing": _EDITED}),
        ):
            try:
                odd = digests.odd(root, [name for name in names if not name.endswith(UNFINISHED)])
                found += [Finding(kind, name, told.get(kind, _UNSEALED)) for kind, name in odd]
            except DataError as error:
                found.append(Finding("damaged", digests.NAME, str(error)))
        if os.path.exists(os.path.join(self.store.root, digests.PENDING)):
            found.append(Finding("cut-off", digests.PENDING, "a recorder was killed; record again"))
        return found

    def _of_names(self):
        """Files that nothing of ours is called."""
        odd = [name for name in self.names_of_data() if not _RECORDED.fullmatch(name)]
        odd += [name for name in self.names_of_tables() if not name.endswith(".json")]
        unfinished = "a writer was killed; the next recording or `scripts/record.py --prune` ends what it left"
        return [
            Finding("cut-off", name, unfinished)
            if name.endswith(UNFINISHED)
            else Finding("orphan", name, "no file of ours has this name; remove it")
            for name in odd
        ]

    def _cases(self):
        """The catalogue, empty if it cannot be read; what is wrong with it and the other tables."""
        found, cases = [], {}
        try:
            cases = catalogue.load(os.path.join(self.tables, "catalogue"))
        except DataError as error:
            found.append(Finding("damaged", "catalogue", str(error)))
        for name, load in (("bounds.json", bounds.load), ("environments.json", environments.load)):
            try:
                load(os.path.join(self.tables, name))
            except DataError as error:
                found.append(Finding("damaged", name, str(error)))
        return cases, found

    def _pack(self, case_id):
        """The (case, sha) of all that a pack holds, and what is wrong with it."""
        try:
            shas = list(self.store.pack(case_id).observations)
        except DataError as error:
            return set(), [Finding("damaged", "observations/%s.bin" % case_id, str(error))]
        self.counts["observations"] += len(shas)
        return {(case_id, sha) for sha in shas}, []

    def _named(self, key):
        """The (case, sha) of all that an index names."""
        try:
            return {(case_id, entry.sha) for case_id, entry in self.store.index(key).cases.items()}
        except DataError:
            return set()


_UNSEALED = "it has no digest in %s; look at it, then run `python -m golden fsck --seal`" % digests.NAME

#: What it means that a file that only a recorder writes has another digest, or is not there.
_OF_RECORDED = {
    "damaged": "it is not what was recorded, as %s says; take it from the commit" % digests.NAME,
    "missing": "it was recorded, as %s says, and is not there; take it from the commit" % digests.NAME,
}

#: What it means that a file that people edit is not as it was, or is not there.
_EDITED = "it is not as it was sealed in %s; if you edited it, run `python -m golden fsck --seal`" % digests.NAME


def seal(check, found):
    """Takes edited tables, and files that have no digest yet, as right: writes their digests.

    Recorded files that have one keep it: only a recorder changes those.

    Args:
      check: the `Check`.
      found: its findings.

    Returns:
      the findings that are left, for which nothing was sealed if there are any; how many digests are new.
    """
    left = [one for one in found if one.kind != "unsealed" and one.told != _EDITED]
    if left:
        return left, 0
    sealed = 0
    with locked(check.store.root):
        known = digests.read(check.store.root)
        sealed += _seal(check.store.root, check.names_of_data(), known)
    return left, sealed + _seal(check.tables, check.names_of_tables(), {})


def _seal(root, names, known):
    """Writes the digests of files, but for those that have one already; returns how many that changed."""
    before = digests.read(root)
    after = {name: known.get(name) or digests.of_file(os.path.join(root, name)) for name in names}
    write_atomically(os.path.join(root, digests.NAME), digests.dump(after))
    return len(set(before.items()) ^ set(after.items()))


def table(counts, found):
    """Lines for people: how much was looked at, and what is wrong."""
    rows = [["files", "number"]] + [[kind, str(number)] for kind, number in sorted(counts.items())]
    lines = grid.aligned(rows)
    for kind in integrity.KINDS:
        of_kind = [one for one in found if one.kind == kind]
        lines += ["", "%s (%d)" % (kind, len(of_kind))] if of_kind else []
        lines += ["  %s: %s" % (one.file, one.told) for one in of_kind[:_SHOWN]]
        lines += ["  and %d more; --json has all" % (len(of_kind) - _SHOWN)] if len(of_kind) > _SHOWN else []
    return lines + ["", "%d problems" % len(found)]


def _orphan(case_id, sha):
    told = "no index names the observation %s; `scripts/record.py --prune` drops it" % sha
    return Finding("orphan", "observations/%s.bin" % case_id, told)


def _step(steps, label):
    if steps:
        steps.step(label)
