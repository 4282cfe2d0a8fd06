"""Compares observations bit for bit, or within bounds, and says exactly what differs."""

import collections
import difflib
import json

import numpy as np

from golden.bounds import ANY

#: status: `identical` or `within bound`; used: list of (array name, `Bound`, eps that it took).
Verdict = collections.namedtuple("Verdict", "status used")

_ABSENT = object()


class Mismatch(AssertionError):
    """An observation is not the expected one; the message is the report."""


def check(expected, obtained, bounds=(), ignored=()):
    """Requires an observation to be the expected one.

    Facts are compared exactly; arrays by name, order, dtype, shape and bits. Notes are not compared.

    Args:
      expected, obtained: the `Observation`s.
      bounds: `Bound`s whose `array` pattern allows arrays to differ in value.
      ignored: names of arrays whose bits, and as `facts.NAME` of facts that, differ from run to run.

    Returns:
      `Verdict`.

    Raises:
      Mismatch: with a report of every difference.
    """
    report = _raised(expected, obtained) + _facts(expected.facts, obtained.facts, ignored)
    report += _array_names(list(expected.arrays), list(obtained.arrays))
    used = []
    for name, array in expected.arrays.items():
        other = obtained.arrays.get(name)
        if other is None or array == other:
            continue
        if (array.dtype, array.shape) != (other.dtype, other.shape):
            report.append(
                "%s: expected %s %r, obtained %s %r" % (name, array.dtype, array.shape, other.dtype, other.shape)
            )
        elif name not in ignored:
            taken = eps_between(array, other)
            bound = next((b for b in bounds if b.allows(name, taken)), None)
            used += [(name, bound, taken)] if bound else []
            report += [] if bound else [_array(name, array, other, taken)]
    if not (report or used or ignored) and expected.canonical() != obtained.canonical():
        report = ["the canonical bytes differ, and no array and no fact does: the comparison has a gap"]
    exemption = next((b for b in bounds if b.eps == ANY), None)
    if report and exemption:
        return Verdict("within bound", [("everything", exemption, ANY)])
    if report:
        raise Mismatch("\n".join(report))
    return Verdict("within bound" if used else "identical", used)


def differing(one, other):
    """Names of what differs between two observations: of an array, or `facts.NAME`; sorted."""
    facts = {"facts." + key for key in set(one.facts) | set(other.facts) if _differ(one.facts, other.facts, key)}
    arrays = {name for name in set(one.arrays) | set(other.arrays) if _differ(one.arrays, other.arrays, name)}
    return sorted(facts | arrays)


def _differ(one, other, key):
    return (key in one) != (key in other) or one.get(key) != other.get(key)


def eps_between(expected, obtained):
    """max|difference| / (eps * max|expected|) of two `Array`s of one dtype and shape, in exact arithmetic's float64.

    Infinite where they differ in what is not finite, where the expected values are all zero, and for integers.
    """
    if not is_float(expected):
        return float("inf")
    one, other = expected.values().astype(np.float64), obtained.values().astype(np.float64)
    finite = np.isfinite(one)
    if expected == obtained:
        return 0.0
    if not np.array_equal(expected.bits()[~finite], obtained.bits()[~finite]) or not np.isfinite(other[finite]).all():
        return float("inf")
    difference, largest = np.abs(one - other)[finite].max(), np.abs(one[finite]).max()
    if difference == 0:
        return 0.0
    return float(difference / (epsilon(expected.dtype) * largest)) if largest else float("inf")


def is_float(array):
    """Whether the values of an `Array` are floating point numbers."""
    return array.dtype == "bfloat16" or array.storage_dtype.kind == "f"


def epsilon(dtype):
    """The distance from 1 to the next number of a floating point dtype."""
    return 2.0**-7 if dtype == "bfloat16" else float(np.finfo(dtype).eps)


def ulps_between(one, other, dtype):
    """How many floating point numbers lie between two bit patterns, as an int; 0 between the two zeros."""
    return abs(_ordinal(one, dtype) - _ordinal(other, dtype))


