"""Differences between releases are rows, and a release has the rows that hold for it."""

import dataclasses
import fnmatch
import re

import pytest

from golden import catalogue
from tfcompat.releases import (
    RELEASES,
    SMALLEST_FUSED_EPSILON,
    TRAITS,
    Behaviour,
    behaviour,
    first_release,
    last_release,
    parse,
)


@pytest.mark.parametrize(
    "written, expected",
    [
        ("1.15", (1, 15)),
        ("1.15.5", (1, 15)),
        ("2.21.0", (2, 21)),
        ("2.16.0rc0", (2, 16)),
        ("2.22.0-dev20260101", (2, 22)),
    ],
)
def test_release_numbers_are_read(written, expected):
    assert parse(written) == expected


@pytest.mark.parametrize("written", ["", "2", "two", "v2.15", "2.x"])
def test_anything_else_is_refused_with_an_example(written):
    with pytest.raises(ValueError, match="^a release is written like '2.15' or '1.15.5', got %r$" % written):
        parse(written)


def test_every_trait_is_a_field_of_behaviour_and_every_field_a_trait():
    fields = {field.name for field in dataclasses.fields(Behaviour)} - {"release"}
    assert fields == {trait.name for trait in TRAITS}
    assert len(TRAITS) == len(fields)


def test_releases_are_compared_as_numbers():
    assert behaviour("2.10").axis_tuple and not behaviour("2.1").axis_tuple


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_trait_begins_and_ends_where_its_row_says(trait):
    holds = [release for release in RELEASES if getattr(behaviour(release), trait.name)]
    assert holds, "holds for no release"
    assert holds[0] == (trait.first or RELEASES[0])
    assert holds[-1] == (trait.last or RELEASES[-1])
    assert trait.first or trait.last, "no difference between releases"


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_both_sides_of_a_trait_are_told_in_a_sentence_each(trait):
    assert trait.about != trait.otherwise
    for sentence in (trait.about, trait.otherwise):
        assert re.match(r"([A-Z]|`|float64 )[^.]*[a-z][^.]*", sentence) and sentence.endswith(".")


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_trait_touches_its_own_case_and_by_every_pattern_some_case(trait):
    cases, patterns = catalogue.load(), trait.touches.split("|")
    assert trait.case in cases and any(fnmatch.fnmatchcase(trait.case, pattern) for pattern in patterns)
    for pattern in patterns:
        assert fnmatch.filter(cases, pattern), pattern


def test_first_release_of_a_trait_that_was_always_there_is_the_first_of_all():
    assert first_release("takes_renorm") == "1.2" and first_release("beta_before_gamma") == "1.0"


def test_behaviour_remembers_the_release_as_it_was_written():
    assert behaviour("2.15.1").release == "2.15.1"


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_names_of_python_are_spelled_as_python_spells_them(trait):
    assert not re.search(r"=(none|true|false)|\bnumpy\b|\bbe none\b", trait.about + trait.otherwise)


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_last_release_of_a_trait_that_has_not_ended_is_the_newest(trait):
    assert last_release(trait.name) == (trait.last or "2.22")


def test_smallest_epsilon_of_the_fused_kernel():
    assert SMALLEST_FUSED_EPSILON == 0.00001001


def test_smallest_epsilon_of_the_fused_kernel_is_a_little_above_that_of_cudnn():
    assert pytest.approx(1e-5 * 1.001, rel=1e-12) == SMALLEST_FUSED_EPSILON
