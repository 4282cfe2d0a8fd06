"""The eras of a case: which releases did the same, and what changed where one ended."""

import collections

from golden.drift import Change
from golden.files import DataError
from golden.store import Store

#: One release of a `History`: entry of the index, names that differ from run to run.
_Recorded = collections.namedtuple("_Recorded", "release entry ignored")

#: Where a release does not do what the one before it did. before, after: the releases; change: a `Change`.
Boundary = collections.namedtuple("Boundary", "before after change")

#: case, mode; eras: release -> letter, oldest release first; boundaries: list of `Boundary`; nondeterministic: release
#: -> names that differ from run to run and are not compared.
History = collections.namedtuple("History", "case mode eras boundaries nondeterministic")


class Archive:
    """The recordings of one configuration, every index read once.

    Args:
      store: the `Store`.
      configuration: for example `onednn-off`.

    Attributes:
      releases: mode -> releases that are recorded, oldest first.

    Raises:
      DataError: nothing is recorded of this configuration; the message names those that are.
    """

    def __init__(self, store, configuration):
        self.root = store.root
        keys = [key for key in store.keys() if key.configuration == configuration]
        if not keys:
            there = sorted({key.configuration for key in store.keys()})
            raise DataError(
                "nothing is recorded of configuration %s; recorded are: %s"
                % (configuration, ", ".join(there) or "none")
            )
        self.releases = collections.defaultdict(list)
        for key in keys:
            self.releases[key.mode].append(key.release)
        self._indexes = {(key.mode, key.release): store.index(key) for key in keys}

    def histories(self, case_id, modes):
        """The `History` of a case in each of some modes; those where it was never recorded are left out.

        Raises:
          DataError: a pack is damaged, or what was recorded is not one and the same case.
        """
        changes = _Changes(self.root, case_id)
        found = [(mode, self._recorded(case_id, mode)) for mode in modes]
        return [_history(case_id, mode, recorded, changes) for mode, recorded in found if recorded]

    def between(self, case_id, modes, before, after):
        """What changed in a case between two releases.

        Returns:
          OrderedDict of mode to `Change`, None where both gave one and the same observation.

        Raises:
          DataError: see `histories`.
        """
        changes, found = _Changes(self.root, case_id), collections.OrderedDict()
        for mode in modes:
            one, other = self._recorded(case_id, mode, (before, after))
            found[mode] = None if one.entry.sha == other.entry.sha else changes.between(one, other)
        return found

    def cases(self, mode, release):
        """The ids that are recorded of a release."""
        return set(self._indexes[mode, release].cases)

    def _recorded(self, case_id, mode, releases=None):
        """A `_Recorded` for each of some releases, or all, that the case is recorded of."""
        indexes = [self._indexes[mode, release] for release in releases or self.releases[mode]]
        recorded = [
            _Recorded(index.key.release, index.cases[case_id], frozenset(index.nondeterministic.get(case_id, ())))
            for index in indexes
            if case_id in index.cases
        ]
        for one, other in zip(recorded, recorded[1:]):
            if one.entry.definition != other.entry.definition:
                raise DataError(
                    "%s %s was not the same case when TensorFlow %s and %s were recorded: record it anew, with a reason"
                    % (case_id, mode, one.release, other.release)
                )
        return recorded


class _Changes:
    """Changes between observations of one case, each found once: modes and releases repeat each other.

    Args:
      root: folder of the store; its pack of the case is read once, when needed, and forgotten with this object.
      case_id: the case.
    """

    def __init__(self, root, case_id):
        self.store, self.case_id = Store(root), case_id
        self._found = {}

    def between(self, one, other):
        """The `Change` between two `_Recorded`."""
        ignored = one.ignored | other.ignored
        place = one.entry.sha, other.entry.sha, ignored
        if place not in self._found:
            before, after = (self.store.observation(self.case_id, each.entry.sha) for each in (one, other))
            self._found[place] = Change(before, after, ignored)
        return self._found[place]

    def same(self, one, other):
        """Whether two `_Recorded` did the same."""
        return one.entry.sha == other.entry.sha or self.between(one, other).kind == "same"


def _history(case_id, mode, recorded, changes):
    """The `History` of a case in one mode.

    An era stands for all releases that do the same, names that differ from run to run aside. A release that does what
    an earlier era did has its letter again. What an era is compared by is the one of its releases with the fewest such
    names, so that a release that is not reproducible hides no change between its neighbours.
    """
    eras, boundaries, speakers, before = collections.OrderedDict(), [], [], None
    for one in recorded:
        same = [number for number, speaker in enumerate(speakers) if changes.same(speaker, one)]
        number = before if before in same else same[0] if same else len(speakers)
        if before not in (None, number):
            boundaries.append(Boundary(next(reversed(eras)), one.release, changes.between(speakers[before], one)))
        if number == len(speakers):
            speakers.append(one)
        elif len(one.ignored) < len(speakers[number].ignored):
            speakers[number] = one
        eras[one.release], before = letter(number), number
    names = collections.OrderedDict((one.release, sorted(one.ignored)) for one in recorded if one.ignored)
    return History(case_id, mode, eras, boundaries, names)


def letter(number):
    """The name of an era: A to Z, then AA, AB and so on."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
