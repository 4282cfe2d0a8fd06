"""Finds the operations that move the statistics, how fast, and of which calls."""

from decimal import Decimal
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from tfcompat.migrate.auditing.calls import Call, clean, role_of
from tfcompat.migrate.auditing.flatten import Node, Ref
from tfcompat.migrate.auditing.graph import Graph
from tfcompat.migrate.names import STATISTICS

_SUBTRACT = ("AssignSub", "AssignSubVariableOp")
_ASSIGN = ("Assign", "AssignVariableOp")
_WAYS_OUT = ("Merge", "Exit", "RefExit", "IdentityN")


class Update(NamedTuple):
    """An operation that moves a statistic.

    Attributes:
      name: of its node.
      variable: that it moves.
      role: of the variable.
      momentum: None where it cannot be read.
      inside: `cond` or `while_loop` where it only runs in a branch or body that nothing leads out of, else "".
      anchors: the names of the nodes by which the calls that it averages were recognised.
    """

    name: str
    variable: str
    role: str
    momentum: Optional[float]
    inside: str
    anchors: Set[str]


def updates_of(graph: Graph, calls: List[Call]) -> List[Update]:
    """All updates whose values come from the batch of one of the calls."""
    batches: Dict[Ref, str] = {}
    for call in calls:
        for statistic in (call.mean, call.variance):
            if statistic.batch is not None:
                batches[statistic.batch] = call.anchor.name
    found = (_update(graph, node, batches, calls) for node in graph.of(*_SUBTRACT + _ASSIGN))
    return [update for update in found if update is not None]


def _update(graph: Graph, node: Node, batches: Dict[Ref, str], calls: List[Call]) -> Optional[Update]:
    target = graph.source(node.inputs[0])
    named = role_of(target.ref.name)
    if named is None or named.role not in STATISTICS:
        return None
    anchors = {batches[ref] for ref in _nearest(graph, node.inputs[1], batches)}
    if not anchors:
        return None
    inside = "while_loop" if target.looped else "cond" if target.gates else ""
    if inside and any(graph.nodes[name].op in _WAYS_OUT for name in graph.descendants([node.name])):
        inside = ""
    momentum = _momentum(graph, node, target.ref)
    if momentum is None and node.op in _ASSIGN:
        factors = [call.factor for call in calls if call.anchor.name in anchors and call.factor]
        momentum = _less_than_one(factors[0]) if factors else None
    return Update(node.name, target.ref.name, named.role, momentum, inside, anchors)


def _nearest(graph: Graph, value: Ref, batches: Dict[Ref, str]) -> Iterator[Ref]:
    """The batch statistics that a value is computed from, and not what those were computed from."""
    stops = {ref.name for ref in batches}
    for ref in graph.backwards([value], lambda ref, node: ref.name not in stops, limit=200):
        if ref in batches:
            yield ref


def _momentum(graph: Graph, node: Node, target: Ref) -> Optional[float]:
    value = graph.made_by(node.inputs[1])
    return _of_step(graph, value) if node.op in _SUBTRACT else _of_new_value(graph, value, target)


def _of_step(graph: Graph, step: Optional[Node]) -> Optional[float]:
    """Of `(variable - value) * decay`, with a decay of `1 - momentum`."""
    if step is None:
        return None
    found = [_of_step(graph, graph.made_by(ref)) for ref in _choices(step)]
    for ref, other in (step.inputs, step.inputs[::-1]) if step.op == "Mul" else ():
        difference = graph.made_by(other)
        if difference is not None and difference.op == "Sub":
            found.append(_momentum_of_decay(graph, ref))
    return _first(found)


def _first(found: List[Optional[float]]) -> Optional[float]:
    return next((momentum for momentum in found if momentum is not None), None)


def _of_new_value(graph: Graph, value: Optional[Node], target: Ref) -> Optional[float]:
    """Of `variable - step`, or of `variable * momentum + ...` as Keras 3 has it."""
    if value is None:
        return None
    if value.op == "Sub" and graph.source(value.inputs[0]).ref == target:
        return _of_step(graph, graph.made_by(value.inputs[1]))
    if value.op in ("Add", "AddV2"):
        products = [node for node in map(graph.made_by, value.inputs) if node is not None and node.op == "Mul"]
        for ref, other in [pair for node in products for pair in (node.inputs, node.inputs[::-1])]:
            if graph.source(ref).ref == target:
                return _only(graph, other, 1)
    return _first([_of_new_value(graph, graph.made_by(ref), target) for ref in _choices(value)])


def _choices(node: Node) -> Tuple[Ref, ...]:
    """What a conditional chooses from."""
    return node.inputs if node.op == "Merge" else node.inputs[1:] if node.op in ("Select", "SelectV2") else ()


def _momentum_of_decay(graph: Graph, ref: Ref) -> Optional[float]:
    node = graph.made_by(ref)
    if node is not None and node.op == "Sub" and graph.scalar(node.inputs[0]) == 1:
        return _only(graph, node.inputs[1], 1)
    decay = _only(graph, ref, 0)
    return None if decay is None else _less_than_one(decay)


def _less_than_one(decay: float) -> float:
    """`1 - decay` as it is written: 0.997 for 0.003, where binary arithmetic has other digits."""
    return float(1 - Decimal(repr(decay)))


def _only(graph: Graph, ref: Ref, idle: Any) -> Optional[float]:
    """The one scalar that a value can be; of those that a conditional chooses from, the one that is not idle."""
    found = {clean(value) for value in _options(graph, ref)}
    rest = found - {float(idle)} or found
    return rest.pop() if len(rest) == 1 else None


def _options(graph: Graph, ref: Ref) -> List[Any]:
    node = graph.made_by(ref)
    chosen = _choices(node) if node is not None else ()
    return [value for each in chosen for value in _options(graph, each)] if chosen else [graph.scalar(ref)]
