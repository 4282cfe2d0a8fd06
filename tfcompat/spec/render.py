"""The specification as Markdown: terms, chapters of clauses, a worked example, the table of versions.

Anchors are what GitHub and MkDocs make of headings: `#bn-axis-1` is a clause.
"""

import re
from typing import Any, Iterable, List, Sequence

from tfcompat.momentum import ARRIVED, steps_until
from tfcompat.releases import TRAITS, Trait
from tfcompat.spec import worked_example
from tfcompat.spec.clauses import CHAPTERS, CLAUSES
from tfcompat.spec.clauses.clause import Chapter, Clause
from tfcompat.spec.clauses.terms import TERMS
from tfcompat.spec.clauses.when import releases_of

_ABOUT = (
    "What `tf.layers.batch_normalization` and the class `BatchNormalization` do, from TensorFlow 1.0 on. *Must* is "
    "what an implementation has to do, *may* what it is free to do. A clause holds for the releases that stand below "
    "it; the cases, with `*` for any characters and `?` for one, are those of the catalogue whose recordings of real "
    "TensorFlow show it."
)

#: Momenta that people use.
_MOMENTA = (0.9, 0.99, 0.997, 0.999)


def markdown() -> str:
    """The whole specification as one document."""
    sections = [
        ("Terms", [_list("**{}**: {}".format(*term) for term in TERMS)]),
        *((chapter.title, _chapter(chapter)) for chapter in CHAPTERS),
        ("Worked example", _example()),
        ("Versions", _versions()),
    ]
    contents = _list("[{}](#{})".format(title, slug(title)) for title, _ in sections)
    blocks = ["# Specification", _ABOUT, contents]
    for title, content in sections:
        blocks += ["## " + title, *content]
    return "\n\n".join(blocks) + "\n"


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _chapter(chapter: Chapter) -> List[str]:
    clauses = [block for clause in chapter.clauses for block in _clause(clause)]
    return [_linked(chapter.about), *clauses]


def _clause(clause: Clause) -> List[str]:
    cases = ", ".join("`{}`".format(pattern) for pattern in clause.cases.split("|"))
    formula = ["$$\n{}\n$$".format(clause.formula)] if clause.formula else []
    source = re.sub(r"TensorFlow[^;]*", "TensorFlow", clause.source)
    where = ["Releases: " + releases_of(clause), "Source: " + source, "Cases: " + cases]
    return ["### " + clause.id, _linked(clause.text), *formula, _list(where)]


def _example() -> List[str]:
    about = " ".join((worked_example.__doc__ or "").split("\n\n", 1)[1].split())
    calculation = [
        (line.what, "${}$".format(line.formula), "{:.7g}".format(line.value)) for line in worked_example.lines()
    ]
    steps = [(str(momentum), str(steps_until(ARRIVED, momentum))) for momentum in _MOMENTA]
    return [
        about,
        "One training step of channel 7 with `momentum=0.9` and `epsilon=0.001`, for input that is made to be easy:",
        table(("what", "how", "value"), calculation),
        "Steps of training until the start weighs less than 1 % in an average:",
        table(("`momentum`", "steps"), steps),
    ]


def _versions() -> List[str]:
    rows = [(trait.first or "", trait.last or "", trait.about, trait.otherwise, _citing(trait)) for trait in TRAITS]
    return [
        "Every difference between releases, the first and the last release that have it, and the clauses about it.",
        table(("first", "last", "what", "else", "clauses"), rows),
    ]


def _citing(trait: Trait) -> str:
    cited = (name for name, clause in CLAUSES.items() if {trait.name, "!" + trait.name} & set(clause.traits))
    return _linked(", ".join(cited))


def _linked(text: str) -> str:
    """A text with single spaces, and links in place of the ids of clauses."""
    return re.sub(r"BN-[A-Z]+-\d+", lambda found: "[{}](#{})".format(found[0], slug(found[0])), _single_spaced(text))


def _list(items: Iterable[str]) -> str:
    return "\n".join("- " + _single_spaced(item) for item in items)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown; a `|` in a cell stays in it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _single_spaced(text: str) -> str:
    return text.replace(".  ", ". ")
