"""The clauses are well formed, every case shows one, and they begin and end where the recordings change."""

import fnmatch
import re

import pytest

import shipped
from golden import catalogue
from tfcompat.releases import RELEASES, TRAITS, behaviour, parse
from tfcompat.spec.clauses import CHAPTERS, CLAUSES, clauses_of
from tfcompat.spec.clauses.clause import Clause
from tfcompat.spec.clauses.terms import TERMS
from tfcompat.spec.clauses.when import holds, releases_of

CASES = catalogue.load()

#: What a source may consist of.
SOURCES = (
    r"Ioffe & Szegedy 2015, (section|algorithm) \d(\.\d)?",
    r"Ioffe 2017, (section|algorithm) \d(\.\d)?",
    r"Hoffer et al\. 2017, (section|algorithm) \d(\.\d)?",
    r"TensorFlow( \d\.\d+( - \d\.\d+)?| from \d\.\d+| up to \d\.\d+)?",
    r"docs/findings\.md",
)

#: (clause, last release of a run and the one after it), for every beginning and end of the releases of a clause.
BOUNDARIES = [
    (clause, before, after)
    for clause in CLAUSES.values()
    for before, after in zip(RELEASES, RELEASES[1:])
    if holds(clause, before) != holds(clause, after)
]

every_clause = pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)


def cases_of(pattern):
    return fnmatch.filter(CASES, pattern)


def references(text):
    return set(re.findall(r"BN-[A-Z]+-\d+", text))


def test_ids_are_unique_and_dense_within_their_chapter_but_for_what_was_withdrawn():
    withdrawn = shipped.load()["withdrawn"]
    for chapter in CHAPTERS:
        ids = [clause.id for clause in chapter.clauses]
        numbers = range(1, int(ids[-1].rsplit("-", 1)[1]) + 1)
        assert ids == [name for name in ("BN-{}-{}".format(chapter.key, n) for n in numbers) if name not in withdrawn]
    assert len(CLAUSES) == sum(len(chapter.clauses) for chapter in CHAPTERS)


def test_chapters_have_keys_titles_and_introductions_of_their_own():
    assert len({chapter.key for chapter in CHAPTERS}) == len({chapter.title for chapter in CHAPTERS}) == len(CHAPTERS)
    assert all(chapter.about.endswith(".") for chapter in CHAPTERS)


@every_clause
def test_text_is_one_sentence_that_says_must_or_may(clause):
    assert re.match(r"[A-Z`]|float64", clause.text) and clause.text.endswith(".")
    assert not re.search(r"[.!?] +[A-Z]", clause.text), "two sentences"
    assert re.search(r"\b(must|may)\b", clause.text)
    assert not re.search(r"\bmay not\b|\bshould\b|\bshall\b|\bMUST\b", clause.text)


@every_clause
def test_formula_is_latex_with_braces_that_match(clause):
    depth = 0
    for bracket in re.findall(r"(?<!\\)[{}]", clause.formula):
        depth += 1 if bracket == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\left\b", clause.formula)) == len(re.findall(r"\\right\b", clause.formula))
    assert "$" not in clause.formula


@every_clause
def test_every_pattern_of_a_clause_names_a_case(clause):
    assert [pattern for pattern in clause.cases.split("|") if not cases_of(pattern)] == []


@pytest.mark.parametrize("case_id", CASES)
def test_case_shows_a_clause(case_id):
    assert clauses_of(case_id)


@every_clause
def test_every_part_of_a_source_has_a_known_form(clause):
    for part in clause.source.split("; "):
        assert any(re.fullmatch(form, part) for form in SOURCES), part


@every_clause
def test_releases_stand_in_a_source_only_where_no_trait_tells_them(clause):
    if re.search(r"TensorFlow [\dfu]", clause.source):
        by_traits = clause._replace(source="TensorFlow")
        assert releases_of(by_traits) != releases_of(clause)


@every_clause
def test_clause_holds_for_some_release_and_names_traits_that_there_are(clause):
    assert any(holds(clause, release) for release in RELEASES)
    assert {name.lstrip("!") for name in clause.traits} <= {trait.name for trait in TRAITS}


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_trait_is_cited_by_a_clause(trait):
    assert [clause.id for clause in CLAUSES.values() if {trait.name, "!" + trait.name} & set(clause.traits)]


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_clauses_that_cite_a_trait_show_the_case_that_it_names(trait):
    citing = [clause for clause in CLAUSES.values() if {trait.name, "!" + trait.name} & set(clause.traits)]
    assert trait.case in [
        case for clause in citing for pattern in clause.cases.split("|") for case in cases_of(pattern)
    ]


@pytest.mark.parametrize(
    "clause, before, after", BOUNDARIES, ids=["{}-{}".format(clause.id, after) for clause, _, after in BOUNDARIES]
)
def test_cases_of_a_clause_differ_where_its_releases_begin_or_end(clause, before, after, recordings):
    cited = sorted({case for pattern in clause.cases.split("|") for case in cases_of(pattern)})
    assert [case for case in cited if recordings.differ(case, parse(before), parse(after))]


def test_clauses_that_are_referred_to_are_there():
    texts = [clause.text for clause in CLAUSES.values()] + [chapter.about for chapter in CHAPTERS]
    assert set().union(*map(references, texts)) <= set(CLAUSES)


def test_terms_are_explained_once():
    assert len(dict(TERMS)) == len(TERMS) and all(meaning.endswith(".") for _, meaning in TERMS)


@pytest.mark.parametrize(
    "traits, source, expected",
    [
        ((), "TensorFlow", "all releases"),
        (("takes_renorm",), "TensorFlow", "from 1.2"),
        (("!takes_renorm",), "TensorFlow", "up to 1.1"),
        (("takes_renorm", "renorm_debiased"), "Ioffe 2017, algorithm 1; TensorFlow", "1.2 - 1.14"),
        (("fused_or_error",), "TensorFlow", "1.3"),
        (("!fused_decay_rounded_once",), "TensorFlow", "up to 1.3, from 1.8"),
        ((), "TensorFlow 1.4 - 2.0; docs/findings.md", "1.4 - 2.0"),
        ((), "TensorFlow 1.13", "1.13"),
        ((), "TensorFlow from 1.9", "from 1.9"),
        ((), "TensorFlow up to 1.1", "up to 1.1"),
        (("!variance_depends_on_mean",), "TensorFlow 1.3 - 2.21", "1.3 - 2.21"),
        (("takes_renorm", "!takes_renorm"), "TensorFlow", "no release"),
    ],
)
def test_releases_follow_from_traits_and_source(traits, source, expected):
    clause = Clause(id="BN-X-1", text="", formula="", traits=traits, source=source, cases="")
    assert releases_of(clause) == expected


def test_clause_holds_where_each_of_its_traits_does():
    clause = CLAUSES["BN-RENORM-3"]
    for release in RELEASES:
        has = behaviour(release)
        assert holds(clause, release) == (has.takes_renorm and not has.renorm_debiased)


def test_clauses_of_a_case_are_those_whose_patterns_match_it():
    assert [clause.id for clause in clauses_of("axis-bool")] == ["BN-AXIS-4", "BN-BUG-1"]
    assert clauses_of("no-such-case") == ()
