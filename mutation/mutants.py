"""All mutants of a file: every change that an operator of mutmut or of cosmic-ray makes to it.

Left out is what no test of behaviour could see: annotations, docstrings, and the words of messages, which are the texts
inside of `raise` and the sentences of a `Trait`; and what Python does not compile, or warns of.
"""

import ast
import collections
import hashlib
import itertools
import warnings


class Mutant(collections.namedtuple("Mutant", "path id within lines before after source")):
    """One change of one file.

    Attributes:
      path: of the file, from the root of the project.
      id: the same as long as the changed lines and the function around them are.
      within: `Class.method` around the change, empty at the top of the module.
      lines: (first, last) line of the file that is changed.
      before, after: these lines, as they are and as they become.
      source: the whole file as it becomes.
    """

    __slots__ = ()

    def diff(self):
        """The change as lines with `-` and `+`."""
        signs = [("-", self.before), ("+", self.after)]
        return "\n".join("%s %s" % (sign, line) for sign, text in signs for line in text.splitlines())


def of_file(path, source):
    """The `Mutant`s of a file, from its top to its end.

    Raises:
      ImportError: mutmut or cosmic-ray is not installed.
    """
    found = []
    for before, statement, after in _statements(source):
        known = {_behaviour(statement), _NO_PYTHON}
        for changed in itertools.chain(_by_mutmut(statement), _by_cosmic_ray(statement)):
            behaviour = _behaviour(changed)
            if behaviour not in known:
                known.add(behaviour)
                found.append(_mutant(path, source, before + changed + after))
    return _numbered(sorted(found, key=lambda mutant: mutant.lines))


def _statements(source):
    """(what is before, the statement, what is after) for each statement of a module."""
    lines = source.splitlines(keepends=True)
    starts = [first_line(node) - 1 for node in ast.parse(source).body]
    for start, end in zip(starts, starts[1:] + [len(lines)]):
        yield tuple("".join(part) for part in (lines[:start], lines[start:end], lines[end:]))


def _by_mutmut(source):
    """What mutmut's operators make of a source."""
    import libcst
    from mutmut.mutation.mutators import mutation_operators

    module = libcst.parse_module(source)
    pairs = []

    class Visitor(libcst.CSTVisitor):
        def on_visit(self, node):
            for kind, operator in mutation_operators:
                if isinstance(node, kind):
                    pairs.extend((node, changed) for changed in operator(node))
            return not isinstance(node, libcst.Annotation)

    module.visit(Visitor())
    return (module.deep_replace(node, changed).code for node, changed in pairs)


def _by_cosmic_ray(source):
    """What cosmic-ray's operators make of a source."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.operators.provider import OperatorProvider

    provider = OperatorProvider()
    for name in provider:
        if provider[name].arguments():
            continue  # those that replace one variable by another, by random
        operator = provider[name]()
        places = [place for node in ast_nodes(get_ast(source)) for place in operator.mutation_positions(node)]
        for number, _ in enumerate(places):
            yield mutate_code(source, operator, number)


class _Words(ast.NodeTransformer):
    """Takes annotations, docstrings and the words of messages out of a tree."""

    def visit_Raise(self, node):
        return _without_texts(node)

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "Trait":
            node.args[-2:] = [_without_texts(sentence) for sentence in node.args[-2:]]
        return node

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        node.annotation = ast.Constant(None)
        return node

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.returns = None
        return _without_docstring(node)

    def visit_ClassDef(self, node):
        self.generic_visit(node)
        return _without_docstring(node)

    def visit_Module(self, node):
        self.generic_visit(node)
        return _without_docstring(node)


def _without_docstring(node):
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        node.body[0] = ast.Pass()
    return node


def _without_texts(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return tree


_NO_PYTHON = ""


def _behaviour(source):
    """What of a source is not words, comparable."""
    try:
        tree = ast.parse(source)
        with warnings.catch_warnings():
            warnings.simplefilter("error", SyntaxWarning)  # `is` beside a literal, which is `==` by another name
            compile(source, "mutant", "exec")
    except SyntaxError:
        return _NO_PYTHON
    return ast.dump(_Words().visit(tree))


def _mutant(path, source, changed):
    old, new = source.splitlines(), changed.splitlines()
    head = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, new)))
    limit = min(len(old), len(new)) - head
    ends = itertools.islice(zip(reversed(old), reversed(new)), limit)
    tail = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], ends))
    lines = head + 1, max(head + 1, len(old) - tail)
    before, after = ("\n".join(text[head : len(text) - tail]) for text in (old, new))
    return Mutant(path, "", around(source, lines[0]), lines, before, after, changed)


def _numbered(mutants):
    """The mutants with their ids; of equal changes at several places the number tells them apart."""
    seen, named = collections.Counter(), []
    for mutant in mutants:
        change = mutant.path, mutant.within, mutant.before, mutant.after
        seen[change] += 1
        digest = hashlib.sha256(repr(change + (seen[change],)).encode("utf-8")).hexdigest()[:12]
        named.append(mutant._replace(id=digest))
    return named


def around(source, line):
    """`Class.method` around a line, empty at the top of the module."""
    names, nodes = [], [ast.parse(source)]
    while nodes:
        inner = [node for node in ast.iter_child_nodes(nodes.pop()) if isinstance(node, ast.stmt)]
        for node in inner:
            if first_line(node) <= line <= node.end_lineno:
                names += [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else []
                nodes = [node]
    return ".".join(names)


def first_line(node):
    """The first line of a statement, with its decorators."""
    return min([node.lineno] + [decorator.lineno for decorator in getattr(node, "decorator_list", ())])
