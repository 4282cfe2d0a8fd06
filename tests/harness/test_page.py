"""The page is one file that needs no other, and shows every case with its eras and changes."""

import html.parser
import json
import re

import pytest

from golden import __main__ as commands
from golden.store import Key
from samples import make_observation


class Elements(html.parser.HTMLParser):
    """What is open, and the text of script elements."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.scripts = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "script" and data.strip():
            self.scripts.append(data)


@pytest.fixture
def page(store, record, small_catalogue, tmp_path, capsys):
    """The text of a page about three cases; one changes its meaning, one has an argument that could end a script."""
    small_catalogue["second"]["args"] = {"name": "</script><b>"}
    for release, observation in (("1.9.0", make_observation()), ("2.0.4", make_observation(outputs=[2]))):
        seen = {"first": observation, "second": make_observation(), "wide": make_observation()}
        record(seen, key=Key(release, "onednn-off", "eager"))
    path = tmp_path / "page.html"
    assert commands.main(["history", "--html", str(path), "--data", store.root]) == 0
    assert "wrote %s" % path in capsys.readouterr().out
    return path.read_text(encoding="utf-8")


@pytest.fixture
def data(page):
    return json.loads(Elements(page).scripts[0])


def test_page_loads_nothing_and_says_so_to_the_browser(page):
    elements = Elements(page)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", page)
    assert not {"src", "href", "srcset"} & set(elements.attributes) and "link" not in elements.tags
    assert "default-src 'none'" in page


def test_no_text_of_a_case_ends_the_script_that_holds_it(page, data):
    assert Elements(page).tags.count("script") == 2
    assert data["cases"]["second"][2] == {"name": "</script><b>"}


def test_every_case_is_there_with_its_eras(data):
    assert data["releases"] == ["1.9.0", "2.0.4"] and data["modes"] == ["eager"]
    assert [row[:3] for row in data["histories"]] == [
        ["first", "eager", "A B"],
        ["second", "eager", "A A"],
        ["wide", "eager", "A A"],
    ]


def test_change_has_its_kind_and_its_report(data):
    ((before, after, number),) = data["histories"][0][3]
    kind, reasons, report, worst = data["changes"][number]
    assert (before, after, kind, reasons, worst) == (0, 1, "semantic", ["facts"], None)
    assert [data["lines"][line] for line in report] == ["facts.outputs: before nothing, after [2]"]


def test_page_that_cannot_be_written_is_status_2(page, store, tmp_path, capsys):
    assert commands.main(["history", "--html", str(tmp_path / "page.html" / "in"), "--data", store.root]) == 2
    assert "page.html/in cannot be written: " in capsys.readouterr().err.splitlines()[-1]


def test_page_is_replaced_only_when_it_is_complete(page, store, tmp_path, monkeypatch):
    monkeypatch.setattr("golden.page.content", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        commands.main(["history", "--html", str(tmp_path / "page.html"), "--data", store.root])
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
