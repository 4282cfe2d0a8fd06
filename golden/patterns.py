"""Shell patterns in rows of data, `*` for any, several with `|` between them; releases may be ranges."""

import fnmatch

from golden import installed

#: What may be a range of minor releases, such as `1.4 - 2.0`.
_RANGES = ("release", "runtime")


def matches(name, pattern, value):
    """Whether a value is one that the pattern of this name stands for."""
    if pattern == "*":
        return True
    if name in _RANGES and " - " in pattern:
        first, last = (installed.minor(end) for end in pattern.split(" - "))
        return first <= installed.minor(value) <= last
    return any(fnmatch.fnmatchcase(value, one) for one in pattern.split("|"))


def told(row, names):
    """The patterns of a row in words; `everything` where it has none."""
    given = ["%s %s" % (name, getattr(row, name)) for name in names if getattr(row, name) != "*"]
    return ", ".join(given) or "everything"
