"""The rank of a tensor, as far as the operations before it tell."""

from typing import Dict, Optional

from tfcompat.migrate.auditing.flatten import Node, Ref
from tfcompat.migrate.auditing.graph import Graph

_OF_OPERATION: Dict[str, int] = {
    **dict.fromkeys(("MatMul", "_FusedMatMul"), 2),
    **dict.fromkeys(
        ("Conv2D", "DepthwiseConv2dNative", "_FusedConv2D", "Conv2DBackpropInput", "MaxPool", "AvgPool"), 4
    ),
    **dict.fromkeys(("Conv3D", "MaxPool3D", "AvgPool3D", "Conv3DBackpropInputV2"), 5),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "ResizeBilinear"), 4),
}


def rank_of(graph: Graph, ref: Ref) -> Optional[int]:
    """Walks back along first inputs to what has a rank; None where nothing near does."""
    here: Optional[Ref] = ref
    for _ in range(30):
        node = graph.node(here) if here is not None else None
        if node is None:
            return None
        known = _OF_OPERATION.get(node.op) or _shaped(graph, node)
        if known is not None:
            return known
        here = graph.step(here, changed=False) if here is not None else None
        here = here or (node.inputs[0] if node.op in _KEEP_RANK and node.inputs else None)
    return None


_KEEP_RANK = (
    *(
        "Relu",
        "Relu6",
        "LeakyRelu",
        "Elu",
        "Selu",
        "Sigmoid",
        "Tanh",
        "Softplus",
        "BiasAdd",
        "Cast",
        "Pad",
        "Transpose",
    ),
    *("Merge", "Exit", "NextIteration", "StopGradient", "Split", "Add", "AddV2", "Mul", "Sub", "ConcatV2", "Dropout"),
)


def _shaped(graph: Graph, node: Node) -> Optional[int]:
    """The rank of what is reshaped to a constant rank, or fed."""
    if node.op == "Reshape":
        shape = graph.shape_argument(node.inputs[1])
        return None if shape is None else len(shape)
    if node.op in ("Placeholder", "PlaceholderWithDefault") and "shape" in node.attr:
        shape = node.attr["shape"].shape
        return None if shape.unknown_rank or not shape.dim else len(shape.dim)
    return None
