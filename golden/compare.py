"""Compares observations bit for bit, or within bounds, and says exactly what differs."""

import collections
import difflib
import json

import numpy as np

from golden.bounds import ANY
from golden.distance import eps_between, is_float, ulps_between

#: status: `identical` or `within bound`; used: list of (array name, `Bound`, eps that it took).
Verdict = collections.namedtuple("Verdict", "status used")

#: How a report calls the two sides, and arrays that are on one side only.
Words = collections.namedtuple("Words", "one other lost gained")
EXPECTATION = Words("expected", "obtained", "missing", "not expected")
CHANGE = Words("before", "after", "gone", "new")

#: What lines of a report start with that say what both sides share.
SHARED = "      "

_ABSENT = object()


class Mismatch(AssertionError):
    """An observation is not the expected one; the message is the report."""


class Difference:
    """What differs between two observations; false where nothing does. Notes are not compared.

    Args:
      one, other: the `Observation`s.
      ignored: names of arrays whose bits, and as `facts.NAME` of facts that, are not compared.

    Attributes:
      facts: sorted names of the facts that differ, as `facts.NAME`.
      lost, gained: names of arrays that only `one` has, and only `other`.
      reordered: whether they have the same arrays in another order.
      retyped: names of arrays that both have, of another dtype or shape.
      values: names of arrays of one dtype and shape whose bits differ.
    """

    def __init__(self, one, other, ignored=()):
        self.one, self.other = one, other
        keys = sorted(set(one.facts) | set(other.facts))
        self.facts = ["facts." + key for key in keys if "facts." + key not in ignored and self._fact_differs(key)]
        self.lost = [name for name in one.arrays if name not in other.arrays]
        self.gained = [name for name in other.arrays if name not in one.arrays]
        self.reordered = not (self.lost or self.gained) and list(one.arrays) != list(other.arrays)
        changed = [name for name in one.arrays if name not in self.lost and one.arrays[name] != other.arrays[name]]
        self.retyped = [name for name in changed if _type(one.arrays[name]) != _type(other.arrays[name])]
        self.values = [name for name in changed if name not in self.retyped and name not in ignored]

    def __bool__(self):
        return bool(self.names() or self.reordered)

    def names(self):
        """Sorted names of the facts and arrays that differ."""
        return sorted(self.facts + self.lost + self.gained + self.retyped + self.values)

    def report(self, words=EXPECTATION, allowed=()):
        """Lines that tell everything that differs, but what is named in `allowed` (`order` for that of the arrays)."""
        facts, lost, gained = ([n for n in names if n not in allowed] for names in (self.facts, self.lost, self.gained))
        lines = self._ending(words) if "facts.raised" in facts else []
        for name in facts:
            lines += _value(name, *self._fact(name[len("facts.") :]), words) if name != "facts.raised" else []
        lines += _listed(words.lost, lost) + _listed(words.gained, gained)
        if self.reordered and "order" not in allowed:
            lines += ["arrays are in another order:"] + _diff(list(self.one.arrays), list(self.other.arrays))
        for name in [name for name in self.one.arrays if name not in allowed]:
            if name in self.retyped:
                told = (words.one,) + _type(self.one.arrays[name]) + (words.other,) + _type(self.other.arrays[name])
                lines.append("%s: %s %s %r, %s %s %r" % ((name,) + told))
            elif name in self.values:
                lines += array_report(name, self.one.arrays[name], self.other.arrays[name], words)
        return lines

    def _fact(self, key):
        return self.one.facts.get(key, _ABSENT), self.other.facts.get(key, _ABSENT)

    def _fact_differs(self, key):
        one, other = self._fact(key)
        return _json(one) != _json(other)

    def _ending(self, words):
        """A headline where one of them raised, or both did but not the same; the messages help to see why."""
        return [
            "%s %s" % (words.one, _ending(self.one)),
            "    %s %s" % (words.other, _ending(self.other)),
        ]


