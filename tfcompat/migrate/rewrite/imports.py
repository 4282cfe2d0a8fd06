"""Which imports a rewritten file needs, and where they go."""

import dataclasses
from typing import List, Optional, Sequence, Tuple, Union

import libcst as cst

from tfcompat.migrate.rewrite.arguments import comments_of
from tfcompat.migrate.rewrite.names import REPLACEMENTS, TARGETS, Resolver, dotted

_ROOTS = ("tensorflow", "tf_slim", "tf_keras")


@dataclasses.dataclass(frozen=True)
class FromImport:
    """What becomes of `from ... import a, b`: names that stay, that tfcompat has, and that nobody needs any more."""

    node: cst.ImportFrom
    kept: Tuple[cst.ImportAlias, ...]
    taken: Tuple[cst.ImportAlias, ...]
    dropped: Tuple[cst.ImportAlias, ...]

    def statements(self, node: cst.ImportFrom) -> List[cst.BaseSmallStatement]:
        """The statements that replace it; none where nothing stays."""
        found: List[cst.BaseSmallStatement] = []
        if self.kept:
            found.append(node.with_changes(names=_ended_as(self.kept, node)))
        if self.taken and not self.kept:
            names = [_taken(alias) for alias in self.taken]
            found.append(node.with_changes(module=cst.Name("tfcompat"), names=_ended_as(names, node)))
        elif self.taken:
            bare = [_taken(alias).with_changes(comma=cst.MaybeSentinel.DEFAULT) for alias in self.taken]
            found.append(cst.ImportFrom(cst.Name("tfcompat"), bare))
        return found


def _ended_as(names: Sequence[cst.ImportAlias], node: cst.ImportFrom) -> List[cst.ImportAlias]:
    """Names, the last one followed by what followed the last one, or by its own comment."""
    if isinstance(node.names, cst.ImportStar) or comments_of(names[-1]):
        return list(names)
    return [*names[:-1], names[-1].with_changes(comma=node.names[-1].comma)]


def _taken(alias: cst.ImportAlias) -> cst.ImportAlias:
    """The alias with tfcompat's name, bound to the name that the file uses."""
    bound = alias.evaluated_alias or alias.evaluated_name
    ours = "BatchNormalization" if alias.evaluated_name.startswith("Batch") else "batch_normalization"
    if ours == bound or alias.asname is not None:
        return alias.with_changes(name=cst.Name(ours))
    asname = cst.AsName(cst.Name(bound), cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
    return alias.with_changes(name=cst.Name(ours), asname=asname)


def targets_of(node: cst.ImportFrom) -> List[Tuple[cst.ImportAlias, str]]:
    """The names that an import brings of those we know, each with its kind."""
    if isinstance(node.names, cst.ImportStar) or node.module is None or node.relative:
        return []
    start = (dotted(node.module) or "") + "."
    pairs = [(alias, TARGETS.get(start + alias.evaluated_name)) for alias in node.names]
    return [(alias, kind) for alias, kind in pairs if kind in REPLACEMENTS]


def existing_prefix(module: cst.Module) -> Optional[str]:
    """What the file already calls tfcompat, imported at its top."""
    for statement in module.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            for alias in small.names if isinstance(small, cst.Import) else ():
                if alias.evaluated_name == "tfcompat":
                    return alias.evaluated_alias or "tfcompat"
    return None


def free_prefix(resolver: Resolver) -> str:
    """A name for tfcompat that means nothing else anywhere in the file."""
    name = "tfcompat"
    while resolver.is_bound_otherwise(name):
        name += "_"
    return name


def import_of(prefix: str) -> cst.Import:
    """`import tfcompat`, under another name where that one is taken."""
    asname = cst.AsName(cst.Name(prefix), cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
    return cst.Import([cst.ImportAlias(cst.Name("tfcompat"), None if prefix == "tfcompat" else asname)])


@dataclasses.dataclass(frozen=True)
class Place:
    """A statement of the module that an import goes after, or before."""

    statement: cst.CSTNode
    after: bool


def place(module: cst.Module, first_use: int) -> Place:
    """Where `import tfcompat` goes: beside the imports of TensorFlow, before the statement that needs it first."""
    body = module.body
    start = next((i for i, one in enumerate(body) if not _comes_first(one, i)), len(body))
    tensorflow = [i for i, one in enumerate(body[:first_use]) if set(_imported(one)) & set(_ROOTS)]
    if tensorflow:
        return Place(body[_end_of_run(tensorflow)], after=True)
    run = [i for i, one in enumerate(body[:first_use]) if i >= start and _imported(one)]
    if run and run[0] == start:
        return Place(body[_end_of_run(run)], after=True)
    return Place(body[start], after=False)


def _end_of_run(indices: Sequence[int]) -> int:
    """The last of the numbers that follow the first one without a gap."""
    end = indices[0]
    while end + 1 in indices:
        end += 1
    return end


def _comes_first(statement: Union[cst.SimpleStatementLine, cst.BaseCompoundStatement], index: int) -> bool:
    """Whether it is the docstring of the module or an import of `__future__`."""
    if is_docstring(statement):
        return index == 0
    return _imported(statement) == ["__future__"]


def is_docstring(statement: cst.CSTNode) -> bool:
    """Whether a statement is a string."""
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    return isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))


def _imported(statement: cst.CSTNode) -> List[str]:
    """First parts of the modules that a line imports, if it does nothing else."""
    found: List[str] = []
    for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
        if isinstance(small, cst.Import):
            found += [alias.evaluated_name.split(".")[0] for alias in small.names]
        elif isinstance(small, cst.ImportFrom) and small.module is not None and not small.relative:
            found.append((dotted(small.module) or "").split(".")[0])
        else:
            return []
    return found
