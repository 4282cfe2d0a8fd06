"""The bounds of batch renormalization, as the graph clips by them."""

from typing import Any, Dict, List, Optional, Tuple

from tfcompat.migrate.auditing.calls import clean
from tfcompat.migrate.auditing.flatten import Node, Ref
from tfcompat.migrate.auditing.graph import Graph


def clipping(graph: Graph, scale: Optional[Ref], offset: Optional[Ref]) -> Optional[Dict[str, float]]:
    """`renorm_clipping`, None without any bound.

    Args:
      scale: `r * gamma`, with r between rmin and rmax.
      offset: `d * gamma + beta`, with d between -dmax and dmax.
    """
    lower, upper = _bounds(graph, scale)
    _, shift = _bounds(graph, offset, beside=_names(graph, scale))
    found = {"rmax": upper, "rmin": lower, "dmax": shift}
    return {key: value for key, value in found.items() if value is not None} or None


def _bounds(graph: Graph, ref: Optional[Ref], beside: Any = frozenset()) -> Tuple[Optional[float], Optional[float]]:
    """The constants of the Maximum and Minimum behind a correction, before the division that makes it."""
    found: Dict[str, List[Any]] = {"Maximum": [], "Minimum": []}
    for each in _behind(graph, ref):
        node = graph.nodes[each.name]
        if node.op in found and each.name not in beside:
            found[node.op] += [value for value in map(graph.scalar, node.inputs) if value is not None]
    lower, upper = ([clean(value) for value in found[op]] for op in ("Maximum", "Minimum"))
    return lower[0] if lower else None, upper[0] if upper else None


def _names(graph: Graph, ref: Optional[Ref]) -> Any:
    return {each.name for each in _behind(graph, ref)}


def _behind(graph: Graph, ref: Optional[Ref]) -> List[Ref]:
    return list(graph.backwards([ref] if ref else [], _enter, limit=60))


def _enter(ref: Ref, node: Node) -> bool:
    return node.op not in ("RealDiv", "Rsqrt", "Mean")
