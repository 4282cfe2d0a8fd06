"""The layer's averages are those that an explanation of the same call tells, step by step."""

import numpy as np
import pytest

from features import tf
from kernels import values
from tfcompat.config import Config
from tfcompat.explanation import explanation
from tfcompat.layers import BatchNormalization

IMAGE = (8, 2, 3, 4)
STEPS = 5


def batch(shape=IMAGE):
    """Mean 1 and biased variance 4 in every channel, also of every other example, as virtual batches take them."""
    signs = np.where(np.arange(shape[0]) // 2 % 2, 1.0, -1.0)
    return np.broadcast_to((1 + 2 * signs).reshape((-1,) + (1,) * (len(shape) - 1)), shape).astype("float32")


def check(layer, **expected):
    """Every channel of every average is the one number that is expected."""
    for name, number in expected.items():
        found = values(layer)[name]
        np.testing.assert_allclose(found, np.full(found.shape, number), rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "arguments",
    [
        *({}, {"fused": False}, {"virtual_batch_size": 4}, {"renorm": True, "epsilon": 0.25}),
        {"renorm": True, "release": "1.14"},
        *({"momentum": 0.0}, {"momentum": 1.0}, {"momentum": -0.5}, {"momentum": 1.5}),
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [IMAGE, (8, 3)], ids=str)
def test_averages_are_those_that_are_told(arguments, shape):
    arguments = dict({"momentum": 0.75}, **arguments)
    layer = BatchNormalization(**arguments)
    release = arguments.pop("release", tf.__version__)
    told = explanation(Config(**arguments), shape, "float32", release, training=True, steps=STEPS)
    rows = {row.step: row for row in told.averages.rows}
    for step in range(1, STEPS + 1):
        layer(tf.constant(batch(shape)), training=True)
        if step in rows:
            check(layer, moving_mean=rows[step].moving_mean, moving_variance=rows[step].moving_variance)
    assert STEPS in rows
    if rows[STEPS].moving_stddev is not None:
        check(layer, moving_stddev=rows[STEPS].moving_stddev)


@pytest.mark.parametrize(
    "arguments, training, codes",
    [
        *(({}, False, ["training-off"]), ({}, "left out", ["training-off"])),
        *(({"freeze_statistics": True}, True, []), ({"updates": "skip"}, True, [])),
    ],
)
def test_averages_stand_still_where_it_is_told(arguments, training, codes):
    layer = BatchNormalization(**arguments)
    layer(tf.constant(batch()), **({} if training == "left out" else {"training": training}))
    told = explanation(Config(**arguments), IMAGE, "float32", tf.__version__, training=training)
    assert [found.code for found in told.advice] == codes and not told.call.averages_move
    check(layer, moving_mean=0.0, moving_variance=1.0)
