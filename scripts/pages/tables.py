"""Tables of the documentation, as Markdown, from the data that the code itself uses."""

import json
import pathlib

from golden import environments, pins
from golden.store import Store
from tfcompat.migrate.auditing.diagnoses import KINDS
from tfcompat.releases import RELEASES, TRAITS
from tfcompat.spec import render
from tfcompat.spec.render import table

ROOT = pathlib.Path(__file__).resolve().parents[2]


def code(text):
    """Text in the type of code."""
    return "`{}`".format(text)


def plain(text):
    """Text whose braces are no attributes of Markdown's."""
    return text.replace("{", "&#123;")


def diagnoses():
    """Every row of `KINDS`, with a link to what explains it."""
    rows = [
        ["[`{0}`](pitfalls.md#{0})<br>{1}".format(name, kind.severity), plain(kind.sentence), plain(kind.cure)]
        for name, kind in KINDS.items()
    ]
    return table(["code and severity", "what is wrong", "what to do"], rows)


def diagnosis(name):
    """What `audit` says for one code, as a box."""
    kind = KINDS[name]
    box = {"error": "failure", "warning": "warning"}[kind.severity]
    sentences = [sentence[0].upper() + sentence[1:] + "." for sentence in (kind.sentence, "To do: " + kind.cure)]
    return '!!! {} "{} `{}`"\n\n    {}'.format(box, kind.severity, name, plain("\n\n    ".join(sentences)))


def traits():
    """Every row of `TRAITS`."""
    rows = [
        ["{}<br>{}".format(code(trait.name), _span(trait)), trait.about, trait.otherwise, code(trait.case)]
        for trait in TRAITS
    ]
    return table(["trait and its releases", "what they do", "what the others do", "case"], rows)


def _span(trait):
    if trait.first is None:
        return "up to {}".format(trait.last)
    if trait.last is None:
        return "from {}".format(trait.first)
    return trait.first if trait.first == trait.last else "{} - {}".format(trait.first, trait.last)


def history():
    """What begins and ends with each release that changed something."""
    sections = []
    for before, release in zip(RELEASES, RELEASES[1:]):
        changes = [(t.about, t.otherwise, t) for t in TRAITS if t.first == release]
        changes += [(t.otherwise, t.about, t) for t in TRAITS if t.last == before]
        if changes:
            lines = ["- {} Before: {} (`{}`)".format(now, lower(then), t.name) for now, then, t in changes]
            heading = "### {} {{ #release-{} }}".format(release, release.replace(".", "-"))
            sections.append("\n".join([heading, "", *lines]))
    return "\n\n".join(sections)


def lower(sentence):
    """A sentence as it goes on after a colon; names of arguments stay as they are."""
    return sentence if sentence.startswith("`") else sentence[0].lower() + sentence[1:]


def specification(part):
    """A part of the specification: `worked-example`, `versions`, or `clauses`, which is all that comes before."""
    clauses, rest = render.markdown().split("\n## Worked example\n")
    example, versions = rest.split("\n## Versions\n")
    return {
        "clauses": clauses,
        "worked-example": "## Worked example\n" + example,
        "versions": "## Versions\n" + versions,
    }[part]


def recorded():
    """Every recorded release: what it was installed with, its modes and configurations."""
    keys = Store().keys()
    rows = []
    for row in environments.load():
        numpy = next(each.split("==")[1] for each in row.requires if each.startswith("numpy=="))
        configurations = sorted({key.configuration for key in keys if key.release == row.release})
        rows.append([row.release, row.python, numpy, ", ".join(row.modes), ", ".join(configurations)])
    return table(["TensorFlow", "Python", "NumPy", "modes", "configurations"], rows)


def families():
    """Every file of the catalogue: how many cases it has, and what they are about."""
    rows = []
    for path in sorted((ROOT / "golden" / "catalogue").glob("*.json")):
        family = json.loads(path.read_text(encoding="utf-8"))
        rows.append([code(family["family"]), len(family["cases"]), family["about"]])
    return table(["family", "cases", "about"], rows)


def environment():
    """The environment variables of every process that records or verifies."""
    rows = [["all", code(name), code(value)] for name, value in sorted(pins.PINS.items())]
    for configuration, variables in pins.CONFIGURATIONS.items():
        rows += [[code(configuration), code(name), code(value)] for name, value in variables.items()]
    return table(["configuration", "variable", "value"], rows)


def mutation():
    """How many mutants of each module are killed, when that was found, and with which tools."""
    report = json.loads((ROOT / "mutation" / "report.json").read_text(encoding="utf-8"))
    rows = [[code(path)] + numbers for path, numbers in sorted(report["modules"].items())]
    rows.append(["all"] + [sum(column) for column in zip(*report["modules"].values())])
    lines = [row[:3] + ["{:.1f} %".format(1000 * row[2] // row[1] / 10)] + row[3:] for row in rows]
    tools = ", ".join("{} {}".format(*tool) for tool in sorted(report["tools"].items()))
    head = ["module", "mutants", "killed", "of all", "survive with a reason", "without", "not hunted yet"]
    return "As of {}, with {}:\n\n{}".format(report["date"], tools, table(head, lines))
