"""Recognises the calls that `tf.nn.batch_normalization` computes: `x * inv + (beta - mean * inv)`."""

from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from tfcompat.migrate.auditing.calls import (
    Call,
    Statistic,
    Training,
    clean,
    constant_training,
    shape_of,
    statistic,
    training_of,
)
from tfcompat.migrate.auditing.flatten import Node, Ref
from tfcompat.migrate.auditing.graph import Graph
from tfcompat.migrate.auditing.site import UNKNOWN

_ADD = ("Add", "AddV2", "BiasAdd")


class _Form(NamedTuple):
    """The operands of the formula."""

    inputs: Ref
    mean: Ref
    scale: Optional[Ref]
    offset: Optional[Ref]


def unfused_calls(graph: Graph) -> Iterator[Call]:
    """The calls in the order of the graph; a normalization that does not reduce over the batch is left out."""
    for node in graph.of("Rsqrt"):
        call = _call(graph, node)
        if call is not None:
            yield call


def _call(graph: Graph, rsqrt: Node) -> Optional[Call]:
    added = graph.node(rsqrt.inputs[0])
    if added is None or added.op not in _ADD:
        return None
    epsilons = [(graph.scalar(ref), i) for i, ref in enumerate(added.inputs)]
    found = [(value, i) for value, i in epsilons if value is not None]
    form = _form(graph, rsqrt)
    if len(found) != 1 or form is None:
        return None
    variance = statistic(graph, added.inputs[1 - found[0][1]])
    mean = statistic(graph, form.mean)
    if mean is None or variance is None:
        return None
    if not (mean.moving or variance.moving) and mean.reduced is None and variance.reduced is None:
        return None
    shape = _parameter_shape(graph, form, mean, variance)
    virtual = _virtual_batch_size(graph, form.inputs, shape)
    return Call(
        anchor=rsqrt,
        form="unfused",
        inputs=form.inputs if virtual is None else graph.nodes[graph.source(form.inputs, False).ref.name].inputs[0],
        scale=form.scale,
        offset=form.offset,
        mean=mean,
        variance=variance,
        epsilon=clean(found[0][0]),
        training=_training(graph, variance),
        axis=_axis(shape, variance.reduced, virtual is not None),
        virtual_batch_size=virtual,
        factor=None,
    )


def _training(graph: Graph, variance: Statistic) -> Training:
    if variance.moving is not None and variance.batch is not None:
        return training_of(graph, variance.predicate)
    return constant_training(variance.moving is None)


def _form(graph: Graph, rsqrt: Node) -> Optional[_Form]:
    """Follows `1 / sqrt(variance + epsilon)` to the result."""
    found = _uses(graph, rsqrt, None)
    for product in graph.consumers(rsqrt.name):
        if found is None and product.op == "Mul":
            found = _uses(graph, product, _other(product, rsqrt))
    return found


def _uses(graph: Graph, inverse: Node, scale: Optional[Ref]) -> Optional[_Form]:
    products = [node for node in graph.consumers(inverse.name) if node.op == "Mul"]
    for product in products:
        for shift, mean, offset in _shifts(graph, product, inverse):
            normalized = _added(graph, shift, [each for each in products if each is not product])
            if normalized is not None:
                return _Form(_other(normalized, inverse), mean, scale, offset)
    return None


def _shifts(graph: Graph, product: Node, inverse: Node) -> Iterator[Tuple[Node, Ref, Optional[Ref]]]:
    """The nodes that may be `beta - mean * inv`, or `-mean * inv` without center; with the mean and the offset."""
    factor = _other(product, inverse)
    negated = graph.node(factor)
    if negated is not None and negated.op == "Neg":
        yield product, negated.inputs[0], None
    for shift in graph.consumers(product.name):
        if shift.op == "Sub" and shift.inputs[1].name == product.name:
            yield shift, factor, shift.inputs[0]


def _added(graph: Graph, shift: Node, products: List[Node]) -> Optional[Node]:
    """The product `x * inv` that the shift is added to."""
    for total in graph.consumers(shift.name):
        if total.op in _ADD:
            for product in products:
                if product.name in {ref.name for ref in total.inputs}:
                    return product
    return None


def _other(product: Node, factor: Node) -> Ref:
    return product.inputs[1] if product.inputs[0].name == factor.name else product.inputs[0]


def _parameter_shape(graph: Graph, form: _Form, mean: Statistic, variance: Statistic) -> Optional[Tuple[int, ...]]:
    """The shape that the parameters are used in; of several, the one with most dimensions says most."""
    shapes = [mean.shape, variance.shape, shape_of(mean.moving), shape_of(variance.moving)]
    for ref in (form.scale, form.offset):
        if ref is not None:
            source = graph.source(ref)
            shapes += [source.shape, shape_of(graph.node(source.ref))]
    known = [shape for shape in shapes if shape]
    return max(known, key=len) if known else None


def _virtual_batch_size(graph: Graph, inputs: Ref, shape: Optional[Tuple[int, ...]]) -> Any:
    """The input is reshaped to [size, -1, ...] where the parameters have a dimension more than it.

    tfcompat reshapes to [-1, 1, ...] where it does not train: then there is a size, but none to be seen.
    """
    node = graph.node(graph.source(inputs, False).ref)
    if node is None or node.op != "Reshape" or shape is None or len(shape) < 3:
        return None
    lead = graph.leading_sizes(node.inputs[1])[:2]
    if len(lead) == 2 and lead[0] > 0 and lead[1] == -1:
        return lead[0]
    return UNKNOWN if lead == (-1, 1) and shape[:2] == (1, 1) else None


def _axis(shape: Optional[Tuple[int, ...]], reduced: Optional[Tuple[int, ...]], virtual: bool) -> Any:
    if shape is not None and len(shape) > 1:
        kept, rank = [i for i, size in enumerate(shape) if size != 1], len(shape)
        if not kept and reduced is not None:
            kept = [i for i in range(rank) if i not in reduced]
        return _written([axis - virtual for axis in kept], rank - virtual)
    if reduced is None:
        return -1 if shape else None
    gaps = [i for i in range(max(reduced)) if i not in reduced]
    return gaps[0] if len(gaps) == 1 else -1 if not gaps else None


def _written(kept: List[int], rank: int) -> Any:
    """The axes as a user writes them."""
    if len(kept) != 1:
        return kept or None
    return -1 if kept[0] == rank - 1 else kept[0]
