"""What the recordings of one mode expect of each case."""

import collections

from golden import bounds, compare, installed, runtime
from golden.files import DataError
from golden.store import Key, definition_digest, release_order


class Expectation(collections.namedtuple("Expectation", "observation bounds ignored abroad")):
    """What is expected of a case.

    Attributes:
      observation: the recorded `Observation`.
      bounds: the `Bound`s that apply.
      ignored: names that differ from run to run.
      abroad: whether another TensorFlow runs than the one that was recorded.
    """

    __slots__ = ()

    def check(self, obtained):
        """`compare.check`: a `Verdict`, or `compare.Mismatch`."""
        what_counts = runtime.set_aside if self.abroad else runtime.without_empty_collections
        expected, obtained = what_counts(self.observation), what_counts(obtained)
        return compare.check(expected, obtained, self.bounds, self.ignored, payloads=not self.abroad)


class NotRecorded(LookupError):
    """There is no recording of a case; the message says where one was looked for."""


class Recorded:
    """The recordings of one release, configuration and mode.

    Args:
      store: the `Store`.
      key: the `Key`; where no such index is, no case is recorded.
      cases: the catalogue.
      rows: `Bound`s.
    """

    def __init__(self, store, key, cases, rows=()):
        self.store, self.key, self.cases, self.rows = store, key, cases, rows
        self.index = store.index(key) if key in store.keys() else None

    def expectation(self, case_id, keras, provenance):
        """The `Expectation` of a case.

        Args:
          keras, provenance: what it ran on; bounds may depend on them.

        Raises:
          NotRecorded: the case has no recording.
          DataError: its recording is damaged, or the case was changed since.
        """
        if self.index is None or case_id not in self.index.cases:
            raise NotRecorded("not recorded for %s" % "/".join(self.key))
        entry = self.index.cases[case_id]
        if entry.definition != definition_digest(self.cases[case_id]):
            raise DataError(
                "the case was changed since it was recorded for %s: give it a new id, or record it anew with a reason"
                % "/".join(self.key)
            )
        ran = provenance["tensorflow"]
        abroad = installed.minor(ran) != installed.minor(self.key.release)
        fingerprint = "abroad" if abroad else "other"
        if provenance["fingerprint"] == self.index.fingerprint:
            fingerprint = "same"
        observation = self.store.observation(case_id, entry.sha)
        key = self.key
        error = raised(observation)
        place = bounds.Place(case_id, key.release, ran, key.configuration, key.mode, keras, fingerprint, error)
        applicable = bounds.applicable(self.rows, place, self.cases[case_id]["portable"])
        ignored = self.index.nondeterministic.get(case_id, ())
        return Expectation(observation, applicable, ignored, abroad)


def raised(observation):
    """Type and message of the error of an observation, as `bounds.Place` has it: empty where there is none."""
    error = observation.facts.get("raised")
    return "%s: %s" % (error["type"], observation.notes.get("message", "")) if error else ""


def recorded_releases(store, configuration):
    """Every release that is recorded in a configuration, oldest first."""
    return sorted({key.release for key in store.keys() if key.configuration == configuration}, key=release_order)


def stand_in(release, there):
    """The release itself if it is there, else the newest of its minor, else None."""
    same_minor = [other for other in there if installed.minor(other) == installed.minor(release)]
    return release if release in there else next(reversed(same_minor), None)


def recorded_release(store, release, configuration):
    """The recorded release that stands for an installed one: itself, or the newest patch release of its minor.

    Raises:
      DataError: there is none; the message says which releases are there.
    """
    there = recorded_releases(store, configuration)
    stands_for = stand_in(release, there)
    if stands_for is None:
        raise DataError(
            "there is no recording of TensorFlow %s with %s; recorded are: %s"
            % (release, configuration, ", ".join(there) or "none")
        )
    return stands_for


def keys(store, release, configuration, modes):
    """The `Key` of each mode, for the recorded release that stands for `release`."""
    stands_for = recorded_release(store, release, configuration)
    return [Key(stands_for, configuration, mode) for mode in modes]


def not_deterministic(store, mode):
    """Case -> names that some recording of a mode found to differ from run to run of the real function."""
    found = collections.defaultdict(set)
    for key in store.keys():
        if key.mode == mode:
            for case_id, names in store.index(key).nondeterministic.items():
                found[case_id].update(names)
    return found
