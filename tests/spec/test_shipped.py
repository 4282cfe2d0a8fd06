"""No id of a clause is lost, reused or given another meaning, and no row of a release changes unseen."""

import copy
import re

import pytest

import shipped
import tfcompat
from golden import pins
from tfcompat.releases import RELEASES, TRAITS
from tfcompat.spec.clauses import CLAUSES

LISTED = shipped.load()


def in_the_project(name):
    with open("{}/{}".format(pins.ROOT, name), encoding="utf-8") as source:
        return source.read()


def test_every_clause_is_listed_and_says_what_it_said_when_it_shipped():
    assert shipped.clause_problems(LISTED, CLAUSES) == []


def test_every_release_and_trait_is_listed_and_is_what_it_was_when_it_shipped():
    assert shipped.release_problems(LISTED, RELEASES, TRAITS) == []


def test_clauses_are_listed_in_the_order_of_their_numbers_with_none_left_out():
    chapters = {}
    for name in [*LISTED["clauses"], *LISTED["withdrawn"]]:
        chapter, number = name.rsplit("-", 1)
        chapters.setdefault(chapter, []).append(int(number))
    for chapter, numbers in chapters.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), chapter


def test_versions_that_are_named_have_a_section_in_the_changelog_and_none_is_to_come():
    sections = re.findall(r"^## (\S+)", in_the_project("CHANGELOG.md"), re.MULTILINE)
    assert shipped.versions(LISTED) <= set(sections)
    assert max(map(shipped.number, sections)) == shipped.number(tfcompat.__version__)


def withdraw(listed, clauses):
    row = listed["clauses"].pop("BN-AXIS-4")
    row = {"since": row["since"], "until": "0.2.0", "text": row["text"], "why": "No release does so."}
    listed["withdrawn"]["BN-AXIS-4"] = row


def remove(listed, clauses):
    del clauses["BN-AXIS-4"]


def reword(listed, clauses):
    clauses["BN-AXIS-4"] = clauses["BN-AXIS-4"]._replace(text="A bool must be refused.")


def confine(listed, clauses):
    clauses["BN-AXIS-4"] = clauses["BN-AXIS-4"]._replace(traits=("axis_list",))


def renumber(listed, clauses):
    clauses["BN-AXIS-4"], clauses["BN-AXIS-5"] = clauses["BN-AXIS-5"], clauses["BN-AXIS-4"]


def add(listed, clauses):
    clauses["BN-AXIS-99"] = clauses["BN-AXIS-4"]


@pytest.mark.parametrize(
    "change, told",
    [
        (withdraw, "BN-AXIS-4 was withdrawn and is used again"),
        (remove, "BN-AXIS-4 is gone; move it to `withdrawn`"),
        (
            reword,
            "BN-AXIS-4 shipped with the text 'A bool must count as 0 or 1, being an int.', and has 'A bool must be",
        ),
        (confine, "BN-AXIS-4 shipped with the releases 'all releases', and has 'from 1.5'; if it means the same"),
        (renumber, "BN-AXIS-5 shipped with the text 'A list of ints"),
        (add, "BN-AXIS-99 is not listed; add it with the version that it will come in"),
    ],
)
def test_clause_that_is_changed_is_told_with_what_to_do(change, told):
    listed, clauses = copy.deepcopy(LISTED), dict(CLAUSES)
    change(listed, clauses)
    problems = shipped.clause_problems(listed, clauses)
    assert [problem for problem in problems if problem.startswith(told)], problems


def test_clause_that_is_withdrawn_and_gone_is_no_problem():
    listed, clauses = copy.deepcopy(LISTED), dict(CLAUSES)
    withdraw(listed, clauses)
    remove(listed, clauses)
    assert shipped.clause_problems(listed, clauses) == []


@pytest.mark.parametrize("part, value", [("why", None), ("why", "no sentence"), ("until", "0.1.0")])
def test_withdrawn_clause_needs_its_versions_and_a_reason(part, value):
    listed, clauses = copy.deepcopy(LISTED), dict(CLAUSES)
    withdraw(listed, clauses)
    remove(listed, clauses)
    row = listed["withdrawn"]["BN-AXIS-4"]
    listed["withdrawn"]["BN-AXIS-4"] = {key: row[key] for key in row if key != part}
    if value:
        listed["withdrawn"]["BN-AXIS-4"][part] = value
    (problem,) = shipped.clause_problems(listed, clauses)
    assert problem.startswith("BN-AXIS-4 is withdrawn and needs `since`, a later `until`")


@pytest.mark.parametrize(
    "releases, traits, told",
    [
        (RELEASES[1:], TRAITS, "release 1.0 is gone"),
        ([*RELEASES, "2.23"], TRAITS, "release 2.23 is not listed"),
        (RELEASES, TRAITS[1:], "trait takes_renorm shipped as {'first': '1.2', 'last': None} and is gone"),
        (RELEASES, [TRAITS[0]._replace(name="new"), *TRAITS], "trait new shipped as {'first': 'not listed'"),
        (RELEASES, [TRAITS[0]._replace(first="1.3"), *TRAITS[1:]], "trait takes_renorm shipped as {'first': '1.2'"),
        (RELEASES, [TRAITS[0]._replace(last="2.22"), *TRAITS[1:]], "trait takes_renorm shipped as {'first': '1.2'"),
    ],
)
def test_row_of_a_release_that_is_changed_is_told(releases, traits, told):
    (problem,) = shipped.release_problems(LISTED, releases, traits)
    assert problem.startswith(told)
