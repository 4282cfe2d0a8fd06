"""The eras of all cases as one HTML file that needs nothing else: no network, no other file."""

import json
import os

from golden import compare
from golden.store import release_order

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.html")

#: Where the template takes the data.
_PLACE = "@DATA@"


def render(cases, releases, histories, configuration):
    """The page.

    Args:
      cases: the catalogue.
      releases: mode -> releases, oldest first.
      histories: iterable of `History`; read once, and not kept.
      configuration: of the recordings.

    Returns:
      bytes of an HTML document.
    """
    with open(TEMPLATE, encoding="utf-8") as source:
        template = source.read()
    # `<` could end the script element that holds the data.
    data = json.dumps(content(cases, releases, histories, configuration), separators=(",", ":"), sort_keys=True)
    return template.replace(_PLACE, data.replace("<", "\\u003c")).encode("utf-8")


def content(cases, releases, histories, configuration):
    """What the page shows, JSON-ready.

    Returns:
      dict of `configuration`; `releases`; `modes`; `cases`: id -> family, about, arguments; `histories`: list of case,
      mode, eras (a letter for each release, `.` where not recorded), boundaries ([before, after, change]: indexes into
      `releases` and `changes`) and names that differ from run to run; `changes`: each once, with its report as indexes
      into `lines`.
    """
    order = sorted({release for several in releases.values() for release in several}, key=release_order)
    number = {release: index for index, release in enumerate(order)}
    lines, changes, told, shown = _Numbered(), _Numbered(), [], {}
    for one in histories:
        boundaries = [
            [number[boundary.before], number[boundary.after], changes.of(_change(boundary.change, lines))]
            for boundary in one.boundaries
        ]
        eras = " ".join(one.eras.get(release, ".") for release in order)
        told.append([one.case, one.mode, eras, boundaries, dict(one.nondeterministic)])
        case = cases[one.case]
        shown[one.case] = [case["family"], case["about"], case["args"]]
    return {
        "configuration": configuration,
        "releases": order,
        "modes": sorted({one[1] for one in told}, key=list(releases).index),
        "cases": shown,
        "histories": told,
        "changes": [json.loads(change) for change in changes.values],
        "lines": lines.values,
    }


def _change(change, lines):
    """A `Change` as a JSON text, so that equal ones are found equal."""
    report = [lines.of(line) for line in change.report_of_facts() if not line.startswith(compare.SHARED)]
    worst = change.worst and dict(change.worst.as_json(), others=len(change.difference.values) - 1)
    return json.dumps([change.kind, change.reasons, report, worst], sort_keys=True)


class _Numbered:
    """Values and their numbers, each value once."""

    def __init__(self):
        self.values, self._numbers = [], {}

    def of(self, value):
        """The number of a value."""
        if value not in self._numbers:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers[value]
