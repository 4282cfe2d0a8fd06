"""Modules of files that are changed, or that tell which of their lines run."""

import ast
import collections
import importlib.abc
import importlib.machinery
import importlib.util
import os

from golden import pins


class Trace:
    """Collects the lines of some files that run, as bits of an int, by file.

    The statements of functions tell it themselves: a tracer of the interpreter is called in all of TensorFlow as well.

    Args:
      paths: of the files, from the root of the project.
    """

    #: Name by which the statements of a module know where to tell.
    NAME = "_lines_that_ran"

    def __init__(self, paths):
        self.lines = {path: set() for path in paths}
        self._elsewhere = collections.Counter()

    def take(self):
        """What was collected since the last time."""
        taken = self._elsewhere
        self._elsewhere = collections.Counter()
        for path, lines in self.lines.items():
            taken[path] |= sum(1 << line for line in lines)
            lines.clear()
        return {path: bits for path, bits in taken.items() if bits}

    def add(self, taken):
        """Takes what was collected in another process."""
        for path, bits in taken.items():
            self._elsewhere[path] |= bits


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of changed files, with the source that they have now, and of traced ones.

    Args:
      changed: path -> source.
      trace: a `Trace`.
    """

    def __init__(self, changed, trace):
        self._changed, self._trace = changed, trace
        self._paths = {_module_name(path): path for path in list(changed) + list(trace.lines)}

    def find_spec(self, name, path=None, target=None):
        """The spec of a module, None for those of other files."""
        if name not in self._paths:
            return None
        file = os.path.join(pins.ROOT, self._paths[name])
        text = self._changed.get(self._paths[name])
        loader = _Loader(name, file, text, self._trace.lines.get(self._paths[name]))
        return importlib.util.spec_from_file_location(name, file, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads another text than the file has, or one whose statements tell that they run."""

    def __init__(self, name, file, text, ran):
        super().__init__(name, file)
        self._text, self._ran = text, ran

    def get_code(self, fullname):
        tree = ast.parse(self.get_source(fullname))
        if self._ran is not None:
            tree = _telling(tree)
        return compile(tree, self.path, "exec", dont_inherit=True)

    def get_source(self, fullname):
        return super().get_source(fullname) if self._text is None else self._text

    def exec_module(self, module):
        setattr(module, Trace.NAME, self._ran)
        super().exec_module(module)


def _telling(tree):
    """The tree with `_lines_that_ran.add(LINE)` before every statement of a function."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {id(node): node for function in functions for node in ast.walk(function)}
    for node in inside.values():
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                setattr(node, block, [new for old in statements for new in (_tells(old.lineno), old)])
    return ast.fix_missing_locations(tree)


def _tells(line):
    return ast.parse("%s.add(%d)" % (Trace.NAME, line)).body[0]


def _module_name(path):
    """`tfcompat.kernels` of `tfcompat/kernels/__init__.py`."""
    parts = path[: -len(".py")].split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