def _ordinal(bits, dtype):
    """The place of a bit pattern among all numbers of its dtype, as an int: floats sort as sign and magnitude."""
    width = 16 if dtype == "bfloat16" else np.dtype(dtype).itemsize * 8
    sign = 1 << (width - 1)
    word = int(bits)
    return sign - word if word & sign else word


def _words(array):
    """The bits of an `Array` as unsigned words, in one dimension."""
    return np.frombuffer(array.data, "<u%d" % array.storage_dtype.itemsize)


def _array(name, expected, obtained, eps):
    """The report of one array that differs in value."""
    one, other = _words(expected), _words(obtained)
    places = np.flatnonzero(one != other)
    first = places[0]
    index = [int(n) for n in np.unravel_index(first, expected.shape)] if expected.shape else []
    lines = [
        "%s: %d of %d elements differ, %s %r, first at %r"
        % (name, len(places), one.size, expected.dtype, expected.shape, index)
    ]
    digits = expected.storage_dtype.itemsize * 2
    for label, words, array in (("expected", one, expected), ("obtained", other, obtained)):
        value = _shown(array.values().reshape(-1)[first])
        lines.append("    %s 0x%0*x  %s" % (label, digits, int(words[first]), value))
    if is_float(expected):
        lines.append("    %s; all: %.3g eps of max|expected|" % (_ulps(expected, obtained, first), eps))
    return "\n".join(lines)


def _ulps(expected, obtained, first):
    pair = expected.values().reshape(-1)[first], obtained.values().reshape(-1)[first]
    if not np.isfinite(pair).all():
        return "ULP distance undefined"
    return "%d ULP" % ulps_between(_words(expected)[first], _words(obtained)[first], expected.dtype)


def _shown(value):
    """The shortest decimal that is this number."""
    return repr(value.item()) if value.dtype.kind != "f" else np.format_float_scientific(value, trim="0")


def _array_names(expected, obtained):
    """The report of arrays that are missing, new or in another order."""
    report = _listed("missing", [name for name in expected if name not in obtained])
    report += _listed("not expected", [name for name in obtained if name not in expected])
    if not report and expected != obtained:
        report = ["arrays are in another order:"] + _diff(expected, obtained)
    return report


def _listed(what, names):
    """A line for each name, or where they are many, as after an error, one line."""
    if len(names) <= 4:
        return ["%s: %s" % (name, what) for name in names]
    return ["%d arrays %s: %s, ..., %s" % (len(names), what, ", ".join(names[:2]), names[-1])]


def _raised(expected, obtained):
    """A headline where one of them raised, or both did but not the same; the messages help to see why."""
    one, other = expected.facts.get("raised"), obtained.facts.get("raised")
    if one == other:
        return []
    return ["expected %s\n    obtained %s" % (_ending(one, expected.notes), _ending(other, obtained.notes))]


def _ending(raised, notes):
    if raised is None:
        return "no error"
    told = notes.get("message") or notes.get("signal") or notes.get("stderr") or ""
    return "%s in phase %s: %s" % (raised["type"], raised["phase"], told)


def _facts(expected, obtained, ignored):
    """The report of facts that differ; `raised` has its own."""
    report = []
    for key in sorted(set(expected) | set(obtained)):
        if key != "raised" and "facts." + key not in ignored:
            report += _value("facts." + key, expected.get(key, _ABSENT), obtained.get(key, _ABSENT))
    return report


def _value(path, one, other):
    """The report of two JSON values."""
    if _json(one) == _json(other):
        return []
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(set(one) | set(other))
        lines = [_value("%s.%s" % (path, key), one.get(key, _ABSENT), other.get(key, _ABSENT)) for key in keys]
        return [line for lines in lines for line in lines]
    if isinstance(one, list) and isinstance(other, list):
        return ["%s:" % path] + _diff([_json(item) for item in one], [_json(item) for item in other])
    return ["%s: expected %s, obtained %s" % (path, _json(one), _json(other))]


def _diff(one, other):
    """Lines of two lists of strings, marked `-` expected and not there, `+` there and not expected."""
    return ["    " + line for line in difflib.ndiff(one, other) if not line.startswith("?")]


def _json(value):
    return "nothing" if value is _ABSENT else json.dumps(value, sort_keys=True)
