"""The releases that a clause holds for: those that have its traits, and that its source names."""

import re
from typing import List, Tuple

from tfcompat.releases import RELEASES, behaviour, parse
from tfcompat.spec.clauses.clause import Clause

#: `TensorFlow`, `TensorFlow 1.3`, `TensorFlow 1.4 - 2.0`, `TensorFlow from 1.4` or `TensorFlow up to 1.1`.
_RECORDED = re.compile(
    r"TensorFlow(?: (?P<one>[\d.]+)(?: - (?P<last>[\d.]+))?| from (?P<since>[\d.]+)| up to (?P<until>[\d.]+))?"
)


def holds(clause: Clause, release: str) -> bool:
    """Whether a clause is about this release."""
    return release in _named(clause.source) and _has_traits(clause.traits, release)


def releases_of(clause: Clause) -> str:
    """The releases of a clause for people: `all releases`, `1.4 - 1.7`, `from 1.15`, `up to 1.3, from 1.5`."""
    return _written([holds(clause, release) for release in RELEASES])


def _has_traits(traits: Tuple[str, ...], release: str) -> bool:
    has = behaviour(release)
    return all(getattr(has, trait.lstrip("!")) != trait.startswith("!") for trait in traits)


def _named(source: str) -> Tuple[str, ...]:
    """The releases that a source names; all where it names none."""
    for part in source.split("; "):
        match = _RECORDED.fullmatch(part)
        if match is not None and part != "TensorFlow":
            first = match["one"] or match["since"] or RELEASES[0]
            last = match["last"] or match["one"] or match["until"] or RELEASES[-1]
            return tuple(release for release in RELEASES if parse(first) <= parse(release) <= parse(last))
    return RELEASES


def _written(held: List[bool]) -> str:
    """The runs of releases for which a list, one bool for each release, is true."""
    runs: List[List[int]] = []
    for index, inside in enumerate(held):
        if inside and index and held[index - 1]:
            runs[-1][1] = index
        elif inside:
            runs.append([index, index])
    return ", ".join(_run(first, last) for first, last in runs) or "no release"


def _run(first: int, last: int) -> str:
    newest = len(RELEASES) - 1
    if first == 0:
        return "all releases" if last == newest else "up to {}".format(RELEASES[last])
    if last == newest:
        return "from {}".format(RELEASES[first])
    return RELEASES[first] if first == last else "{} - {}".format(RELEASES[first], RELEASES[last])
