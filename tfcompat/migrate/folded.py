"""What is left of batch normalizations that were folded: by constant folding, or into the weights before them."""

from typing import List, Optional

from tfcompat.migrate.calls import Training
from tfcompat.migrate.flatten import Node
from tfcompat.migrate.graph import Graph
from tfcompat.migrate.site import ARGUMENTS, UNKNOWN, Site


def folded_sites(graph: Graph) -> List[Site]:
    """The sites that can still be told by what is left; their arguments cannot.

    `optimize_for_inference` leaves the shift as a constant `..._bn_offset`.  Grappler folds `gamma / sqrt(variance +
    epsilon)` to a constant at the place `batchnorm/mul` of the name scope that `tf.nn.batch_normalization` opens.
    """
    found = []
    for node in graph.of("BiasAdd", "Mul"):
        name = _folded(graph, node)
        if name is not None:
            arguments = dict.fromkeys(ARGUMENTS, UNKNOWN)
            nothing = Training("?", None, None)
            found.append(Site(name, name, "folded", arguments, nothing, {}, None, None, (), node.name))
    return found


def _folded(graph: Graph, node: Node) -> Optional[str]:
    constants = [other for other in map(graph.made_by, node.inputs) if other is not None and other.op == "Const"]
    scope, _, last = node.name.rpartition("/")
    if node.op == "BiasAdd":
        return (scope or last) if any(other.name.endswith("_bn_offset") for other in constants) else None
    is_folded = scope.endswith("/batchnorm") and any(other.name.startswith(scope + "/") for other in constants)
    return scope[: -len("/batchnorm")] if is_folded else None
