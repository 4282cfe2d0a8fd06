"""What a conversion will do, variable by variable, before it does it."""

from typing import Any, Dict, List, NamedTuple, Tuple

from tfcompat.errors import InputError


class Mapped(NamedTuple):
    """A variable that gets its value.

    Attributes:
      target: path of the variable that gets it.
      sources: names of the variables that it is made of, the main one first.
      conversion: a key of `tfcompat.migrate.checkpoints.values.CONVERSIONS`.
      by: what paired the layers: `name`, `order`, `name map`.
      note: what is not the same afterwards; "" where all is.
    """

    target: str
    sources: Tuple[str, ...]
    conversion: str
    by: str
    note: str = ""


class Skipped(NamedTuple):
    """A variable that is left behind, for a reason that is no mistake."""

    name: str
    reason: str


class Unmatched(NamedTuple):
    """A variable without a counterpart.

    Attributes:
      side: `checkpoint` or `model`: where the variable is.
      name: its name there.
      reason: why it has none, and what to do.
    """

    side: str
    name: str
    reason: str


class UnmatchedError(InputError):
    """Variables without a counterpart were not allowed.

    Attributes:
      plan: the `TransferPlan`.
    """

    def __init__(self, plan: "TransferPlan") -> None:
        first = plan.unmatched[0]
        super().__init__(
            "{} of {} variables are unmatched; the first is {} of the {}: {}".format(
                len(plan.unmatched), len(plan), first.name, first.side, first.reason
            )
        )
        self.plan = plan


class TransferPlan:
    """All variables of a checkpoint and a model, each once: mapped, skipped or unmatched.

    Attributes:
      mapped, skipped, unmatched: lists of `Mapped`, `Skipped`, `Unmatched`.
    """

    def __init__(self) -> None:
        self.mapped: List[Mapped] = []
        self.skipped: List[Skipped] = []
        self.unmatched: List[Unmatched] = []

    def __len__(self) -> int:
        return len(self.mapped) + len(self.skipped) + len(self.unmatched)

    @property
    def notes(self) -> List[str]:
        """What is not the same afterwards, each once."""
        return list(dict.fromkeys(row.note for row in self.mapped if row.note))

    def check(self, allow_unmatched: bool) -> None:
        """Refuses unmatched variables.

        Raises:
          UnmatchedError: there are some and they are not allowed.
        """
        if self.unmatched and not allow_unmatched:
            raise UnmatchedError(self)

    def as_json(self) -> Dict[str, Any]:
        """What `--json` prints."""
        return {
            "mapped": [row._asdict() for row in self.mapped],
            "skipped": [row._asdict() for row in self.skipped],
            "unmatched": [row._asdict() for row in self.unmatched],
        }
