"""Why a mutant may survive: rows of `tests/mutation/survivors.json`, each needed by a survivor."""

import collections
import json
import os
import re

from golden import pins

#: Where the rows are.
PATH = os.path.join(pins.ROOT, "tests", "mutation", "survivors.json")

#: What the reasons are about.
KINDS = {
    "equivalent": "no program could tell the difference",
    "other release": "only another release of TensorFlow or Keras runs it",
    "speed": "it changes speed or memory alone",
}


class Reason(collections.namedtuple("Reason", "path within diff kind reason")):
    """Why some mutants survive.

    Attributes:
      path, within: of the mutants; see `mutation.mutants.Mutant`.
      diff: lines of the change with `-` and `+` and without indentation; `*` stands for any text.
      kind: one of `KINDS`.
      reason: a sentence.
    """

    __slots__ = ()

    def explains(self, outcome):
        """Whether it is about a survivor."""
        lines = [line[:2] + line[2:].strip() for line in outcome.diff.splitlines()]
        pattern = "\n".join(self.diff)
        expression = ".*".join(re.escape(part) for part in pattern.split("*"))
        same = (self.path, self.within) == (outcome.path, outcome.within)
        return same and re.fullmatch(expression, "\n".join(lines), re.DOTALL) is not None


def load(path=PATH):
    """The `Reason`s of a file.

    Raises:
      ValueError: a row is not whole, or of an unknown kind.
    """
    with open(path, encoding="utf-8") as source:
        rows = json.load(source)
    for row in rows:
        if set(row) != set(Reason._fields) or row["kind"] not in KINDS:
            raise ValueError(
                "%s: a row has %s and a kind of %s, this is %r"
                % (path, ", ".join(Reason._fields), ", ".join(KINDS), row)
            )
    return [Reason(**row) for row in rows]


def explained(outcomes, reasons):
    """Id of a survivor -> its `Reason`."""
    survivors = [outcome for outcome in outcomes if outcome.status == "survived"]
    pairs = [(outcome.id, reason) for outcome in survivors for reason in reasons if reason.explains(outcome)]
    return dict(reversed(pairs))


def unneeded(outcomes, reasons):
    """The reasons that explain no survivor."""
    survivors = [outcome for outcome in outcomes if outcome.status == "survived"]
    return [reason for reason in reasons if not any(reason.explains(outcome) for outcome in survivors)]
