"""Which trials run which lines: found once by running all of them on the unchanged code, and kept."""

import ast
import collections
import functools
import glob
import hashlib
import itertools
import json
import os
import re

from golden import pins
from golden.files import write_atomically
from mutation import places
from mutation.mutants import first_line
from mutation.protocol import Request, Trial

#: A trial that passes on the unchanged code. lines: path -> bits of the lines that it runs.
Known = collections.namedtuple("Known", "trial seconds lines")

#: What finds a change: trials that run some lines, path -> bits, and tests in files that name what is defined.
Watched = collections.namedtuple("Watched", "lines names")

#: The longest that a trial may take to be worth trying.
_SECONDS = 20.0

_PATIENCE = 300.0


class Reach:
    """What every trial runs.

    Args:
      folder: where what was found is kept.
      paths: the files that are changed.

    Attributes:
      left_out: place -> (trial, reason) of those that do not pass on the unchanged code, or take too long.
    """

    def __init__(self, folder, paths):
        self._folder, self._paths = folder, paths
        self._known, self.left_out = {}, {}

    def find(self, place, ask):
        """Runs all trials of a place, unless that was done before with the same files.

        Args:
          ask: sends a `Request` to a forker.
        """
        trials = places.cases_of(place) if place.kind == "cases" else []
        path = os.path.join(self._folder, "reach-%s.json" % _digest(place, trials))
        if not os.path.exists(path):
            answer = ask(Request(place, trials, {}, self._paths, _PATIENCE))
            if answer.ending != "end":
                raise RuntimeError("the unchanged code ends %s with a %s" % (place, answer.ending))
            write_atomically(path, json.dumps([_as_json(seen) for seen in answer.seen]).encode("utf-8"))
        with open(path) as source:
            self._take(place, json.load(source))

    def _take(self, place, rows):
        self._known[place], self.left_out[place] = [], []
        for row in rows:
            trial, reason = Trial(*row["trial"]), row["failure"]
            if reason is None and row["seconds"] > _SECONDS:
                reason = "takes %.0f s" % row["seconds"]
            if reason is not None:
                self.left_out[place].append((trial, reason))
                continue
            lines = {path: int(bits, 16) for path, bits in row["lines"].items()}
            self._known[place].append(Known(trial, row["seconds"], lines))

    def running(self, place, watched):
        """The `Known` trials of a place that run what is `Watched`."""
        return [known for known in self._known[place] if _runs(known, watched)]


def _runs(known, watched):
    """Whether a trial runs one of the lines, or is in a file that names what is defined."""
    if any(known.lines.get(path, 0) & bits for path, bits in watched.lines.items()):
        return True
    return "::" in known.trial.id and bool(watched.names & _words(known.trial.id.split("::")[0]))


@functools.lru_cache(maxsize=None)
def _words(path):
    """The names in a file of the project."""
    with open(os.path.join(pins.ROOT, path), encoding="utf-8") as source:
        return frozenset(re.findall(r"\w+", source.read()))


def _as_json(seen):
    lines = {path: "%x" % bits for path, bits in seen.lines.items()}
    return {"trial": seen.trial, "seconds": round(seen.seconds, 4), "failure": seen.failure, "lines": lines}


def _digest(place, trials):
    """Hash of all that decides what the trials of a place run."""
    patterns = ["tfcompat/**/*.py"]
    patterns += ["golden/runner/*.py", "golden/catalogue/*.json"] if place.kind == "cases" else []
    patterns += ["tests/conftest.py"] + [path if path.endswith(".py") else path + "/*.py" for path in place.paths]
    digest = hashlib.sha256(repr((place, trials)).encode("utf-8"))
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(pins.ROOT, pattern), recursive=True)):
            with open(path, "rb") as source:
                digest.update(source.read())
    return digest.hexdigest()[:16]


def watched(mutant, sources):
    """What is `Watched` for a mutant.

    Inside of a function that is the statement, or its head. What runs on import is used by others: by the lines that
    name what it defines, or by all of its file.

    Args:
      sources: path -> text of all files that are changed.
    """
    chain = _chain(ast.parse(sources[mutant.path]), *mutant.lines)
    statement = chain[-1] if chain else None
    functions = [node for node in chain if isinstance(node, ast.FunctionDef)]
    if functions and functions[0] is not statement:
        return Watched({mutant.path: _bits(first_line(statement), _end_of_head(statement))}, frozenset())
    if functions:
        return Watched({mutant.path: _bits(statement.body[0].lineno, statement.end_lineno)}, frozenset())
    names = _names(statement)
    users = {path: _users(ast.parse(text), names) for path, text in sources.items()}
    whole = {mutant.path: _bits(1, len(sources[mutant.path].splitlines()))}
    return Watched(users if any(users.values()) else whole, names)


def _chain(tree, first, last):
    """The statements around some lines, outermost first."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    around = [node for node in statements if first_line(node) <= first and last <= node.end_lineno]
    return sorted(around, key=lambda node: first_line(node) - node.end_lineno)


def _end_of_head(statement):
    """The last line of a statement before its body."""
    body = getattr(statement, "body", None)
    return max(statement.lineno, body[0].lineno - 1) if body else statement.end_lineno


def _bits(first, last):
    return sum(1 << line for line in range(first, last + 1))


def _names(statement):
    """The names that a statement defines."""
    if isinstance(statement, ast.ClassDef):
        return frozenset([statement.name])
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return frozenset(name for target in targets if target is not None for name in _named(target))


def _named(node):
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


def _users(tree, names):
    """Bits of the lines of functions that name something."""
    bits = 0
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for node in itertools.chain.from_iterable(ast.walk(statement) for statement in function.body):
            if getattr(node, "id", getattr(node, "attr", None)) in names:
                bits |= 1 << node.lineno
    return bits
