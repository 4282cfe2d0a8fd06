"""The built site: complete, linked, and by itself."""

import json
import os
import re
import urllib.parse

import pytest
import yaml

import tfcompat
import tfcompat.migrate
from html_pages import HtmlPage, is_outside, urls_of_css
from pages import DOCS, PAGES, ROOT, prose_of
from tfcompat.migrate.auditing.diagnoses import KINDS
from tfcompat.releases import TRAITS
from tfcompat.spec import worked_example
from tfcompat.spec.clauses import CLAUSES

CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
CHINESE = [page for page in PAGES if page.startswith("zh/")]


def in_nav(entries):
    for entry in entries:
        for what in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [what] if isinstance(what, str) else in_nav(what)


@pytest.fixture(scope="module")
def built(site):
    """Path in the site -> `HtmlPage`."""
    return {
        path.relative_to(site).as_posix(): HtmlPage(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")
    }


def html_of(page):
    return page.replace(".md", ".html")


def test_every_page_is_in_the_navigation_and_is_built(built):
    assert sorted(in_nav(CONFIG["nav"])) == sorted(PAGES)
    assert set(built) == {html_of(page) for page in PAGES} | {"404.html"}


def test_every_page_has_a_title(built):
    for name, page in built.items():
        assert page.titles["title"].strip(), name
        assert name == "404.html" or page.titles["h1"].strip(" \n¶"), name


def test_no_page_loads_anything_from_outside(built):
    outside = {(name, each) for name, page in built.items() for each in page.loaded if is_outside(each)}
    assert not outside


def test_no_style_sheet_loads_anything_from_outside(site):
    sheets = list(site.rglob("*.css"))
    assert sheets
    assert not [(s.name, url) for s in sheets for url in urls_of_css(s.read_text(encoding="utf-8")) if is_outside(url)]


def test_no_page_has_what_the_script_of_the_theme_would_go_outside_for(built):
    """Diagrams of Mermaid, and the numbers of a repository's stars."""
    for name, page in built.items():
        assert "mermaid" not in page.classes and "source" not in page.components, name


@pytest.mark.parametrize(
    "text, expected",
    [
        ('<script src="https://a.b/c.js"></script>', ["https://a.b/c.js"]),
        ('<link rel="stylesheet" href="//a.b/c.css">', ["//a.b/c.css"]),
        ('<img srcset="a.png 1x, http://a.b/c.png 2x">', ["a.png", "http://a.b/c.png"]),
        ("<style>@import 'http://a.b/c.css'; a {b: url(https://a.b/d)}</style>", ["http://a.b/c.css", "https://a.b/d"]),
        ('<p style="background: url(x.png)">', ["x.png"]),
        ('<iframe src="x.html"></iframe><a href="https://a.b">', ["x.html"]),
    ],
)
def test_what_a_page_loads_is_found(text, expected):
    assert HtmlPage(text).loaded == expected


@pytest.mark.parametrize(
    "address, outside", [("https://a.b/c", True), ("//a.b/c", True), ("a/b.js", False), ("data:image/png;a", False)]
)
def test_address_is_outside_where_it_names_a_machine(address, outside):
    assert is_outside(address) is outside


def test_every_link_leads_to_a_page_and_an_anchor_that_is_there(site, built):
    broken = []
    for name, page in built.items():
        if name == "404.html":  # shown in place of any page, so its links begin at the root
            continue
        for link in page.links:
            if is_outside(link) or link.startswith("mailto:"):
                continue
            path, anchor = (urllib.parse.unquote(part) for part in urllib.parse.urldefrag(link))
            target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            there = (site / target).exists() or target == "."
            if not there or (anchor and target in built and anchor not in built[target].anchors):
                broken.append((name, link))
    assert not broken


def test_formulas_are_mathml_and_none_is_left_as_latex(site):
    for page in PAGES:
        text = (site / html_of(page)).read_text(encoding="utf-8")
        assert "arithmatex" not in text, page
        assert bool(re.search(r"\$[^$\n]+\$", prose_of(PAGES[page]))) <= ("<math" in text), page


def test_search_knows_every_page_and_every_chinese_character_by_itself(site):
    script = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    assert script.startswith("var __index = ")
    entries = json.loads(script[len("var __index = ") :])["docs"]
    assert {entry["location"].split("#")[0] for entry in entries} == {html_of(page) for page in PAGES}
    text = "".join(entry["text"] + entry["title"] for entry in entries)
    assert re.search("[\u4e00-\u9fff]\u200b[\u4e00-\u9fff]", text)
    assert not re.search("[\u4e00-\u9fff]{2}", text)


@pytest.mark.parametrize("page", PAGES)
def test_page_says_in_which_language_it_is(page, site):
    language = "zh" if page in CHINESE else "en"
    assert '<html lang="%s"' % language in (site / html_of(page)).read_text(encoding="utf-8")


def headings(page):
    """(level, anchor) of every heading of a page; anchors are written, so that they are the same in all languages."""
    lines = [line for line in prose_of(PAGES[page]).splitlines() if re.match("#{2,} ", line)]
    return [re.fullmatch(r"(#+) .* \{ #([\w-]+) \}", line).groups() for line in lines]


@pytest.mark.parametrize("page", CHINESE)
def test_chinese_page_has_the_sections_of_the_english_one(page):
    assert headings(page) == headings(page[len("zh/") :])


def test_start_and_pitfalls_are_there_in_chinese():
    assert CHINESE == ["zh/pitfalls.md", "zh/start.md"]


PARTS = {
    "pitfalls.md": ["**Symptom.**", "**Cause.**", "**Cure.**", "**Audit.**"],
    "zh/pitfalls.md": ["**现象。**", "**原因。**", "**解决。**", "**审计。**"],
}


@pytest.mark.parametrize("page", PARTS)
def test_every_pitfall_has_a_symptom_a_cause_a_cure_and_what_audit_says(page):
    sections = re.split(r"^### ", PAGES[page], flags=re.MULTILINE)[1:]
    for section in sections:
        assert re.findall(r"^\*\*[^*]+\*\*", section, re.MULTILINE) == PARTS[page], section.splitlines()[0]


@pytest.mark.parametrize("page", PARTS)
def test_every_code_of_audit_has_a_pitfall_of_its_own(page):
    found, unseen = PAGES[page].split("{ #unseen }")
    anchors = re.findall(r"^### .* \{ #(.*) \}$", found, re.MULTILINE)
    rendered = re.findall(r"^<!-- render: diagnosis (.*) -->$", found, re.MULTILINE)
    assert anchors == rendered and set(anchors) == set(KINDS)
    assert "render: diagnosis" not in unseen


def squeezed(text):
    return " ".join(text.replace("`", "").split())


def test_table_of_diagnoses_is_that_of_the_code(built):
    text = squeezed(built["diagnoses.html"].text)
    for name, kind in KINDS.items():
        row = " ".join((name, kind.severity, squeezed(kind.sentence), squeezed(kind.cure)))
        assert row in text, row


def test_table_of_traits_is_that_of_the_code(built):
    text = squeezed(built["releases.html"].text)
    for trait in TRAITS:
        assert " ".join(map(squeezed, (trait.about, trait.otherwise, trait.case))) in text, trait.name


def test_nothing_is_left_to_render(site):
    for page in PAGES:
        assert "<!-- render:" not in (site / html_of(page)).read_text(encoding="utf-8"), page


def test_specification_has_every_clause_the_worked_example_the_pictures_and_the_versions(site, built):
    page = built["specification.html"]
    sections = {"worked-example", "sharing", "momentum", "versions"}
    assert {name.lower() for name in CLAUSES} | sections <= page.anchors
    assert {"sharing", "plot"} <= page.classes
    text = squeezed(page.text)
    assert all(squeezed(line.what) in text and "%.7g" % line.value in text for line in worked_example.lines())


FOLDERS = "tfcompat|golden|scripts|tests|examples|benchmarks|docs|.ci"
NAMED = {path for text in PAGES.values() for path in re.findall(r"`((?:%s)/[\w./-]+)`" % FOLDERS, prose_of(text))}


@pytest.mark.parametrize("path", sorted(NAMED))
def test_file_that_is_named_exists(path):
    assert (ROOT / path).exists()


CALLED = sorted({name for text in PAGES.values() for name in re.findall(r"`tfcompat\.([\w.]+)", prose_of(text))})


@pytest.mark.parametrize("name", CALLED)
def test_name_that_is_named_exists(name):
    home, _, public = name.rpartition(".")
    module = {"": tfcompat, "migrate": tfcompat.migrate}[home]
    assert name == "migrate" or public in dir(module)


def test_every_page_is_a_page_of_the_docs_folder_alone():
    strays = {path.suffix for path in DOCS.rglob("*") if path.is_file()} - {".md", ".css", ".js"}
    assert not strays
