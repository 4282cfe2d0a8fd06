"""A batch normalization that was found, with the arguments that its graph shows."""

from typing import Any, Dict, NamedTuple, Optional, Tuple

from tfcompat.migrate.auditing.calls import Training
from tfcompat.migrate.auditing.updates import Update

#: An argument that the graph does not show.
UNKNOWN = "?"

#: The arguments that can be read from a graph, in the order of `tf.layers`.
ARGUMENTS = (
    *("axis", "momentum", "epsilon", "center", "scale", "renorm", "renorm_clipping", "renorm_momentum"),
    *("fused", "virtual_batch_size"),
)


class Site(NamedTuple):
    """One call of a batch normalization; calls of the same `layer` share its variables.

    Attributes:
      layer: the name of the layer, with its scopes.
      call: the name scope of the call.
      form: `fused`, `unfused`, `folded` into what is around it, or `variables` where there is no graph to look at.
      arguments: of `ARGUMENTS`, `UNKNOWN` where the graph does not show one.
      training: what decides whether it trains.
      variables: role -> name, of those in the graph.
      size: how many channels, None where that is not known.
      rank: of the input, None where that is not known.
      updates: what moves its statistics.
      node: the name of the node that it was recognised by.
    """

    layer: str
    call: str
    form: str
    arguments: Dict[str, Any]
    training: Training
    variables: Dict[str, str]
    size: Optional[int]
    rank: Optional[int]
    updates: Tuple[Update, ...]
    node: str

    @property
    def trains(self) -> bool:
        """Whether it may use the statistics of the batch."""
        return self.training.kind in ("placeholder", "tensor") or self.training.value is True
