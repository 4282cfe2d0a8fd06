"""What an expression in a source file refers to, by LibCST's scopes."""

import dataclasses
from typing import Dict, FrozenSet, List, Mapping, Optional, Set, Tuple, Union

import libcst as cst
from libcst.metadata import Assignment, QualifiedNameSource, Scope

#: Where `batch_normalization` and `BatchNormalization` of tf.layers are found.
LAYERS = (
    "tensorflow.layers",
    "tensorflow.compat.v1.layers",
    "tensorflow.python.layers.layers",
    "tensorflow.python.layers.normalization",
    "tensorflow.python.keras.legacy_tf_layers.normalization",
    "tensorflow.keras.__internal__.legacy.layers",
    "tensorflow.compat.v1.keras.__internal__.legacy.layers",
    "tf_keras.__internal__.legacy.layers",
    "keras.legacy_tf_layers.normalization",
)

#: Where `batch_norm` of contrib is found. `compat.v1` has no contrib, but code halfway to TensorFlow 2 says so.
CONTRIB = (
    "tensorflow.contrib.layers",
    "tensorflow.contrib.layers.python.layers",
    "tensorflow.contrib.layers.python.layers.layers",
    "tensorflow.contrib.slim",
    "tensorflow.compat.v1.contrib.layers",
    "tensorflow.compat.v1.contrib.slim",
    "tf_slim",
    "tf_slim.layers",
    "tf_slim.layers.layers",
)

HOMES = frozenset(LAYERS + CONTRIB)

#: Full name -> kind: `function` and `class` of tf.layers, `contrib`.
TARGETS: Dict[str, str] = {
    **{home + ".batch_normalization": "function" for home in LAYERS},
    **{home + ".BatchNormalization": "class" for home in LAYERS},
    **{home + ".batch_norm": "contrib" for home in CONTRIB},
    "tensorflow.python.layers.normalization.batch_norm": "function",
    "tensorflow.python.layers.normalization.BatchNorm": "class",
}

UPDATE_OPS = frozenset(start + ".GraphKeys.UPDATE_OPS" for start in ("tensorflow", "tensorflow.compat.v1"))

#: Kind -> the name in tfcompat that stands for it.
REPLACEMENTS = {"function": "batch_normalization", "class": "BatchNormalization", "contrib": "batch_normalization"}

_LAST = frozenset(name.rsplit(".", 1)[1] for name in [*TARGETS, *UPDATE_OPS]) | {home.split(".")[-1] for home in HOMES}

