"""The layer does what a followed release was recorded to do, on both sides of every trait.

These are the cases that show the traits; `python -m golden verify --release 1.4` runs the whole catalogue.
"""

import pytest

from golden import bounds, catalogue, compare, expectations, installed, processes
from golden.choices import kerases_for
from golden.store import DATA, Store
from tfcompat.releases import RELEASES, TRAITS, parse

SUBJECT = "tfcompat.layers"
STORE = Store(DATA)


def boundaries(trait):
    """(before, after): the releases next to where a trait begins or ends."""
    return [pair for pair in zip(RELEASES, RELEASES[1:]) if pair[1] == trait.first or pair[0] == trait.last]


def places():
    """`Key` -> the cases that show a trait there, in the first mode in which the two sides differ."""
    recorded = {
        (installed.minor(key.release), key.mode): STORE.index(key)
        for key in STORE.keys()
        if key.configuration == "onednn-off"
    }
    found = {}
    for trait in TRAITS:
        for pair in boundaries(trait):
            for mode in catalogue.MODES:
                sides = [recorded.get((parse(release), mode)) for release in pair]
                shas = [side.cases[trait.case].sha for side in sides if side and trait.case in side.cases]
                if len(set(shas)) == 2:
                    for side in sides:
                        found.setdefault(side.key, set()).add(trait.case)
                    break
    return found


PLACES = places()
KERAS = kerases_for(SUBJECT, None, installed.release())[0]


def observed(key):
    """The `Run` of the cases of a place."""
    return processes.observe(SUBJECT, key.mode, sorted(PLACES[key]), keras=KERAS, follows=key.release)


@pytest.mark.beside(call=observed, of=("key",))
@pytest.mark.parametrize("key", PLACES, ids="-".join)
def test_layer_follows_the_release_where_a_trait_begins_or_ends(key, beside):
    recorded = expectations.Recorded(STORE, key, catalogue.load(), bounds.load())
    reports = []
    for case_id, (obtained,) in beside.observations.items():
        try:
            recorded.expectation(case_id, KERAS, beside.provenance).check(obtained)
        except compare.Mismatch as report:
            reports.append("%s\n%s" % (case_id, report))
    assert not reports, "\n".join(reports)


def test_every_trait_is_followed_on_both_sides():
    followed = {(installed.minor(key.release), case_id) for key, cases in PLACES.items() for case_id in cases}
    missing = [
        (trait.name, release)
        for trait in TRAITS
        for pair in boundaries(trait)
        for release in pair
        if (parse(release), trait.case) not in followed
    ]
    assert missing == []
