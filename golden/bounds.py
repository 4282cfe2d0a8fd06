"""Where a difference in bits is allowed, and how large: rows of data, each with its reason."""

import collections
import os

from golden import files, patterns

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bounds.json")

#: Names of a row that are patterns, with what they match when left out.
PATTERNS = ("case", "array", "release", "runtime", "configuration", "mode", "keras", "fingerprint", "raised")

#: The eps of an exemption; `"any"` in JSON.
ANY = float("inf")

#: What is compared: names that the patterns of a row are matched with. release: the recorded one; runtime: the one that
#: ran; fingerprint: `same` where this CPU and build round as those of the recording do, else `other`, or `abroad` if
#: another release than the recorded one ran; raised: type and message of the recorded error, empty without one.
Place = collections.namedtuple("Place", "case release runtime configuration mode keras fingerprint raised")


class Bound(collections.namedtuple("Bound", PATTERNS + ("eps", "reason", "skips"))):
    """Arrays that may differ from their recording by up to `eps` eps of max|recorded|; or an exemption: eps is `ANY`.

    An exemption is for what a release does by mistake, or its kernels do, and is not reproduced: arrays and facts that
    its `array` pattern matches are not compared, and without a pattern nothing of the case.

    Attributes:
      case, array, release, runtime, configuration, mode, keras, fingerprint, raised: shell patterns, `*` for any, or
        several with `|` between them; releases may be ranges.
      eps: the largest allowed max|d| / (eps * max|recorded|), or `ANY`.
      reason: why, with evidence.
      skips: whether the check counts as skipped, since it was weaker than the recording allows.
    """

    __slots__ = ()

    def covers(self, place):
        """Whether the row is about this `Place`."""
        return all(patterns.matches(name, getattr(self, name), getattr(place, name)) for name in Place._fields)

    def allows(self, name, eps):
        """Whether an array of this name may differ by this much, or a fact `facts.NAME` at all: `ANY`."""
        return eps <= self.eps and patterns.matches("array", self.array, name)

    def __str__(self):
        told = patterns.told(self, PATTERNS)
        if self.eps == ANY:
            return "%s exempt (%s)" % (told, self.reason)
        return "%s within %g eps (%s)" % (told, self.eps, self.reason)


#: On a CPU or build that rounds rsqrt of float32 vectors otherwise, cases of many channels are known to this only:
#: `rsqrtps` is defined by its vendor up to a relative error of 1.5 * 2**-12, and a Newton step follows.
VECTOR = Bound(
    **dict(dict.fromkeys(PATTERNS, "*"), fingerprint="other"),
    eps=8.0,
    reason="recorded on a CPU or build that rounds float32 vectors otherwise",
    skips=True,
)


def load(path=PATH):
    """The rows of a JSON file: a list of objects with `eps`, `reason` and patterns; none where there is no file.

    Raises:
      DataError: a malformed row; the message names the file and the row.
    """
    return files.rows(path, _row) if os.path.exists(path) else []


def _row(path, number, raw):
    unknown = set(raw) - set(PATTERNS) - {"eps", "reason"}
    eps = ANY if raw.get("eps") == "any" else raw.get("eps", 0)
    if unknown or not raw.get("reason") or not eps > 0 or (eps == ANY and not {"case", "raised"} & set(raw)):
        raise ValueError(
            '%s, row %d: a row has eps > 0 (or, with a case or what was raised, "any"), a reason, and any of %s; got %r'
            % (path, number, ", ".join(PATTERNS), raw)
        )
    given = {name: raw.get(name, "*") for name in PATTERNS}
    return Bound(eps=float(eps), reason=raw["reason"], skips=False, **given)


def applicable(rows, place, portable):
    """The bounds for a comparison: the rows about it, and for a case that is not portable `VECTOR`."""
    return [row for row in list(rows) + ([] if portable else [VECTOR]) if row.covers(place)]