Reference = Union[cst.Name, cst.Attribute]


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What an expression is: a kind of `TARGETS`, None if it is none of them, and all the names it may have."""

    kind: Optional[str]
    names: FrozenSet[str]
    sure: bool


NOTHING = Meaning(None, frozenset(), True)


class Resolver:
    """Finds what names and dotted names mean, also through assignments such as `slim = tf.contrib.slim`."""

    def __init__(self, module: cst.Module, scopes: Mapping[cst.CSTNode, Optional[Scope]]) -> None:
        self._scopes = scopes
        self._aliases: Dict[str, List[Reference]] = {}
        self._usable: Set[str] = set()
        collected = _Bindings()
        module.visit(collected)
        self._interesting = collected.imported | {target.value for target, _ in collected.assigned}
        self.star_imports = tuple(collected.star_imports)
        for target, value in collected.assigned:
            for name in self._local_names(target):
                self._aliases.setdefault(name, []).append(value)
        self._usable = {name for target, _ in collected.assigned for name in self._sole(target)}

    def meaning(self, node: cst.BaseExpression) -> Meaning:
        """What an expression refers to; `sure` is False where another meaning is possible."""
        names = self.names(node)
        kinds = {TARGETS.get(name) for name in names}
        kind = next(iter(kinds - {None}), None)
        return Meaning(kind, frozenset(names), len(kinds) <= 1)

    def names(self, node: cst.BaseExpression) -> Set[str]:
        """Full names of what an expression may refer to; what the file itself defines begins with `<file>`."""
        if isinstance(node, cst.Attribute):
            return self._names(node, frozenset()) if node.attr.value in _LAST else set()
        if isinstance(node, cst.Name) and node.value in self._interesting:
            return self._names(node, frozenset())
        return set()

    def from_star(self, node: cst.BaseExpression) -> Optional[str]:
        """The target that an unbound name may be, through an import of `*`."""
        text, scope = dotted(node), self._scopes.get(node)
        if not self.star_imports or text is None or scope is None or scope[text.split(".")[0]]:
            return None
        return next((star + "." + text for star in self.star_imports if star + "." + text in TARGETS), None)

    def is_alias(self, target: cst.BaseExpression) -> bool:
        """Whether uses of an assigned name are followed to what it was assigned."""
        return isinstance(target, cst.Name) and bool(self._local_names(target) & self._usable)

    def is_bound_otherwise(self, name: str) -> bool:
        """Whether any scope binds a name to anything but the module of that name."""
        for scope in {scope for scope in self._scopes.values() if scope is not None}:
            for binding in scope.assignments[name]:
                full = {found.name for found in binding.get_qualified_names_for(name)}
                if isinstance(binding, Assignment) or full != {name}:
                    return True
        return False

    def _names(self, node: cst.BaseExpression, passed: FrozenSet[str]) -> Set[str]:
        scope, names = self._scopes.get(node), set()
        for found in scope.get_qualified_names_for(node) if scope else ():
            if found.source is QualifiedNameSource.IMPORT:
                names.add(found.name)
            elif found.source is QualifiedNameSource.LOCAL:
                names |= self._followed(found.name, passed)
        return names

    def _followed(self, local: str, passed: FrozenSet[str]) -> Set[str]:
        parts = local.split(".")
        for end in range(len(parts), 0, -1):
            start = ".".join(parts[:end])
            if start in self._usable and start not in passed:
                return {
                    ".".join([name, *parts[end:]])
                    for value in self._aliases[start]
                    for name in self._names(value, passed | {start}) or {"<file>.{}".format(dotted(value))}
                }
        return {"<file>." + local}

    def _local_names(self, target: cst.Name) -> Set[str]:
        scope = self._scopes.get(target)
        found = scope.get_qualified_names_for(target) if scope else ()
        return {name.name for name in found if name.source is QualifiedNameSource.LOCAL}

    def _sole(self, target: cst.Name) -> Set[str]:
        """The names of a target that nothing but such assignments, and imports, bind."""
        scope = self._scopes.get(target)
        bindings = scope[target.value] if scope else set()
        others = [binding for binding in bindings if type(binding) is Assignment]
        return {name for name in self._local_names(target) if len(others) == len(self._aliases[name])}


class _Bindings(cst.CSTVisitor):
    """Collects what a file imports, and assignments of a name or dotted name to a name."""

    def __init__(self) -> None:
        self.imported: Set[str] = set()
        self.star_imports: List[str] = []
        self.assigned: List[Tuple[cst.Name, Reference]] = []

    def visit_ImportAlias(self, node: cst.ImportAlias) -> None:  # noqa: N802 -- LibCST's name
        self.imported.add(node.evaluated_alias or node.evaluated_name.split(".")[0])

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802
        if isinstance(node.names, cst.ImportStar) and node.module is not None and not node.relative:
            self.star_imports.append(dotted(node.module) or "")

    def visit_Assign(self, node: cst.Assign) -> None:  # noqa: N802
        if len(node.targets) == 1:
            self._add(node.targets[0].target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:  # noqa: N802
        self._add(node.target, node.value)

    def _add(self, target: cst.BaseExpression, value: Optional[cst.BaseExpression]) -> None:
        if isinstance(target, cst.Name) and isinstance(value, (cst.Name, cst.Attribute)) and dotted(value):
            self.assigned.append((target, value))


def dotted(node: cst.CSTNode) -> Optional[str]:
    """`a.b.c` of an expression that is nothing else, else None."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        start = dotted(node.value)
        return None if start is None else start + "." + node.attr.value
    return None
