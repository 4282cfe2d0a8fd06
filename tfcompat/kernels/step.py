"""What a kernel returns: an output, and the updates that somebody else applies."""

from typing import Any, Callable, Mapping, NamedTuple, Tuple

#: The variables of a layer by name, None for those that it does not have.
Weights = Mapping[str, Any]


class Update(NamedTuple):
    """One change of a variable.

    Attributes:
      weight: name of the variable, for example `moving_mean`.
      kind: `subtract` (the value is taken off the variable) or `assign`.
      value: function of the variables as they are when the update's turn comes; gives a tensor of the variable's shape
        and dtype.
      when: `training`, where the update happens only if it is true; None: always.
      after: names of the variables whose updates come first; those are part of this update, not updates of their own.
      even_frozen: outside of v1 graphs, happens even while the layer is not trainable.
    """

    weight: str
    kind: str
    value: Callable[[Weights], Any]
    when: Any = None
    after: Tuple[str, ...] = ()
    even_frozen: bool = False


class Step(NamedTuple):
    """Result of a kernel.

    Attributes:
      output: tensor like the input.
      updates: in the order in which they are applied.
      reads: tensors that must be computed before any update is applied: they depend on variables that it changes.
    """

    output: Any
    updates: Tuple[Update, ...] = ()
    reads: Tuple[Any, ...] = ()
