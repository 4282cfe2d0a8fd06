"""All places in which a change may be found, and the trials that run there."""

import collections
import itertools

from golden import catalogue, installed
from golden.store import Store
from mutation.protocol import Place, Trial
from tfcompat.releases import RELEASES, TRAITS

_UNIT = tuple("tests/unit/test_unit_" + name + ".py" for name in ("config", "plan", "releases"))
_LAYER = ("tests/layer",)
_MIGRATE = tuple(
    "tests/migrate/test_" + name + ".py"
    for name in ("audit_graphs", "checkpoint_files", "checkpoint_h5", "checkpoint_models", "checkpoint_plan", "fold")
)

#: Every place, those that find most first.
PLACES = (
    Place("keras3", "tests", "v2", _UNIT),
    Place("keras3", "cases", "eager", ()),
    Place("keras3", "cases", "graph-v1", ()),
    Place("keras3", "cases", "function", ()),
    Place("keras3", "cases", "graph-v2", ()),
    Place("keras3", "tests", "v2", _LAYER),
    Place("keras3", "tests", "v1", _LAYER),
    Place("keras2", "tests", "v2", _LAYER),
    Place("keras2", "tests", "v1", _LAYER),
    Place("keras2", "cases", "eager", ()),
    Place("keras2", "cases", "graph-v1", ()),
    Place("keras3", "tests", "v2", ("tests/unit/test_explanation.py",)),
    Place("keras3", "tests", "v2", ("tests/golden/test_boundaries.py",)),
    Place("keras3", "tests", "v2", ("tests/test_installation.py",)),
    Place("keras3", "tests", "v2", _MIGRATE),
    Place("keras2", "tests", "v2", _MIGRATE),
)

#: Releases whose behaviour differs most from that of the release that runs, and how many cases of each family show it.
_FOLLOWED, _EACH = ("1.0", "1.3", "1.4", "1.7", "1.14", "2.2", "2.11", "2.22"), 3


def cases_of(place):
    """The `Trial`s of a place for cases: the catalogue, and on Keras 3 what followed releases do.

    These are some cases of each family, and every case that shows a trait, in the releases on both sides of it.
    """
    cases = catalogue.load()
    here = catalogue.select(cases, place.mode)
    trials = [Trial("- " + case_id, cases[case_id]["family"]) for case_id in here]
    if place.keras == "keras2":
        return trials
    some = [
        case_id for _, family in itertools.groupby(here, _family(cases)) for case_id in itertools.islice(family, _EACH)
    ]
    pairs = list(itertools.product(_FOLLOWED, some)) + [pair for pair in _sides_of_traits() if pair[1] in here]
    recorded = {installed.minor(key.release) for key in Store().keys() if key.mode == place.mode}
    for release, case_id in collections.OrderedDict.fromkeys(pairs):
        if installed.minor(release) in recorded:
            trials.append(Trial("%s %s" % (release, case_id), "%s %s" % (release, cases[case_id]["family"])))
    return trials


def _family(cases):
    return lambda case_id: cases[case_id]["family"]


def _sides_of_traits():
    """(release, case) of the releases next to where a trait begins or ends."""
    for trait in TRAITS:
        for before, after in zip(RELEASES, RELEASES[1:]):
            if after == trait.first or before == trait.last:
                yield from ((before, trait.case), (after, trait.case))
