"""Mutants are small changes that compile, each once, and keep their names when code around them moves."""

import pytest

pytest.importorskip("mutmut", reason="mutants are made with mutmut, from Python 3.10 on")

from mutation import mutants

TOY = '''"""A toy."""

LIMIT = 3


def cut(value, most=LIMIT):
    """At most so much."""
    if value > most:
        return most
    return value


class Box:
    @property
    def size(self):
        return (
            self.width * 2
        )
'''


def made(source):
    return mutants.of_source("toy.py", source)


def test_mutant_says_where_it_is_and_what_it_changes():
    (mutant,) = [one for one in made(TOY) if one.before == "if value > most:"]
    assert (mutant.path, mutant.function, mutant.line) == ("toy.py", "cut", 8)
    assert mutant.after == "if value >= most:"
    assert mutants.source_with(mutant, TOY) == TOY.replace("value > most", "value >= most")


def test_functions_with_decorators_have_mutants():
    changes = {(one.before, one.after, one.line) for one in made(TOY) if one.function == "Box.size"}
    assert changes == {("self.width * 2", "self.width / 2", 16), ("self.width * 2", "self.width * 3", 16)}


def test_code_outside_of_functions_has_mutants():
    changes = {(one.before, one.after) for one in made(TOY) if not one.line}
    assert changes == {("LIMIT = 3", "LIMIT = None"), ("LIMIT = 3", "LIMIT = 4")}


def test_every_mutant_compiles_and_is_there_once():
    texts = [mutants.source_with(one, TOY) for one in made(TOY)]
    assert len(texts) == len(set(texts) - {TOY}) == 5
    for text in texts:
        compile(text, "toy.py", "exec")


def test_name_of_a_mutant_stays_when_lines_move_and_goes_when_the_line_changes():
    names = [one.id for one in made(TOY)]
    assert [one.id for one in made(TOY.replace("LIMIT = 3", "\n\n\nLIMIT = 3"))] == names
    others = [one.id for one in made(TOY.replace("value", "number"))]
    assert len(set(names) - set(others)) == 1


def test_same_change_of_two_equal_lines_is_two_mutants():
    twice = "def f(a):\n    a += 1\n    a += 1\n"
    found = made(twice)
    assert len({one.id for one in found}) == len(found) == 6


def test_files_are_those_that_compute():
    assert {"tfcompat/plan.py", "tfcompat/kernels/fused.py", "tfcompat/backend/ops.py"} <= set(mutants.files())
    assert "tfcompat/layers.py" not in mutants.files()
