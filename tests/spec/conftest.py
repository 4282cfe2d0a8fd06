"""The recordings of every release, and where they differ between two."""

import pytest

from golden import catalogue, installed, runtime
from golden.compare import Difference
from golden.store import DATA, Store


class Recordings:
    """What every release and mode was recorded to do with oneDNN off."""

    def __init__(self):
        self.store = Store(DATA)
        keys = [key for key in self.store.keys() if key.configuration == "onednn-off"]
        self._indexes = {(installed.minor(key.release), key.mode): self.store.index(key) for key in keys}

    def differ(self, case_id, before, after):
        """Whether a case does something else in another release, in any mode that both are recorded in.

        Args:
          before, after: releases as (major, minor).
        """
        pairs = [(self._indexes.get((before, mode)), self._indexes.get((after, mode))) for mode in catalogue.MODES]
        return any(self._differ(case_id, *pair) for pair in pairs if None not in pair)

    def _differ(self, case_id, one, other):
        shas = [index.cases[case_id].sha for index in (one, other) if case_id in index.cases]
        if len(set(shas)) < 2:
            return False
        ignored = {*one.nondeterministic.get(case_id, ()), *other.nondeterministic.get(case_id, ())}
        return bool(Difference(*(runtime.set_aside(self.store.observation(case_id, sha)) for sha in shas), ignored))


@pytest.fixture(scope="session")
def recordings():
    return Recordings()
