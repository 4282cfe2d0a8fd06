"""The harness keeps to its floor: Python 3.6, NumPy, and TensorFlow in one module."""

import ast
import pathlib
import sys

import pytest

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden"
SCRIPTS = sorted(GOLDEN.parent.glob("scripts/*.py"))
#: Makes models, no recordings, with TensorFlow 1 itself.
MODELS = GOLDEN.parent / "scripts" / "make_legacy_models.py"
SOURCES = sorted(GOLDEN.rglob("*.py")) + [path for path in SCRIPTS if path != MODELS]
STDLIB_ONLY_SINCE_3_6 = {"dataclasses", "contextvars", "zoneinfo", "graphlib", "tomllib"}


def parse(path):
    floor = {"feature_version": (3, 6)} if sys.version_info >= (3, 8) else {}
    return ast.parse(path.read_text(encoding="utf-8"), **floor)


def imported(path):
    """Top-level names of all modules that a file imports, inside functions too."""
    names = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split(".")[0])
    return names


def names_that_the_floor_has(path):
    names = imported(path)
    assert not names & STDLIB_ONLY_SINCE_3_6 and "__future__" not in names
    assert "tfcompat" not in names
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_keeps_to_the_floor(path):
    names = names_that_the_floor_has(path)
    assert "tensorflow" not in names or path.relative_to(GOLDEN).as_posix() == "runner/host.py"


def test_legacy_models_are_made_by_tensorflow_and_not_by_tfcompat():
    assert "tensorflow" in names_that_the_floor_has(MODELS)
