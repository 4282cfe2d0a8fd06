"""Where we differ from the real function, and why: rows, each with a case that shows it."""

import collections

from golden import catalogue, patterns

#: name; reason; where: whether a case on a Keras and in a mode may show the difference; shows: (Keras, mode, case);
#: arrays: a pattern of those that may differ; None: the whole case.
Row = collections.namedtuple("Row", "name reason where shows arrays", defaults=(None,))


def _thaws_what_was_made_frozen(case, keras, mode):
    return not case["args"].get("trainable", True) and "thaw" in case["steps"] and mode in ("eager", "function")


def _kept_size_unknown(case, keras, mode):
    rank, unknown = len(case["input"]["shape"]), catalogue.unknown_axes(case["input"])
    axis = case["args"].get("axis", -1)
    kept = {a % rank for a in (axis if isinstance(axis, list) else [axis]) if isinstance(a, int)}
    return mode == "function" and (rank == 1 or bool(kept if unknown is None else kept & unknown))


def _unknown_regularizer(case, keras, mode):
    return "no_such_regularizer" in (case["args"].get("beta_regularizer"), case["args"].get("gamma_regularizer"))


def _slash(case, keras, mode):
    return "/" in str(case["args"].get("name")) and keras == "keras3" and mode in ("eager", "function")


def _one_element(case, keras, mode):
    return mode in ("graph-v1", "graph-v2") and case["input"]["shape"] == [1]


def _calls_in_a_function(case, keras, mode):
    return mode == "function" and keras == "keras3" and len(case.get("calls", ())) > 1


ROWS = (
    Row(
        "thaw",
        "Outside of graphs, gamma and beta of a layer that was made frozen never train in tf.layers, even once the "
        "layer is thawed; ours do, as those of every Keras layer.",
        _thaws_what_was_made_frozen,
        ("keras2", "eager", {"args": {"trainable": False}, "form": "class", "steps": ["thaw", "train"]}),
    ),
    Row(
        "size of the kept axis in a function",
        "In a function that is traced for rank 1, or for a kept axis of unknown size, tf.layers fails for "
        "some shapes with errors from inside of it; ours has known the size since it was built.",
        _kept_size_unknown,
        ("keras2", "function", {"input": {"shape": [3]}, "steps": ["train"]}),
    ),
    Row(
        "unknown regularizer",
        "Keras 2 hands the name of a regularizer that it does not know on as it is, and fails when it is called, with "
        "a TypeError; ours refuses it with the ValueError of every other unknown name.",
        _unknown_regularizer,
        ("keras2", "eager", {"args": {"beta_regularizer": "no_such_regularizer"}, "steps": ["train"]}),
    ),
    Row(
        "slash",
        "A layer of Keras 3 outside of v1 graphs can have no slash in its name.",
        _slash,
        ("keras3", "eager", {"args": {"name": "a/b"}, "steps": ["train"]}),
    ),
    Row(
        "one element",
        "In a graph, for an input of shape [1], tf.layers squeezes its moments to scalars and cannot build the "
        "conditional that a tensor for `training` takes; ours can.",
        _one_element,
        ("keras2", "graph-v1", {"input": {"shape": [1], "static": "full"}, "steps": ["train"]}),
    ),
    Row(
        "order of a sum",
        "A tape adds what several calls give to one gradient in an order that depends on how many operations it has "
        "seen; the real function's updates are conditionals where ours choose between two values. A sum that cancels "
        "may differ by much.",
        _calls_in_a_function,
        (
            "keras3",
            "function",
            {
                "args": {"axis": 3},
                "calls": [{"layer": "a"}, {"layer": "a", "training": "fed"}],
                "form": "class",
                "id": "fuzz-7",
                "input": {"dtype": "float64", "shape": [4, 2, 1, 3]},
                "start": "initial",
                "steps": ["infer", "train"],
            },
        ),
        arrays="s?/d:*|s?/d2:*",
    ),
)


def rows_of(case, keras, mode):
    """The rows that a case may show."""
    return [row for row in ROWS if row.where(case, keras, mode)]


def excused(names, rows):
    """Those of the names of differing arrays that a row is about."""
    return {name for name in names for row in rows if row.arrays and patterns.matches("array", row.arrays, name)}
