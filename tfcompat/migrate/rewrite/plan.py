"""What is to be done in a file, decided before anything is changed."""

import dataclasses
from typing import Dict, List, Mapping, Optional, Tuple

import libcst as cst
from libcst.metadata import CodeRange

from tfcompat.migrate.rewrite.calls import Rewrite
from tfcompat.migrate.rewrite.imports import FromImport, Place
from tfcompat.migrate.rewrite.names import dotted
from tfcompat.migrate.rewrite.report import Remark, Site


@dataclasses.dataclass
class Plan:
    """Nodes of the file as it is, and what becomes of each.

    `calls` and `references` are rewritten by expression, `imports` by statement; `added` says where `import tfcompat`
    goes, None where it is there or not needed, and `carrier` is the import that it replaces, if any.
    """

    prefix: str
    calls: Dict[cst.CSTNode, Rewrite] = dataclasses.field(default_factory=dict)
    references: Dict[cst.CSTNode, str] = dataclasses.field(default_factory=dict)
    imports: Dict[cst.CSTNode, FromImport] = dataclasses.field(default_factory=dict)
    added: Optional[Place] = None
    carrier: Optional[cst.ImportFrom] = None
    sites: List[Site] = dataclasses.field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether the file becomes another one."""
        return bool(self.calls or self.references or self.imports)


class Surroundings:
    """Where a node is: its position, its parents, the block and the statement of the module that it is in."""

    def __init__(
        self, module: cst.Module, parents: Mapping[cst.CSTNode, cst.CSTNode], positions: Mapping[cst.CSTNode, CodeRange]
    ) -> None:
        self._parents, self._positions = parents, positions
        self._top: Dict[cst.CSTNode, int] = {statement: index for index, statement in enumerate(module.body)}

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """The node that a node is written in."""
        return self._parents[node]

    def position(self, node: cst.CSTNode) -> Tuple[int, int]:
        """Line and column, from 1."""
        start = self._positions[node].start
        return start.line, start.column + 1

    def top(self, node: cst.CSTNode) -> int:
        """The number of the module's statement that a node is in."""
        while node not in self._top:
            node = self._parents[node]
        return self._top[node]

    def block(self, node: cst.CSTNode) -> Tuple[cst.CSTNode, bool]:
        """The function, class, variable scope or module that a node is in, and whether a loop in there repeats it."""
        repeated = False
        while True:
            node = self._parents[node]
            if isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef, cst.Module)) or _opens_scope(node):
                return node, repeated
            repeated = repeated or isinstance(node, (cst.For, cst.While, cst.BaseComp))

    def usage(self, node: cst.CSTNode) -> str:
        """How a name is used that is not called, for a sentence."""
        parent = self._parents[node]
        if isinstance(parent, cst.Arg):
            return "given as {}".format(parent.keyword.value) if parent.keyword else "an argument"
        if isinstance(parent, (cst.Assign, cst.AnnAssign, cst.AssignTarget)):
            return "assigned"
        return "named"

    def called(self, node: cst.CSTNode) -> Optional[str]:
        """The last part of the name of the function that a node is an argument of."""
        parent = self._parents[node]
        call = self._parents[parent] if isinstance(parent, cst.Arg) else None
        return (dotted(call.func) or "").split(".")[-1] if isinstance(call, cst.Call) else None

    def site(self, node: cst.CSTNode, source: str, target: Optional[str], *remarks: Remark) -> Site:
        """A record of what becomes of a node."""
        line, column = self.position(node)
        return Site(line, column, source, target, remarks)


def _opens_scope(node: cst.CSTNode) -> bool:
    """Whether it is `with tf.variable_scope(...)`; other contexts let names collide."""
    calls = [item.item for item in node.items] if isinstance(node, cst.With) else []
    names = [dotted(call.func) or "" for call in calls if isinstance(call, cst.Call)]
    return any(name.split(".")[-1] == "variable_scope" for name in names)
