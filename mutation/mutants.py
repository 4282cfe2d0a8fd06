"""The mutants of a file: every small change that mutmut's operators make, in functions with decorators as well."""

import ast
import collections
import functools
import glob
import hashlib
import os

import libcst
from libcst import metadata
from mutmut.mutation import file_mutation, mutators, pragma_handling

from golden import pins

#: What is mutated.
TARGETS = ("tfcompat/backend", "tfcompat/releases.py", "tfcompat/config.py", "tfcompat/plan.py", "tfcompat/kernels")

#: A changed source. id: the same wherever the lines move to; function: dotted, empty outside of functions; line: of the
#: statement that is changed, 0 outside of functions; before, after: the changed lines; start, end, text: the change.
Mutant = collections.namedtuple("Mutant", "id path function line before after start end text")


def files(targets=TARGETS):
    """Paths of the files that are mutated, from the root of the project."""
    found = []
    for target in targets:
        inside = sorted(glob.glob(os.path.join(pins.ROOT, target, "*.py")))
        found += [os.path.relpath(path, pins.ROOT) for path in inside] or [target]
    return found


def source_of(path):
    """The text of a file."""
    with open(os.path.join(pins.ROOT, path), encoding="utf-8") as source:
        return source.read()


def source_with(mutant, source=None):
    """The text of the file with the change."""
    source = source_of(mutant.path) if source is None else source
    return source[: mutant.start] + mutant.text + source[mutant.end :]


@functools.lru_cache(maxsize=None)
def of_file(path):
    """The `Mutant`s of a file, in order."""
    return of_source(path, source_of(path))


def of_source(path, source):
    """The `Mutant`s of a text, in order; changes that give one text are one."""
    places = _Places(source)
    found, seen, repeated = [], {source}, collections.Counter()
    for start, end, text in _changes(source):
        changed = source[:start] + text + source[end:]
        if changed in seen or not _compiles(changed):
            continue
        seen.add(changed)
        function, line = places.at(start)
        before, after = _lines(source, start, end), _lines(changed, start, start + len(text))
        key = (path, function, before, after)
        repeated[key] += 1
        name = hashlib.sha256(repr(key + (repeated[key],)).encode()).hexdigest()[:10]
        found.append(Mutant(name, path, function, line, before, after, start, end, text))
    return tuple(found)


class _Visitor(file_mutation.MutationVisitor):
    """mutmut's own, which leaves functions with decorators out because of how it calls mutants."""

    def _skip_node_and_children(self, node):
        if isinstance(node, libcst.FunctionDef):
            return False
        return super()._skip_node_and_children(node)


def _changes(source):
    """(start, end, text) of every change of a text, in the order of the text."""
    wrapper = metadata.MetadataWrapper(libcst.parse_module(source))
    visitor = _Visitor(mutators.mutation_operators, pragma_handling.IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    ranges = wrapper.resolve(metadata.WhitespaceInclusivePositionProvider)
    starts = _starts(source)
    for mutation in visitor.mutations:
        where = ranges[mutation.original_node]
        start = starts[where.start.line - 1] + where.start.column
        end = starts[where.end.line - 1] + where.end.column
        if source[start:end] == module.code_for_node(mutation.original_node):
            yield start, end, module.code_for_node(mutation.mutated_node)
        else:
            changed = module.deep_replace(mutation.original_node, mutation.mutated_node).code
            yield _difference(source, changed)


def _difference(before, after):
    """(start, end, text) that makes one text of another."""
    start = _in_common(before, after)
    same = _in_common(before[start:][::-1], after[start:][::-1])
    return start, len(before) - same, after[start : len(after) - same]


def _in_common(one, other):
    """How many characters two texts have in common at their start."""
    return next((index for index, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def _starts(source):
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _lines(source, start, end):
    """The lines of a text that a range touches, without the space around them."""
    first, last = source.rfind("\n", 0, start) + 1, source.find("\n", end)
    return "\n".join(line.strip() for line in source[first:last].split("\n")).strip()


def _compiles(source):
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


class _Places:
    """Says in which function and statement of a text a position is."""

    def __init__(self, source):
        self._starts = _starts(source)
        self._functions, self._statements = [], []
        self._walk(ast.parse(source), "", False)

    def at(self, position):
        """(dotted name of the function, line of its innermost statement); the line is 0 outside of functions."""
        function = max((one for one in self._functions if one[0] <= position < one[1]), default=(0, 0, ""))
        statement = max((one for one in self._statements if one[0] <= position < one[1]), default=(0, 0, 0))
        return function[2], statement[2]

    def _walk(self, node, name, inside):
        for child in ast.iter_child_nodes(node):
            called = name
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                called = (name + "." if name else "") + child.name
                self._functions.append(self._range(child) + (called,))
            if isinstance(child, ast.stmt) and inside:
                self._statements.append(self._range(child) + (child.lineno,))
            self._walk(child, called, inside or isinstance(child, ast.FunctionDef))

    def _range(self, node):
        first = min([node.lineno] + [one.lineno for one in getattr(node, "decorator_list", ())])
        start = self._starts[first - 1] + (node.col_offset if first == node.lineno else 0)
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset
