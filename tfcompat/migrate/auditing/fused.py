"""Recognises the calls that the fused kernel computes."""

from typing import Iterator, Optional

from tfcompat.migrate.auditing.calls import Call, Statistic, clean, constant_training, is_parameter, statistic
from tfcompat.migrate.auditing.flatten import Node, Ref
from tfcompat.migrate.auditing.graph import Graph, attribute

KERNELS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx")


def fused_calls(graph: Graph) -> Iterator[Call]:
    """The calls in the order of the graph; those of other normalizations that use the kernel are left out.

    Keras 2 runs its layer normalization through the kernel as well, with a scale that is filled in at run time.
    """
    for node in graph.of(*KERNELS):
        if len(node.inputs) >= 5 and any(is_parameter(graph.made_by(ref)) for ref in node.inputs[1:3]):
            yield _call(graph, node)


def _call(graph: Graph, node: Node) -> Call:
    training = bool(node.attr["is_training"].b) if "is_training" in node.attr else True  # the default of the op
    factor = attribute(node.attr, "exponential_avg_factor", "f")
    layout = attribute(node.attr, "data_format", "s") or b"NHWC"
    return Call(
        anchor=node,
        form="fused",
        inputs=node.inputs[0],
        scale=_unless_filled(graph, node.inputs[1], 1.0),
        offset=_unless_filled(graph, node.inputs[2], 0.0),
        mean=_statistic(graph, node, 1, training),
        variance=_statistic(graph, node, 2, training),
        epsilon=_float32(graph, node),
        training=constant_training(training),
        axis=1 if layout.startswith(b"NC") else -1,
        virtual_batch_size=None,
        factor=_clean32(factor) if factor not in (None, 1.0) and training else None,
    )


def _statistic(graph: Graph, node: Node, port: int, training: bool) -> Statistic:
    held = statistic(graph, node.inputs[2 + port])
    moving = held.moving if held is not None else None
    return Statistic(moving, Ref(node.name, port) if training else None, None, None, None)


def _unless_filled(graph: Graph, ref: Ref, value: float) -> Optional[Ref]:
    """The parameter, None for the constant that stands in where the layer has none: its name says no role."""
    node = graph.made_by(ref)
    if node is None or node.op != "Const":
        return ref
    filled = bool((graph.constant(ref) == value).all())
    return None if filled and not node.name.endswith(("/gamma", "/beta")) else ref


def _float32(graph: Graph, node: Node) -> Optional[float]:
    epsilon = attribute(node.attr, "epsilon", "f")
    return 1e-4 if epsilon is None else _clean32(epsilon)  # the default of the op


def _clean32(value: float) -> Optional[float]:
    import numpy as np

    return clean(np.float32(value))
