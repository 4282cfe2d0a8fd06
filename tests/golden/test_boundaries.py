"""Between two releases, whatever changed has a trait, or a row of bounds that says why it has none."""

import fnmatch
import itertools

import pytest

from golden import bounds, catalogue, drift, installed, runtime
from golden.compare import Difference
from golden.expectations import raised
from golden.store import DATA, Store
from tfcompat.releases import RELEASES, TRAITS, behaviour, parse

CONFIGURATION = "onednn-off"

#: The runtime that another release is followed on.
RUNTIME = "2.21"


@pytest.fixture(scope="module")
def store():
    return Store(DATA)


@pytest.fixture(scope="module")
def rows():
    return bounds.load()


class Side:
    """The recordings of one release and mode."""

    def __init__(self, store, key):
        self.store, self.key, self.index = store, key, store.index(key)

    def has(self, case_id):
        return case_id in self.index.cases

    def sha(self, case_id):
        return self.index.cases[case_id].sha

    def observation(self, case_id):
        return runtime.set_aside(self.store.observation(case_id, self.sha(case_id)))

    def excuses(self, rows, case_id):
        """The bounds that speak of this side when another release follows it."""
        error = raised(self.store.observation(case_id, self.sha(case_id)))
        place = bounds.Place(case_id, self.key.release, RUNTIME, CONFIGURATION, self.key.mode, "*", "abroad", error)
        return bounds.applicable(rows, place, portable=True)


def boundaries(store):
    """(before, after) of consecutive recorded releases, for every mode."""
    for mode in catalogue.MODES:
        keys = [key for key in store.keys() if (key.configuration, key.mode) == (CONFIGURATION, mode)]
        sides = [Side(store, key) for key in keys]
        yield from zip(sides, sides[1:])


def semantic(one, other, ignored, excuses):
    """Names of what differs by more than rounding, and that nothing excuses."""
    difference = Difference(one, other, ignored)
    for name in difference.names():
        eps = float("inf")
        if name in difference.values:
            eps = drift.eps_apart(one.arrays[name], other.arrays[name])
        if eps > drift.LIMIT and not any(row.allows(name, eps) for row in excuses):
            yield name


def switching(before, after):
    """The traits that the one release has and the other has not."""
    one, other = behaviour(before), behaviour(after)
    return [trait for trait in TRAITS if getattr(one, trait.name) != getattr(other, trait.name)]


def matches(case_id, patterns):
    return any(fnmatch.fnmatchcase(case_id, pattern) for pattern in patterns.split("|"))


def test_every_semantic_boundary_has_a_trait_or_an_exemption(store, rows):
    unexplained = []
    for before, after in boundaries(store):
        traits = switching(before.key.release, after.key.release)
        for case_id in before.index.cases:
            if not after.has(case_id) or before.sha(case_id) == after.sha(case_id):
                continue
            if any(matches(case_id, trait.touches) for trait in traits):
                continue
            excuses = before.excuses(rows, case_id) + after.excuses(rows, case_id)
            ignored = {*before.index.nondeterministic.get(case_id, ()), *after.index.nondeterministic.get(case_id, ())}
            names = list(semantic(before.observation(case_id), after.observation(case_id), ignored, excuses))
            if names:
                place = (before.key.release, after.key.release, before.key.mode, case_id)
                unexplained.append("%s to %s, %s, %s: " % place + ", ".join(names[:3]))
    assert not unexplained, "\n".join(unexplained)


ENDS = [
    (trait, before, after)
    for trait in TRAITS
    for before, after in zip(RELEASES, RELEASES[1:])
    if after == trait.first or before == trait.last
]


@pytest.mark.parametrize("trait, before, after", ENDS, ids=["%s-%s" % (t.name, after) for t, _, after in ENDS])
def test_trait_shows_in_its_case_on_both_sides(trait, before, after, store):
    by_minor = {installed.minor(key.release): key.release for key in store.keys()}
    sides = [by_minor[parse(release)] for release in (before, after)]
    differ = []
    for one, other in boundaries(store):
        if [one.key.release, other.key.release] == sides and one.has(trait.case) and other.has(trait.case):
            differ.append(bool(Difference(one.observation(trait.case), other.observation(trait.case))))
    assert any(differ), "%s does not differ" % trait.case


def test_trait_touches_the_case_that_shows_it_and_names_cases_that_there_are():
    cases = catalogue.load()
    for trait, pattern in itertools.chain(*([(t, p) for p in t.touches.split("|")] for t in TRAITS)):
        assert fnmatch.filter(cases, pattern), "%s: no case is called %s" % (trait.name, pattern)
        assert trait.case in cases and matches(trait.case, trait.touches)