def check(expected, obtained, bounds=(), ignored=(), payloads=True):
    """Requires an observation to be the expected one.

    Facts are compared exactly; arrays by name, order, dtype, shape and bits. Notes are not compared.

    Args:
      expected, obtained: the `Observation`s.
      bounds: `Bound`s whose `array` pattern allows arrays to differ in value, or exempts arrays and facts.
      ignored: names of arrays whose bits, and as `facts.NAME` of facts that, differ from run to run.
      payloads: whether a NaN with other bits is another value to a bound; see `distance.eps_between`.

    Returns:
      `Verdict`.

    Raises:
      Mismatch: with a report of every difference.
    """
    difference, used = Difference(expected, obtained, ignored), []
    for name in difference.names() + ["order"] * difference.reordered:
        taken = ANY
        if name in difference.values:
            taken = eps_between(expected.arrays[name], obtained.arrays[name], payloads)
        allowing = [bound for bound in bounds if bound.allows(name, taken)]
        used += [(name, min(allowing, key=lambda bound: bound.eps), taken)] if allowing else []
    report = difference.report(allowed=[name for name, _, _ in used])
    if not (report or used or ignored) and expected.canonical() != obtained.canonical():
        report = ["the canonical bytes differ, and no array and no fact does: the comparison has a gap"]
    if report:
        raise Mismatch("\n".join(report))
    return Verdict("within bound" if used else "identical", used)


def differing(one, other):
    """Names of what differs between two observations: of an array, or `facts.NAME`; sorted."""
    return Difference(one, other).names()


class Element(collections.namedtuple("Element", "index words values ulps")):
    """One element of two `Array`s of one dtype and shape.

    Attributes:
      index: list of ints.
      words: its bits on both sides, as hex.
      values: the shortest decimals that are the two numbers.
      ulps: how many numbers lie between them, as an int; None where one is not finite, and for integers.
    """

    __slots__ = ()

    @classmethod
    def at(cls, place, one, other):
        """The element at a place of the flattened arrays."""
        words = [int(_words(array)[place]) for array in (one, other)]
        values = [array.values().reshape(-1)[place] for array in (one, other)]
        index = [int(n) for n in np.unravel_index(place, one.shape)] if one.shape else []
        countable = is_float(one) and np.isfinite(values).all()
        ulps = ulps_between(words[0], words[1], one.dtype) if countable else None
        digits = one.storage_dtype.itemsize * 2
        return cls(index, ["0x%0*x" % (digits, word) for word in words], [_shown(value) for value in values], ulps)


def places(one, other):
    """Where the bits of two `Array`s of one dtype and shape differ, as places of the flattened arrays."""
    return np.flatnonzero(_words(one) != _words(other))


def array_report(name, one, other, words=EXPECTATION):
    """Lines that tell how the values of an array differ."""
    where = places(one, other)
    first = Element.at(where[0], one, other)
    lines = [
        "%s: %d of %d elements differ, %s %r, first at %r"
        % (name, len(where), one.bits().size, one.dtype, one.shape, first.index)
    ]
    for label, word, value in zip((words.one, words.other), first.words, first.values):
        lines.append("    %s %s  %s" % (label, word, value))
    if is_float(one):
        told = "ULP distance undefined" if first.ulps is None else "%d ULP" % first.ulps
        lines.append("    %s; all: %.3g eps of max|%s|" % (told, eps_between(one, other), words.one))
    return lines


def _type(array):
    return array.dtype, array.shape


def _words(array):
    """The bits of an `Array` as unsigned words, in one dimension."""
    return np.frombuffer(array.data, "<u%d" % array.storage_dtype.itemsize)


def _shown(value):
    """The shortest decimal that is this number."""
    return repr(value.item()) if value.dtype.kind != "f" else np.format_float_scientific(value, trim="0")


def _listed(what, names):
    """A line for each name, or where they are many, as after an error, one line."""
    if len(names) <= 4:
        return ["%s: %s" % (name, what) for name in names]
    return ["%d arrays %s: %s, ..., %s" % (len(names), what, ", ".join(names[:2]), names[-1])]


def _ending(observation):
    raised, notes = observation.facts.get("raised"), observation.notes
    if raised is None:
        return "no error"
    told = notes.get("message") or notes.get("signal") or notes.get("stderr") or ""
    return "%s in phase %s: %s" % (raised["type"], raised["phase"], told)


def _value(path, one, other, words):
    """The report of two JSON values."""
    if _json(one) == _json(other):
        return []
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(set(one) | set(other))
        lines = [_value("%s.%s" % (path, key), one.get(key, _ABSENT), other.get(key, _ABSENT), words) for key in keys]
        return [line for lines in lines for line in lines]
    if isinstance(one, list) and isinstance(other, list):
        return ["%s:" % path] + _diff([_json(item) for item in one], [_json(item) for item in other])
    return ["%s: %s %s, %s %s" % (path, words.one, _json(one), words.other, _json(other))]


def _diff(one, other):
    """Lines of two lists of strings, marked `-` on the one side only, `+` on the other, and unmarked if `SHARED`."""
    return ["    " + line for line in difflib.ndiff(one, other) if not line.startswith("?")]


def _json(value):
    return "nothing" if value is _ABSENT else json.dumps(value, sort_keys=True)
