"""Every case in both styles: source and report to the byte."""

import ast
import functools

import pytest
import rewrite_cases

from tfcompat.migrate import rewrite
from tfcompat.migrate.rewrite.report import NOTES, REASONS

CASES = [(case, style) for case in rewrite_cases.all_cases() for style in rewrite_cases.STYLES]
in_both_styles = pytest.mark.parametrize("case,style", CASES, ids=lambda value: str(value))


@functools.lru_cache(maxsize=None)
def rewritten(case, style, source=None):
    release = rewrite.release_of(case.release) if case.release else None
    text = case.before.encode() if source is None else source
    return rewrite.rewrite_source(text, case.name, rewrite.Options(style, release))


def line_of(site):
    end = "-> {}".format(site.target) if site.target else "left:"
    codes = [remark.code if site.target is None else "[{}]".format(remark.code) for remark in site.remarks]
    return " ".join(["{}:{}".format(site.line, site.column), site.source, end, *codes])


@in_both_styles
def test_source_becomes_what_the_case_says(case, style):
    assert rewritten(case, style).text_after == case.after(style)


@in_both_styles
def test_report_says_what_the_case_says(case, style):
    assert [line_of(site) for site in rewritten(case, style).sites] == case.report(style)


@in_both_styles
def test_second_run_changes_nothing(case, style):
    once = rewritten(case, style)
    twice = rewritten(case, style, once.after)
    assert not twice.changed
    left = [site.source for site in once.sites if site.target is None and site.remarks[0].code != "update-ops"]
    assert [site.source for site in twice.sites] == left


@in_both_styles
def test_result_is_python(case, style):
    ast.parse(case.after(style))


def test_there_are_at_least_forty_cases():
    assert len(rewrite_cases.all_cases()) >= 40


def test_every_reason_and_note_has_a_case():
    said = " ".join(line for case, style in CASES for line in case.report(style))
    left = {word for line in said.split(" left: ")[1:] for word in line.split()[:1]}
    noted = {word[1:-1] for word in said.split() if word.startswith("[")}
    assert left == set(REASONS)
    assert noted >= set(NOTES)


@pytest.mark.parametrize("table", [REASONS, NOTES], ids=["reasons", "notes"])
def test_a_reason_or_note_is_one_line(table):
    assert not [text for text in table.values() if "\n" in text or len(text) > 200]
