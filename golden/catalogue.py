"""The case catalogue: JSON files, one per family, completed with defaults and checked on loading.

A case is a dict: `id`, `family`, `about`; `input` (`shape`, `dtype`, `values`, `static`); `args` of the call;
`training` (`fed`: given anew at each step, else a constant); `steps` (`train` or `infer`, what `fed` is, and between
them what happens to the layers, see `LIFE`); `start` (`set`: variables get generated values, `initial`: they stay as
initialized); `modes`; `portable`.  Optional: `more_inputs`, `calls`, `scope`, `inside`, `form`, `call_with`, `mask`,
`second_order`, `train_op`.
"""

import collections
import os
import re

from golden import files, inputs
from golden.files import DataError

MODES = ("graph-v1", "graph-v2", "eager", "function")

#: Steps that run nothing: they freeze and thaw the layers of the class form, write a checkpoint and read it again.
LIFE = ("freeze", "thaw", "save", "restore")

_ID = re.compile(r"^[a-z0-9-]{1,80}$")
_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "catalogue")
_DEFAULTS = {
    "args": {},
    "training": "fed",
    "steps": ["train", "train", "infer"],
    "start": "set",
    "modes": list(MODES),
    "portable": True,
}
_OPTIONAL = {
    "more_inputs", "calls", "scope", "inside", "form", "call_with", "mask", "second_order", "train_op",
}  # fmt: skip
_KNOWN = set(_DEFAULTS) | _OPTIONAL | {"id", "family", "about", "input"}

#: More elements than this take kernels of TensorFlow that depend on the number of threads.
_ELEMENTS = 131072

#: Inputs that cases name instead of spelling them out.
INPUTS = {
    "r2": {"shape": [8, 3]},
    "r3": {"shape": [4, 3, 3]},
    "r4": {"shape": [4, 3, 2, 3]},
    "r5": {"shape": [2, 2, 3, 2, 3]},
}


def load(directory=_HERE):
    """All cases in a fixed order.

    Returns:
      OrderedDict of id to case, families in alphabetical order, cases in file order.

    Raises:
      DataError: a malformed file or case; the message names the file and the case.
    """
    cases = collections.OrderedDict()
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".json"):
            continue
        _add_family(os.path.join(directory, name), cases)
    return cases


def _add_family(path, cases):
    """Adds the cases of a file.

    Raises:
      DataError: it is not a family of cases.
    """
    family = files.read_json(path, dict)
    try:
        for raw in family["cases"]:
            case = completed(raw, family)
            _check(case, cases, os.path.basename(path))
            cases[case["id"]] = case
    except DataError:
        raise
    except (TypeError, LookupError, ValueError, AttributeError) as error:
        raise DataError("%s is not a family of cases (%s: %s)" % (path, type(error).__name__, error)) from None


def select(cases, mode):
    """The ids of the cases that run in a mode, in order."""
    return [case_id for case_id, case in cases.items() if mode in case["modes"]]


def completed(raw, family):
    """A case with all that its family, and then the catalogue, says of it where it says nothing itself."""
    case = dict(_DEFAULTS)
    case.update(family.get("defaults", {}))
    case.update(raw)
    case["family"] = family["family"]
    case["input"] = _complete_input(case.get("input", "r4"))
    if "more_inputs" in case:
        case["more_inputs"] = [_complete_input(spec) for spec in case["more_inputs"]]
    return case


def unknown_axes(spec):
    """The axes of an input of which a graph does not know the size; None where it does not know the rank either."""
    rank, static = len(spec["shape"]), spec.get("static", "unknown-batch")
    return {
        "full": set(),
        "unknown-batch": {0},
        "unknown-spatial": set(range(rank - 1)),
        "unknown-channels": {rank - 1},
        "unknown-all": set(range(rank)),
        "unknown-rank": None,
    }[static]


def _complete_input(spec):
    if not isinstance(spec, dict):
        return dict(INPUTS[spec])
    completed = dict(INPUTS[spec["like"]]) if "like" in spec else {}
    completed.update((key, value) for key, value in spec.items() if key != "like")
    return completed


def _check(case, cases, file_name):
    where = "%s: case %r" % (file_name, case.get("id"))
    if not _ID.match(case.get("id", "")):
        raise DataError("%s: an id matches [a-z0-9-]{1,80}" % where)
    if case["id"] in cases:
        raise DataError("%s: the id is taken" % where)
    unknown = set(case) - _KNOWN
    if unknown:
        raise DataError("%s: unknown keys %s; known are %s" % (where, sorted(unknown), sorted(_KNOWN)))
    if not set(case["modes"]) <= set(MODES) or not case["modes"]:
        raise DataError("%s: modes %r are not among %r" % (where, case["modes"], MODES))
    if not set(case["steps"]) <= {"train", "infer"} | set(LIFE):
        raise DataError("%s: steps are `train`, `infer`, %s" % (where, ", ".join("`%s`" % step for step in LIFE)))
    for spec in [case["input"]] + case.get("more_inputs", []):
        if not _is_input(spec):
            raise DataError(
                "%s: an input has a shape of fewer than %d elements, known values; got %r" % (where, _ELEMENTS, spec)
            )
    if not case.get("about"):
        raise DataError("%s: say what the case is about" % where)


def _is_input(spec):
    """Whether an input can be made: its shape is a list of lengths that fits into memory, its values are known."""
    elements = 1
    for length in spec["shape"]:
        if type(length) is not int or length < 0:
            return False
        elements *= max(length, 1)
    known = isinstance(spec.get("dtype", "float32"), str) and spec.get("values", "dyadic") in inputs.SHAPERS
    return known and elements < _ELEMENTS
