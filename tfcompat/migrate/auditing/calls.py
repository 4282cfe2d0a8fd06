"""What a call of batch normalization in a graph is made of, whichever kernel computes it."""

import re
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np

from tfcompat.migrate.auditing.flatten import Node, Ref
from tfcompat.migrate.auditing.graph import VARIABLES, Graph
from tfcompat.migrate.names import ROLES, Name, parse

_ROLE = re.compile(r"^({})(_\d+)?$".format("|".join(ROLES)))
_INSIDE = re.compile(r"/(cond(_\d+)?|batchnorm(_\d+)?|If|then|else|cond(_\d+)?/then|cond(_\d+)?/else)$")


class Statistic(NamedTuple):
    """A mean or variance that a call uses.

    Attributes:
      moving: the variable, or the constant that it was frozen to; None where only the batch's own is used.
      batch: what was computed from the batch; None where only the moving one is used.
      predicate: what chooses between the two.
      reduced: the axes that the batch's was computed over, None where they cannot be read.
      shape: the shape that the moving one is used in, where it is not the variable's own.
    """

    moving: Optional[Node]
    batch: Optional[Ref]
    predicate: Optional[Ref]
    reduced: Optional[Tuple[int, ...]]
    shape: Optional[Tuple[int, ...]]


class Training(NamedTuple):
    """Whether a call trains: `kind` is constant, placeholder, tensor or ?; `value` that of a constant or default."""

    kind: str
    value: Optional[bool]
    tensor: Optional[str]

    def __str__(self) -> str:
        if self.kind == "constant":
            return str(self.value)
        default = "" if self.value is None else " (default {})".format(self.value)
        return "{} {}{}".format(self.kind, self.tensor, default) if self.tensor else self.kind


class Call(NamedTuple):
    """One use of a batch normalization.

    Attributes:
      anchor: the node that it was recognised by.
      form: `fused` or `unfused`.
      inputs: what is normalized.
      scale, offset: what it is multiplied with and what is added, None where there is nothing.
      axis: of the input, -1 for the last; a list for several; None where it cannot be read.
      virtual_batch_size: None without, `?` where there is one that cannot be read.
      factor: of the exponential average that the kernel itself applies, TF2's way; None elsewhere.
    """

    anchor: Node
    form: str
    inputs: Ref
    scale: Optional[Ref]
    offset: Optional[Ref]
    mean: Statistic
    variance: Statistic
    epsilon: Optional[float]
    training: Training
    axis: Any
    virtual_batch_size: Any
    factor: Optional[float]

    @property
    def scope(self) -> str:
        """The name scope of the call."""
        name = self.anchor.name.rsplit("/", 1)[0] if "/" in self.anchor.name else ""
        while _INSIDE.search(name):
            name = _INSIDE.sub("", name)
        return name


def clean(value: Any) -> Optional[float]:
    """A number as the program wrote it: the shortest decimal that gives the same value in its dtype."""
    return None if value is None else float(str(value))


def role_of(name: str) -> Optional[Name]:
    """A name taken apart if it is one of a variable of batch normalization; Keras 3 exports `beta` as `beta_1`."""
    parsed = parse(name)
    match = _ROLE.match(parsed.role)
    return parsed._replace(role=match.group(1)) if match and not parsed.beside else None


def shape_of(node: Optional[Node]) -> Optional[Tuple[int, ...]]:
    """The shape of a variable or constant; None where it is not known."""
    if node is None or node.op not in VARIABLES + ("Const",):
        return None
    shape = node.attr["shape"].shape if node.op != "Const" else node.attr["value"].tensor.tensor_shape
    return None if shape.unknown_rank else tuple(dim.size for dim in shape.dim)


def is_parameter(node: Optional[Node]) -> bool:
    """Whether a node holds one number for each channel: a variable, or the constant that it was frozen to."""
    return node is not None and (
        node.op in VARIABLES or (node.op == "Const" and shape_of(node) not in (None, (), (0,)))
    )


def statistic(graph: Graph, ref: Ref) -> Optional[Statistic]:
    """The statistic at an output; None where it is neither a variable's nor one of the batch."""
    source = graph.source(ref)
    node = graph.node(source.ref)
    if node is None:
        return None
    if is_parameter(node):
        return Statistic(node, None, None, None, source.shape)
    if node.op == "Merge":
        return _chosen(graph, node.inputs, None)
    if node.op in ("Select", "SelectV2"):
        return _chosen(graph, node.inputs[1:], node.inputs[0])
    reduced = reduced_axes(graph, source.ref)
    return Statistic(None, source.ref, None, reduced, source.shape) if reduced is None or 0 in reduced else None


def _chosen(graph: Graph, options: Tuple[Ref, ...], predicate: Optional[Ref]) -> Optional[Statistic]:
    """The statistic that a conditional chooses."""
    moving = batch = None
    for option in options:
        found = statistic(graph, option)
        gates = graph.source(option).gates
        predicate = predicate or (gates[0][0] if gates else None)
        moving = found if found and found.moving else moving
        batch = found if found and found.batch else batch
    if moving is None or batch is None:
        return moving or batch
    return Statistic(moving.moving, batch.batch, predicate, batch.reduced, moving.shape)


def reduced_axes(graph: Graph, ref: Ref) -> Optional[Tuple[int, ...]]:
    """The axes of the reduction next behind an output, sorted; None where none is near or they are no constants."""
    for each in graph.backwards([ref], lambda ref, node: node.op not in ("Mean", "Sum"), limit=12):
        node = graph.nodes[each.name]
        if node.op in ("Mean", "Sum"):
            axes = graph.constant(node.inputs[1])
            return None if axes is None else tuple(sorted(int(axis) for axis in np.ravel(axes)))
    return None


def training_of(graph: Graph, predicate: Optional[Ref]) -> Training:
    """What a predicate says of `training`."""
    if predicate is None:
        return Training("?", None, None)
    ref = graph.source(predicate).ref
    node = graph.node(ref)
    if node is not None and node.op == "Const":
        return Training("constant", bool(graph.scalar(ref)), None)
    if node is not None and node.op.startswith("Placeholder"):
        default = graph.scalar(node.inputs[0]) if node.inputs else None
        return Training("placeholder", None if default is None else bool(default), node.name)
    return Training("tensor", None, ref.name)


def constant_training(value: bool) -> Training:
    """Training that is decided in the graph."""
    return Training("constant", value, None)
