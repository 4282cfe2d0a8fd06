"""A GraphDef as a flat, indexed view: every function that it calls is laid out in it (see `flatten`)."""

from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

from tfcompat.migrate.auditing.flatten import Node, Ref, flatten

#: What gives on the value of its first input: as it is, or in another shape, dtype or place.
_SAME = ("Identity", "ReadVariableOp", "Switch", "RefSwitch", "Enter", "RefEnter", "RefIdentity", "Snapshot")
_CHANGED = ("Reshape", "Squeeze", "ExpandDims", "Cast", "StopGradient", "BroadcastTo")
_GATES = ("Switch", "RefSwitch")
_LOOPS = ("Enter", "RefEnter")
VARIABLES = ("VariableV2", "Variable", "VarHandleOp", "AutoReloadVariable")


class Source(NamedTuple):
    """Where a value comes from.

    Attributes:
      ref: the output of the node that made it.
      gates: on the way, last one first: the predicate of a conditional, and in which branch of it the value is.
      looped: whether it enters a while loop on the way.
      shape: the shape of the last constant reshape on the way.
    """

    ref: Ref
    gates: Tuple[Tuple[Ref, bool], ...]
    looped: bool
    shape: Optional[Tuple[int, ...]]


class Graph:
    """The nodes of a GraphDef by name, in both directions."""

    def __init__(self, definition: Any):
        self.nodes: Dict[str, Node] = flatten(definition)
        self._consumers: Optional[Dict[str, List[Node]]] = None
        self._following: Optional[Dict[str, List[str]]] = None

    def node(self, ref: Ref) -> Optional[Node]:
        """The node of an output; None where the graph was cut off before it."""
        return self.nodes.get(ref.name)

    def of(self, *operations: str) -> Iterator[Node]:
        """The nodes of these operations, in the order of the graph."""
        return (node for node in self.nodes.values() if node.op in operations)

    def consumers(self, name: str) -> List[Node]:
        """The nodes that take an output of this one as data."""
        if self._consumers is None:
            self._consumers = {}
            for node in self.nodes.values():
                for source in {ref.name for ref in node.inputs}:
                    self._consumers.setdefault(source, []).append(node)
        return self._consumers.get(name, [])

    def step(self, ref: Ref, changed: bool = True) -> Optional[Ref]:
        """One step back from an output to the input that it gives on; None at what computes, holds or chooses."""
        node = self.node(ref)
        if node is None or not node.inputs:
            return None
        if node.op == "IdentityN":
            return node.inputs[ref.port] if ref.port < len(node.inputs) else None
        if node.op in _SAME or (changed and node.op in _CHANGED) or (len(node.inputs) == 1 and node.op == "Merge"):
            return node.inputs[0]
        parts = node.op in ("ConcatV2", "Concat") and "/ConcatPartitions/" in node.name
        return node.inputs[node.op == "Concat"] if parts else None

    def source(self, ref: Ref, changed: bool = True) -> Source:
        """Walks back to what made a value; in a cycle, which only a damaged graph has, to where it began.

        Args:
          changed: whether to walk through what gives it another shape or dtype.
        """
        gates: List[Tuple[Ref, bool]] = []
        looped, shape = False, None
        here: Optional[Ref] = ref
        seen: Set[Ref] = set()
        while here is not None and here not in seen:
            seen.add(here)
            ref, node = here, self.node(here)
            if node is not None and node.op in _GATES:
                gates.append((node.inputs[1], ref.port == 1))
            if node is not None and node.op == "Reshape" and shape is None:
                shape = self.shape_argument(node.inputs[1])
            looped = looped or (node is not None and node.op in _LOOPS)
            here = self.step(ref, changed)
        return Source(ref, tuple(gates), looped, shape)

    def made_by(self, ref: Ref) -> Optional[Node]:
        """The node at the source of a value."""
        return self.node(self.source(ref).ref)

    def constant(self, ref: Ref) -> Any:
        """The array of a constant, None where the value is computed or held by a variable."""
        from tfcompat.backend import protos

        node = self.made_by(ref)
        return protos.array(node.attr["value"].tensor) if node is not None and node.op == "Const" else None

    def scalar(self, ref: Ref) -> Any:
        """The constant scalar with its dtype, None where it is none."""
        value = self.constant(ref)
        return None if value is None or value.shape else value[()]

    def shape_argument(self, ref: Ref) -> Optional[Tuple[int, ...]]:
        """A shape that is an input: -1 where a size is not constant, None where the rank is not."""
        value = self.constant(ref)
        if value is not None:
            return tuple(int(size) for size in value.ravel())
        node = self.made_by(ref)
        if node is None or node.op != "Pack":
            return None
        sizes = [self.scalar(each) for each in node.inputs]
        return tuple(-1 if size is None else int(size) for size in sizes)

    def leading_sizes(self, ref: Ref) -> Tuple[int, ...]:
        """The first sizes of a shape that is an input, as far as they are constants; -1 where one of them is not."""
        node = self.made_by(ref)
        whole = self.shape_argument(ref)
        if whole is None and node is not None and node.op == "ConcatV2":
            whole = self.shape_argument(node.inputs[0])
        return whole or ()

    def backwards(self, refs: Iterable[Ref], enter: Callable[[Ref, Node], bool], limit: int = 500) -> Iterator[Ref]:
        """All outputs that these are computed from, nearest first.

        Args:
          enter: whether to go on behind an output.
          limit: how many outputs to look at.
        """
        queue, seen = list(refs), set()  # type: List[Ref], Set[Ref]
        while queue and len(seen) < limit:
            ref = queue.pop(0)
            node = self.node(ref)
            if ref in seen or node is None:
                continue
            seen.add(ref)
            yield ref
            if not enter(ref, node):
                continue
            queue.extend([node.inputs[ref.port]] if node.op == "IdentityN" else node.inputs)

    def ancestors(self, names: Iterable[str]) -> Set[str]:
        """The names of all nodes that have to run for these, themselves included."""
        return self._closure(names, lambda name: _inputs_of(self.nodes.get(name)))

    def descendants(self, names: Iterable[str]) -> Set[str]:
        """The names of all nodes that these have to run for, themselves included."""
        if self._following is None:
            self._following = {}
            for node in self.nodes.values():
                for name in _inputs_of(node):
                    self._following.setdefault(name, []).append(node.name)
        following = self._following
        return self._closure(names, lambda name: following.get(name, ()))

    @staticmethod
    def _closure(names: Iterable[str], following: Callable[[str], Iterable[str]]) -> Set[str]:
        stack, seen = list(names), set()  # type: List[str], Set[str]
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                stack.extend(following(name))
        return seen


def _inputs_of(node: Optional[Node]) -> List[str]:
    return [] if node is None else [ref.name for ref in node.inputs] + list(node.controls)


def attribute(attr: Mapping[str, Any], name: str, kind: str) -> Any:
    """An attribute of a node, `kind` being the field of its value; None where it has none."""
    return getattr(attr[name], kind) if name in attr else None
