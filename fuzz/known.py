"""Where we differ from the real function on purpose: rows, each with a case that shows it."""

import collections

from golden import catalogue

#: name; reason; where: whether a case on a Keras and in a mode may show the difference; shows: (Keras, mode, case).
Row = collections.namedtuple("Row", "name reason where shows")


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
)


def row_of(case, keras, mode):
    """The first row that a case may show, None if there is none."""
    return next((row for row in ROWS if row.where(case, keras, mode)), None)
