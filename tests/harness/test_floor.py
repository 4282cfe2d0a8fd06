"""The harness keeps to its floor: Python 3.6, NumPy, and TensorFlow in one module."""

import ast
import pathlib
import sys

import pytest

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden"
SOURCES = sorted(GOLDEN.rglob("*.py")) + sorted(GOLDEN.parent.glob("scripts/*.py"))
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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_keeps_to_the_floor(path):
    names = imported(path)
    assert not names & STDLIB_ONLY_SINCE_3_6 and "__future__" not in names
    assert "tfcompat" not in names
    assert "tensorflow" not in names or path.relative_to(GOLDEN).as_posix() == "runner/host.py"
