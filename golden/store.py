"""Recordings on disk: packs of observations, and one index for each release, configuration and mode.

    observations/CASE.bin                     what was ever observed of a case, see `golden.pack`
    index/RELEASE/CONFIGURATION/MODE.json     which observation each case gave, and where it comes from
    SHA256SUMS                                digests of these files, see `golden.digests`

A line of an index is `"case": "OBSERVATION DEFINITION"`: the sha of the observation and a digest of the case as it was
recorded. The diff of two indexes is the change of behaviour between two releases.
"""

import collections
import hashlib
import json
import os
import re

from golden import digests
from golden.files import DataError, locked
from golden.observation import canonical_json
from golden.pack import Pack

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")

#: What an index is for.
Key = collections.namedtuple("Key", "release configuration mode")

#: One line of an index: sha of the observation, digest of the case's definition.
Entry = collections.namedtuple("Entry", "sha definition")

#: What an index has beside its key and cases, and of which type.
_PARTS = {"fingerprint": str, "provenance": list, "nondeterministic": dict, "replaced": list}

_RELEASE = re.compile(r"\d")

#: Keys of a case that say what it is for and where it runs, not what it does.
_DESCRIPTIVE = ("about", "family", "modes", "portable")


def definition_digest(case):
    """12 hex digits over everything in a case that can change what is observed; the observation hashes its inputs."""
    defining = {key: value for key, value in case.items() if key not in _DESCRIPTIVE}
    return hashlib.sha256(canonical_json(defining)).hexdigest()[:12]


class Index:
    """The content of one index file.

    Attributes:
      key: its `Key`.
      cases: case -> `Entry`.
      fingerprint: of the CPU and build that the recordings come from.
      provenance: list of the provenances of all runs that went into it, oldest first.
      nondeterministic: case -> sorted names of what differed between runs: of an array, or `facts.NAME`.
      replaced: list of {"cases", "reason"}, oldest first.
    """

    def __init__(self, key):
        self.key = Key(*key)
        self.cases, self.nondeterministic = {}, {}
        self.fingerprint, self.provenance, self.replaced = None, [], []

    @classmethod
    def load(cls, key, path):
        """The index in a file.

        Raises:
          DataError: the file is not an index for `key`.
        """
        index = cls(key)
        try:
            with open(path, "rb") as source:
                content = json.loads(source.read().decode("utf-8"))
            found = Key(content["release"], content["configuration"], content["mode"])
            index.cases = {case: Entry(*line.split(" ")) for case, line in content["cases"].items()}
            for name, kind in _PARTS.items():
                if not isinstance(content[name], kind):
                    raise TypeError("%s is a %s" % (name, type(content[name]).__name__))
                setattr(index, name, content[name])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise DataError("%s is not an index (%s: %s)" % (path, type(error).__name__, error)) from None
        if found != index.key:
            raise DataError("%s says that it is for %s" % (path, "/".join(map(str, found))))
        return index

    def dump(self):
        """The file's content: JSON with sorted keys, one case on a line."""
        content = dict(self.key._asdict(), cases={case: " ".join(entry) for case, entry in self.cases.items()})
        for name in _PARTS:
            content[name] = getattr(self, name)
        return (json.dumps(content, sort_keys=True, indent=1, separators=(",", ": ")) + "\n").encode("utf-8")


