"""Mutants are what the operators of two libraries make of a file, less what no test could see."""

import textwrap

import pytest

from mutation import mutants

pytest.importorskip("mutmut", reason="the extra `mutation` is not installed")
pytest.importorskip("cosmic_ray", reason="the extra `mutation` is not installed")

SOURCE = textwrap.dedent(
    '''
    """Doc."""

    LIMIT: int = 3


    class Box:
        """Doc."""

        def size(self, wanted: int) -> int:
            """Doc."""
            if wanted:
                return wanted + LIMIT
            raise ValueError("wanted is {}".format(wanted))
    '''
)


@pytest.fixture(scope="module")
def made():
    return mutants.of_file("box.py", SOURCE)


def afters(made):
    return {mutant.after.strip() for mutant in made}


@pytest.mark.parametrize(
    "after",
    [
        "LIMIT: int = 4",
        "LIMIT: int = None",
        "if not wanted:",
        "return wanted - LIMIT",
        "return wanted // LIMIT",
        'raise ValueError("wanted is {}".format(None))',
    ],
)
def test_operators_of_both_libraries_are_used(after, made):
    assert after in afters(made)


def test_words_and_annotations_are_left_alone(made):
    assert not [after for after in afters(made) if "XX" in after or "WANTED" in after or "Doc" in after]
    assert all("def size(self, wanted: int) -> int:" in mutant.source for mutant in made)


def test_every_mutant_is_another_program_that_python_compiles(made):
    assert len({mutant.source for mutant in made}) == len(made) and SOURCE not in {mutant.source for mutant in made}
    for mutant in made:
        compile(mutant.source, "mutant", "exec")


def test_mutant_knows_where_it_is(made):
    mutant = next(mutant for mutant in made if mutant.after.strip() == "return wanted - LIMIT")
    assert (mutant.path, mutant.within, mutant.lines) == ("box.py", "Box.size", (13, 13))
    assert mutant.diff() == "-             return wanted + LIMIT\n+             return wanted - LIMIT"


def test_id_stays_while_other_lines_change(made):
    moved = mutants.of_file("box.py", SOURCE.replace("LIMIT: int = 3\n", "LIMIT: int = 3\nOTHER = LIMIT\n"))
    assert {mutant.id for mutant in made} < {mutant.id for mutant in moved}
    assert len({mutant.id for mutant in moved}) == len(moved)


def test_comparison_by_identity_with_a_literal_is_not_made():
    made = mutants.of_file("same.py", 'def same(kind):\n    return kind == "x"\n')
    assert 'return kind != "x"' in afters(made) and 'return kind is "x"' not in afters(made)
