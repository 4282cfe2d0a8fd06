"""The picture of which elements share a mean and a variance, drawn from a plan."""

from xml.sax.saxutils import escape

import numpy as np

from tfcompat.config import Config
from tfcompat.plan import resolve
from tfcompat.releases import RELEASES, behaviour

#: Shape of the input in the pictures: few enough elements to count.
SHAPE = (4, 2, 2, 3)

#: The calls that are drawn.
CALLS = ({"axis": -1}, {"axis": 1}, {"axis": [1, 3]}, {"axis": -1, "virtual_batch_size": 2})

_COLOURS = ("#9ad0f5", "#f7c873", "#a8dba8", "#f2a7a0", "#d3b8f0", "#e6e08a")
_CELL, _GAP, _LEFT, _TOP = 20, 12, 62, 34


def plan_of(arguments, shape=SHAPE):
    """The plan of a call on the newest release, for float32 input."""
    newest = behaviour(RELEASES[-1])
    return resolve(Config(**arguments).validated(newest), newest, shape, "float32")


def groups(plan, shape):
    """For each element of an input, the number of the group of elements whose statistics it shares.

    Args:
      plan: of the layer; virtual batches put one axis in front.
      shape: of the input, all known; virtual batches divide its first dimension.

    Returns:
      int array of this shape, numbered from 0.
    """
    seen = list(shape)
    if plan.virtual_batch_size is not None:
        seen[:1] = [plan.virtual_batch_size, shape[0] // plan.virtual_batch_size]
    kept = [axis for axis in range(len(seen)) if axis not in plan.reduction_axes]
    numbers = np.ravel_multi_index(np.indices(seen)[kept], [seen[axis] for axis in kept])
    return numbers.reshape(shape)


def figure():
    """All calls, as HTML."""
    return '<div class="sharing">{}</div>'.format("".join(_one(arguments) for arguments in CALLS))


def _one(arguments):
    numbers = groups(plan_of(arguments), SHAPE)
    count = numbers.max() + 1
    call = ", ".join("{}={!r}".format(*item) for item in arguments.items())
    told = "{} groups of {} values".format(count, numbers.size // count)
    return "<figure>{}<figcaption><code>{}</code><br>{}</figcaption></figure>".format(
        _svg(numbers, "{}: {}".format(call, told)), escape(call), told
    )


def _svg(numbers, title):
    examples, rows, columns, channels = numbers.shape
    wide, high = columns * _CELL + _GAP, rows * _CELL + _GAP
    parts = ["<title>{}</title>".format(escape(title))]
    for n in range(examples):
        parts.append(_text(_LEFT + n * wide + columns * _CELL / 2, _TOP - 8, "image {}".format(n), "middle"))
    for c in range(channels):
        parts.append(_text(_LEFT - 8, _TOP + c * high + rows * _CELL / 2 + 4, "channel {}".format(c), "end"))
    for (n, i, j, c), number in np.ndenumerate(numbers):
        parts.append(_cell(_LEFT + n * wide + j * _CELL, _TOP + c * high + i * _CELL, number))
    size = (_LEFT + examples * wide, _TOP + channels * high)
    return '<svg viewBox="0 0 {} {}" role="img">{}</svg>'.format(*size, "".join(parts))


def _cell(x, y, number):
    box = '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="#444"/>'
    return box.format(x, y, _CELL, _CELL, _COLOURS[number % len(_COLOURS)]) + _text(
        x + _CELL / 2, y + _CELL / 2 + 4, number, "middle", "#111"
    )


def _text(x, y, text, anchor, colour="currentColor"):
    return '<text x="{:g}" y="{:g}" text-anchor="{}" font-size="11" fill="{}">{}</text>'.format(
        x, y, anchor, colour, text
    )
