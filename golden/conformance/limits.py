"""How far a computation in other arithmetic may be from a recording: rows of data, each with its reason."""

import collections
import os

from golden import files, patterns
from golden.bounds import ANY

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "limits.json")

#: Names of a row that are patterns. dtype: of the array; kernel: `fused` or `unfused`, the one that TensorFlow ran.
PATTERNS = ("case", "array", "release", "mode", "dtype", "kernel")


class Limit(collections.namedtuple("Limit", PATTERNS + ("eps", "reason"))):
    """Arrays that may be up to `eps` eps of max|recorded| away from their recording; or `ANY`, which exempts them.

    Attributes:
      case, array, release, mode, dtype, kernel: shell patterns, `*` for any, or several with `|` between them; a
        release may be a range.
      eps: the largest allowed max|d| / (eps * max|recorded|), of the array's dtype.
      reason: why, with evidence.
    """

    __slots__ = ()

    def is_about(self, **place):
        """Whether the row is about what these names are: `case`, `release` and so on."""
        return all(patterns.matches(name, getattr(self, name), value) for name, value in place.items())

    def __str__(self):
        told = "exempt" if self.eps == ANY else "within %g eps" % self.eps
        return "%s %s (%s)" % (patterns.told(self, PATTERNS), told, self.reason)


def load(path=PATH):
    """The rows of a JSON file: a list of objects with `eps` (a number or `"any"`), `reason` and patterns.

    Raises:
      DataError: a malformed row; the message names the file and the row.
    """
    return files.rows(path, _row)


def _row(path, number, raw):
    eps = ANY if raw.get("eps") == "any" else raw.get("eps", 0)
    if set(raw) - set(PATTERNS) - {"eps", "reason"} or not raw.get("reason") or not eps > 0:
        raise ValueError(
            '%s, row %d: a row has eps > 0 or "any", a reason, and any of %s; got %r'
            % (path, number, ", ".join(PATTERNS), raw)
        )
    return Limit(eps=float(eps), reason=raw["reason"], **{name: raw.get(name, "*") for name in PATTERNS})


def tightest(rows, array, dtype, eps):
    """The row of the smallest limit that lets an array be this far away, or None."""
    allowing = [row for row in rows if eps <= row.eps and row.is_about(array=array, dtype=dtype)]
    return min(allowing, key=lambda row: row.eps) if allowing else None
