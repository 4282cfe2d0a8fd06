"""What is left of batch normalizations that were folded: by constant folding, or into the weights before them."""

import re
from typing import Dict, Iterable, List, Optional

from tfcompat.migrate.auditing.calls import Training
from tfcompat.migrate.auditing.flatten import Node
from tfcompat.migrate.auditing.graph import Graph
from tfcompat.migrate.auditing.site import ARGUMENTS, UNKNOWN, Site

#: Constants that folding leaves: grappler those of the kernel and of the formula, `optimize_for_inference` the last.
_LEFT = re.compile(r"^(.*?)/?(FusedBatchNorm(V\d)?/Offset|batchnorm/(mul|sub)(_\d+)?)$")
_OFFSET = "_bn_offset"


def folded_sites(graph: Graph, known: Iterable[str]) -> List[Site]:
    """The sites that can still be told by the name scopes of what is left; their arguments cannot.

    Args:
      known: the scopes of the calls that are still whole.
    """
    found: Dict[str, Site] = {}
    for node in graph.of("Const"):
        scope = _scope(graph, node)
        if scope is not None and scope not in known and scope not in found:
            arguments = dict.fromkeys(ARGUMENTS, UNKNOWN)
            nothing = Training("?", None, None)
            found[scope] = Site(scope, scope, "folded", arguments, nothing, {}, None, None, (), node.name)
    return list(found.values())


def _scope(graph: Graph, node: Node) -> Optional[str]:
    if node.name.endswith(_OFFSET):
        users = graph.consumers(node.name)  # the shift has the name that the kernel had
        return users[0].name.rpartition("/")[0] or users[0].name if users else None
    match = _LEFT.match(node.name)
    return match.group(1) if match else None
