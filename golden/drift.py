"""What changed between two observations of one case: nothing, the rounding, or what the function means."""

import collections

import numpy as np

from golden import compare, distance, runtime
from golden.observation import Observation

KINDS = ("same", "rounding", "semantic")

#: Up to this many eps of the largest value, a difference is rounding. Measured on TensorFlow 1.0 to 2.21: at most 99.9
#: eps where only the order of the arithmetic changed (TF 1.3, `values-huge-mean-rank4`; 81 eps where no mean is huge),
#: at least 534 eps in the worst array where the formula did (TF 1.4 divides by n - 1, `momentum-0-999-rank4`).
LIMIT = 100.0

#: Why a change is semantic, the most telling first. `error`: it raises or does not, another type, or in another phase;
#: `type`: another dtype or shape; `arrays`: some are gone or new; `values`: more than `LIMIT` eps; `facts`: names,
#: collections, static shapes; `order`: of the arrays, that is of variables; `operations`: facts, but only what
#: TensorFlow calls its own operations.
REASONS = ("error", "type", "arrays", "values", "facts", "order", "operations")

#: The smallest normal numbers. Kernels differ in whether they take smaller ones for zero; no float16 kernel does.
_SMALLEST_NORMAL = {"bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}


class Worst(collections.namedtuple("Worst", "array dtype shape differing of element eps")):
    """The array whose values changed most.

    Attributes:
      array, dtype, shape: its name and type.
      differing, of: how many of its elements differ, and how many it has.
      element: the `compare.Element` that changed most.
      eps: see `eps_apart`.
    """

    __slots__ = ()

    @classmethod
    def between(cls, name, one, other, eps):
        """The `Worst` of two `Array`s of one dtype and shape whose bits differ."""
        apart, differing = _apart(one, other), compare.places(one, other)
        place = int(apart.argmax()) if apart.any() else int(differing[0])
        element = compare.Element.at(place, one, other)
        return cls(name, one.dtype, one.shape, len(differing), apart.size, element, eps)

    def __str__(self):
        one, other = self.element.values
        return "%s%s: %s %s, %s %s, %.3g eps" % (
            self.array, self.element.index or "", compare.CHANGE.one, one, compare.CHANGE.other, other, self.eps
        )  # fmt: skip

    def as_json(self):
        """JSON-ready; `eps` is null where it is infinite."""
        told = dict(self._asdict(), shape=list(self.shape), element=dict(self.element._asdict()))
        return dict(told, eps=self.eps if np.isfinite(self.eps) else None)


class Change:
    """What changed between two `Observation`s. Notes, where error messages are, do not count.

    Args:
      one, other: before and after.
      ignored: names of arrays and, as `facts.NAME`, of facts that differ from run to run.

    Attributes:
      difference: the `compare.Difference`.
      worst: the `Worst` array, None where no values changed.
      reasons: those of `REASONS` that hold; empty unless the change is semantic.
    """

    def __init__(self, one, other, ignored=()):
        self.difference = compare.Difference(one, other, ignored)
        apart = {name: eps_apart(one.arrays[name], other.arrays[name]) for name in self.difference.values}
        worst = max(self.difference.values, key=apart.get, default=None)
        self.worst = worst and Worst.between(worst, one.arrays[worst], other.arrays[worst], apart[worst])
        self.reasons = self._reasons(ignored)

    @property
    def kind(self):
        """One of `KINDS`."""
        return "semantic" if self.reasons else "rounding" if self.difference else "same"

    def report(self):
        """Lines that tell everything that changed, of the values the worst array."""
        return self.report_of_facts() + self._worst_line()

    def report_of_facts(self):
        """Lines that tell everything that changed, without values."""
        return self.difference.report(compare.CHANGE, allowed=self.difference.values)

    def summary(self):
        """A few lines: how it ends if that changed, else what changed and the worst array with both values."""
        difference, names = self.difference, self.difference.names()
        if "error" in self.reasons:
            others = [name for name in names if name != "facts.raised"]
            return difference.report(compare.CHANGE, allowed=others + ["order"])
        counted = [("gone", difference.lost), ("new", difference.gained), ("of another type", difference.retyped)]
        lines = ["facts: " + ", ".join(name[len("facts.") :] for name in difference.facts)] if difference.facts else []
        lines += ["%d arrays %s: %s" % (len(named), how, _some(named)) for how, named in counted if named]
        lines += ["arrays are in another order"] if difference.reordered else []
        return lines + self._worst_line()

    def as_json(self):
        """JSON-ready."""
        difference = self.difference
        sides = [("before", difference.one.facts), ("after", difference.other.facts)]
        names = [name[len("facts.") :] for name in difference.facts]
        return {
            "kind": self.kind,
            "reasons": list(self.reasons),
            "facts": {name: {side: facts[name] for side, facts in sides if name in facts} for name in names},
            "lost": difference.lost,
            "gained": difference.gained,
            "retyped": difference.retyped,
            "values": len(difference.values),
            "worst": self.worst and self.worst.as_json(),
            "report": self.report(),
        }

    def _worst_line(self):
        others = len(self.difference.values) - 1
        more = "; %d other array%s by less" % (others, "s" * (others > 1)) if others > 0 else ""
        return ["%s%s" % (self.worst, more)] if self.worst else []

    def _reasons(self, ignored):
        difference, facts = self.difference, set(self.difference.facts)
        sides = [runtime.set_aside(Observation((), side.facts)) for side in (difference.one, difference.other)]
        beyond = compare.Difference(*sides, ignored).facts if facts else []
        holds = {
            "error": "facts.raised" in facts,
            "type": difference.retyped,
            "arrays": difference.lost or difference.gained,
            "values": self.worst and self.worst.eps > LIMIT,
            "facts": set(beyond) - {"facts.raised"},
            "order": difference.reordered,
            "operations": facts and not beyond,
        }
        return tuple(reason for reason in REASONS if holds[reason])


def _some(names):
    """The first names of a list."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def eps_apart(one, other):
    """max|difference| / (eps * max(|one|, |other|)) of two `Array`s of one dtype and shape, not empty.

    The same in both directions. 0 where only the bits of a NaN differ, or numbers by less than the smallest normal one
    of their dtype, as between kernels that take subnormals for zero and those that do not. Infinite for integers and
    where one side is not finite, so NaN for a number is never rounding.

    An array is measured by its own size, not by that of its neighbours: a gradient that cancels to rounding noise can
    then be many eps apart, but none recorded is more than `LIMIT` apart that does not change otherwise too, and one
    that is small and wrong is not hidden.
    """
    apart = _apart(one, other).max()
    if apart in (0.0, np.inf):
        return float(apart)
    values = np.concatenate([array.values().astype(np.float64).reshape(-1) for array in (one, other)])
    return float(apart / (distance.epsilon(one.dtype) * np.abs(values[np.isfinite(values)]).max()))


def _apart(one, other):
    """The distance of each two elements, flattened, in float64."""
    if not distance.is_float(one):
        return np.where(one.bits() != other.bits(), np.inf, 0.0).reshape(-1)
    values, others = (array.values().astype(np.float64).reshape(-1) for array in (one, other))
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(values - others)
    apart[np.isnan(apart) | (apart < _SMALLEST_NORMAL.get(one.dtype, 0.0))] = 0.0
    apart[distance.stray(one, other, payloads=False).reshape(-1)] = np.inf
    return apart
