"""The Markdown has every clause, its links lead somewhere, and its tables have the shape of their heads."""

import re
import subprocess
import sys

import pytest

from tfcompat.releases import TRAITS
from tfcompat.spec import render, worked_example
from tfcompat.spec.clauses import CHAPTERS, CLAUSES
from tfcompat.spec.clauses.when import releases_of


@pytest.fixture(scope="module")
def document():
    return render.markdown()


@pytest.fixture(scope="module")
def headings(document):
    return re.findall(r"^(#+) (.+)$", document, flags=re.MULTILINE)


def block(document, name):
    """What stands below the heading of a clause."""
    return re.search(r"^### {}\n\n(.*?)(?=\n\n#|\Z)".format(name), document, flags=re.MULTILINE | re.DOTALL)[1]


def rows(document, title):
    """The cells of the last table of a section."""
    section = document.split("## {}\n".format(title))[1].split("\n## ")[0]
    table = section.split("\n\n")[-1].strip()
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in table.splitlines()]


def test_headings_are_the_chapters_in_order_and_below_them_their_clauses(headings):
    assert [title for level, title in headings if level == "#"] == ["Specification"]
    chapters = [chapter.title for chapter in CHAPTERS]
    assert [title for level, title in headings if level == "##"] == ["Terms", *chapters, "Worked example", "Versions"]
    assert [title for level, title in headings if level == "###"] == list(CLAUSES)


def test_every_link_leads_to_a_heading_and_no_two_headings_have_one_anchor(document, headings):
    anchors = [render.slug(title) for _, title in headings]
    assert len(set(anchors)) == len(anchors)
    assert set(re.findall(r"\]\(#([^)]+)\)", document)) <= set(anchors)


def test_contents_link_to_every_section(document, headings):
    contents = document.split("\n## ")[0]
    assert re.findall(r"^- \[(.+)\]", contents, flags=re.MULTILINE) == [t for level, t in headings if level == "##"]


@pytest.mark.parametrize(
    "heading, anchor", [("BN-AXIS-1", "bn-axis-1"), ("Names, scopes and reuse", "names-scopes-and-reuse")]
)
def test_anchor_is_what_github_and_mkdocs_make_of_a_heading(heading, anchor):
    assert render.slug(heading) == anchor


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_clause_has_its_sentence_formula_releases_source_and_cases(clause, document):
    shown = block(document, clause.id)
    sentence = re.sub(r"\[(BN-[A-Z]+-\d+)\]\(#[^)]+\)", r"\1", shown.split("\n\n")[0])
    assert sentence == clause.text
    assert ("$$\n{}\n$$".format(clause.formula) in shown) == bool(clause.formula)
    assert "\n- Releases: {}\n".format(releases_of(clause)) in shown
    source = re.search(r"\n- Source: (.+)\n", shown)[1]
    assert [part.split()[0] for part in source.split("; ")] == [part.split()[0] for part in clause.source.split("; ")]
    assert not re.search(r"TensorFlow [^;]", source), "releases are told once"
    for pattern in clause.cases.split("|"):
        assert "`{}`".format(pattern) in shown.split("- Cases: ")[1]


def test_version_table_has_a_row_for_each_trait_linked_to_the_clauses_that_cite_it(document):
    head, _, *body = rows(document, "Versions")
    assert head == ["first", "last", "what", "else", "clauses"]
    assert [row[:4] for row in body] == [[t.first or "", t.last or "", t.about, t.otherwise] for t in TRAITS]
    by_name = {trait.name: row[4] for trait, row in zip(TRAITS, body)}
    assert by_name["masks"] == "[BN-STAT-10](#bn-stat-10), [BN-STAT-11](#bn-stat-11)"
    for clause in CLAUSES.values():
        for name in clause.traits:
            assert "[{}]".format(clause.id) in by_name[name.lstrip("!")]


def test_worked_example_shows_every_line(document):
    section = document.split("## Worked example\n")[1].split("\n## ")[0]
    for line in worked_example.lines():
        assert "| {} | ${}$ |".format(line.what, line.formula) in section
    assert "| 0.99 | 459 |" in section


def test_no_line_ends_in_blanks_and_no_sentence_is_followed_by_two(document):
    assert not re.search(r" $", document, flags=re.MULTILINE)
    assert ".  " not in document


def test_rendering_needs_no_tensorflow():
    code = "import sys; from tfcompat.spec import render; render.markdown(); print('tensorflow' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, "False")