class Store:
    """All recordings under one folder; packs are read once."""

    def __init__(self, root=DATA):
        self.root = str(root)
        self._packs = {}

    def keys(self):
        """The `Key` of every index, releases in order of their numbers."""
        base = os.path.join(self.root, "index")
        found = []
        for folder, _, names in os.walk(base):
            parts = os.path.relpath(folder, base).split(os.sep)
            if len(parts) == 2 and _RELEASE.match(parts[0]):
                found += [Key(parts[0], parts[1], name[:-5]) for name in names if name.endswith(".json")]
        return sorted(found, key=lambda key: (release_order(key.release), key))

    def index(self, key):
        """The `Index` of a key.

        Raises:
          DataError: there is none, or it is damaged.
        """
        path = self.index_path(key)
        if not os.path.exists(path):
            there = ", ".join("/".join(other) for other in self.keys()) or "none at all"
            raise DataError("there is no recording %s; recorded are: %s" % ("/".join(key), there))
        return Index.load(key, path)

    def observation(self, case_id, sha):
        """A recorded `Observation`; its hash is checked.

        Raises:
          DataError: it is not there, or its pack is damaged.
        """
        return self.pack(case_id).get(sha)

    def pack(self, case_id):
        """The `Pack` of a case."""
        if case_id not in self._packs:
            self._packs[case_id] = Pack.read(self.pack_path(case_id))
        return self._packs[case_id]

    def packs(self):
        """The cases that have a pack, sorted."""
        folder = os.path.join(self.root, "observations")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return sorted(name[: -len(".bin")] for name in names if name.endswith(".bin"))

    def prune(self):
        """Writes the packs anew without what no index names; returns how many observations that were.

        It also ends what a recorder that was killed left behind.
        """
        with locked(self.root):
            named = collections.defaultdict(set)
            for key in self.keys():
                for case_id, entry in self.index(key).cases.items():
                    named[case_id].add(entry.sha)
            dropped, contents = 0, []
            for case_id in self.packs():
                pack = Pack.read(self.pack_path(case_id))
                wanted = [seen for sha, seen in pack.observations.items() if sha in named[case_id]]
                if len(wanted) < len(pack.observations):
                    dropped += len(pack.observations) - len(wanted)
                    kept = Pack(pack.path)
                    for observation in wanted:
                        kept.add(observation)
                    contents.append((kept.path, kept.content if wanted else None))
            digests.write_all(self.root, contents)
        self._packs.clear()
        return dropped

    def pack_path(self, case_id):
        """Where the observations of a case are."""
        return os.path.join(self.root, "observations", case_id + ".bin")

    def index_path(self, key):
        """Where the index of a key is."""
        return os.path.join(self.root, "index", key.release, key.configuration, key.mode + ".json")


class Recording:
    """What one run observed, to be stored under one key, all or nothing.

    Args:
      store: the `Store` to write to.
      key: the `Key`.
      provenance: what the worker said about itself, with `fingerprint`.
    """

    def __init__(self, store, key, provenance):
        self.store, self.key, self.provenance = store, Key(*key), provenance
        self._added = collections.OrderedDict()

    def add(self, case_id, definition, observation, nondeterministic=()):
        """Takes an `Observation`; `nondeterministic` names what in it differed between runs."""
        self._added[case_id] = (definition, observation, sorted(nondeterministic))

    def write(self, replace=None, only=None):
        """Writes the packs, then the index; killed at any time, the index is as it was and all that it names is there.

        Args:
          replace: None to add cases only, or the reason why recorded ones may change.
          only: with `replace`, the cases that may stay in the index; None keeps all.

        Raises:
          DataError: a case is recorded otherwise and `replace` is None, or the index comes from another CPU or build.
        """
        with locked(self.store.root):
            store = Store(self.store.root)  # read under the lock: another recorder may have written meanwhile
            path = store.index_path(self.key)
            index = Index.load(self.key, path) if os.path.exists(path) else Index(self.key)
            self._merge(index, replace, only)
            contents = []
            for case_id, (_, observation, _) in self._added.items():
                pack = store.pack(case_id)
                if observation.sha not in pack.observations:
                    pack.add(observation)
                    contents.append((pack.path, pack.content))
            digests.write_all(store.root, contents + [(path, index.dump())])
        self.store._packs.clear()

    def _merge(self, index, replace, only):
        """Takes what was added into an index."""
        new = {case_id: Entry(observed.sha, digest) for case_id, (digest, observed, _) in self._added.items()}
        changed = sorted(case_id for case_id, entry in new.items() if index.cases.get(case_id, entry) != entry)
        dropped = sorted(set(index.cases) - set(only)) if replace and only is not None else []
        if changed and not replace:
            raise DataError(
                "%s has other recordings of %s; recordings are added, not changed: replace them with a reason, or give "
                "the changed case a new name" % (self.store.index_path(self.key), ", ".join(changed))
            )
        kept = set(index.cases) - set(new) - set(dropped)
        if index.fingerprint not in (None, self.provenance["fingerprint"]) and (kept or not replace):
            raise DataError(
                "%s was recorded with fingerprint %s, this CPU and build have %s: record all cases anew, with a reason"
                % (self.store.index_path(self.key), index.fingerprint, self.provenance["fingerprint"])
            )
        index.cases.update(new)
        for case_id in dropped:
            del index.cases[case_id]
        index.nondeterministic.update((case_id, names) for case_id, (_, _, names) in self._added.items())
        index.nondeterministic = {c: names for c, names in index.nondeterministic.items() if names and c in index.cases}
        index.fingerprint = self.provenance["fingerprint"]
        index.provenance += [self.provenance] if self.provenance not in index.provenance else []
        index.replaced += [{"cases": changed + dropped, "reason": replace}] if changed + dropped else []


def release_order(release):
    """A key that sorts releases by their numbers, and a release candidate before its release."""
    numbers, suffix = re.match(r"([\d.]*\d)(.*)", release).groups()
    return [int(part) for part in numbers.split(".")], not suffix, suffix
