"""What one replica of several does; whole steps of several processes and devices are in tests/distribution."""

import json
import subprocess
import sys
import types

import pytest

from features import tf
from tfcompat.backend import replicas
from tfcompat.kernels import replicas as synchronizing

pytestmark = pytest.mark.needs("tf2")

#: In a process of two virtual devices: what is asked of the context, and batches of 3 and 5 elements, of which the
#: first replica has none in the end.
PROGRAM = """
import json

import numpy as np
import tensorflow as tf

tf.config.experimental.set_virtual_device_configuration(
    tf.config.experimental.list_physical_devices("CPU")[0],
    [tf.config.experimental.VirtualDeviceConfiguration() for _ in range(2)],
)

import tfcompat
from tfcompat.backend import replicas
from tfcompat.config import Config
from tfcompat.kernels import empty
from tfcompat.kernels.replicas import synchronized_moments

one, two = tf.distribute.MirroredStrategy(["CPU:0"]), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
random = np.random.RandomState(1)
parts = [random.normal(3, 2, (size, 2, 3)).astype("float32") for size in (3, 5)]
whole = np.concatenate(parts).astype("float64")


def of_each(strategy, function, parts=parts):
    def run():
        context = tf.distribute.get_replica_context()
        return function(tf.constant(parts[context.replica_id_in_sync_group]))

    found = strategy.run(tf.autograph.experimental.do_not_convert(run))
    return [strategy.experimental_local_results(value) for value in found]


def told(values):
    return [np.asarray(value).tolist() for value in values]


found = {"several": [replicas.several()]}
with two.scope():
    found["several"].append(replicas.several())
for strategy in (one, two):
    found["several"] += told(of_each(strategy, lambda x: [tf.constant(replicas.several())])[0])

total = of_each(two, lambda x: replicas.total([tf.reduce_sum(x), tf.cast(tf.size(x), tf.float32)]))
found["total"] = [told(total[0]), told(total[1])]
found["sum"] = float(whole.sum())



def of_all(parts, rtol, keep_dims=False, masks=None):
    # Whether mean and variance on each replica are those of all elements that the masks leave.

    def moments(x):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        mask = None if masks is None else tf.constant(masks[replica])
        return synchronized_moments(x, (0, 1), keep_dims, mask)

    whole = np.concatenate(parts).astype("float64")
    left = whole if masks is None else whole[np.concatenate(masks)][:, None]
    shape = (1, 1, whole.shape[-1]) if keep_dims else whole.shape[-1:]
    return [
        bool(
            value.dtype.name == parts[0].dtype
            and tuple(value.shape) == shape
            and np.allclose(np.ravel(value), expected, rtol=rtol)
        )
        for values, expected in zip(of_each(two, moments, parts), (left.mean((0, 1)), left.var((0, 1))))
        for value in values
    ]


found["moments"] = of_all(parts, 1e-6)
found["moments of rank 3"] = of_all(parts, 1e-6, keep_dims=True)
found["moments of one channel"] = of_all([part[..., :1] for part in parts], 1e-6)
found["moments of float64"] = of_all([part.astype("float64") for part in parts], 1e-13)
found["moments whose sums overflow"] = of_all([np.float16(50 * part + 30000) for part in parts], 2e-3)
masks = [np.array([[True, False], [False, False], [True, True]]), random.uniform(size=(5, 2)) < 0.5]
found["moments under a mask"] = of_all(parts, 1e-6, masks=masks)
found["moments under a mask of rank 3"] = of_all(parts, 1e-6, keep_dims=True, masks=masks)


def presence(second=1, **arguments):
    sizes = [np.zeros((0, 3), "float32"), np.zeros((second, 1), "float32")]

    def look(x):
        present = empty.presence(x, Config(**arguments))
        return [tf.constant(present is not None), tf.constant(False) if present is None else present]

    return [told(values) for values in of_each(two, look, sizes)]


found["presence"] = presence()
found["presence keep"] = presence(empty_batch="keep")
found["presence synchronized"] = presence(synchronized=True)
found["presence synchronized keep"] = presence(synchronized=True, empty_batch="keep")
found["presence of none"] = presence(second=0, synchronized=True, empty_batch="keep")

with two.scope():
    layer = tfcompat.BatchNormalization(momentum=0.5, empty_batch="keep", synchronized=True)
    layer.build((None, 2, 3))
of_each(two, lambda x: [layer(x, training=True)], [np.zeros((0, 2, 3), "float32"), parts[1]])
found["averages"] = np.abs(np.asarray(layer.moving_mean) - parts[1].mean((0, 1)) / 2).max() < 1e-6
found = {name: bool(value) if isinstance(value, np.bool_) else value for name, value in found.items()}
print(json.dumps(found))
"""


def test_replicas_add_up_what_each_of_them_has():
    """One test, since a hunt of mutants attributes what a program runs to the test that runs it."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("{")]  # TensorFlow warns around it
    found = json.loads(line)
    # Outside, between replicas, the one of one, and the two of two.
    assert found["several"] == [False, False, False, True, True]
    sums, sizes = found["total"]
    assert sums == pytest.approx([found["sum"]] * 2, rel=1e-6)
    assert sizes == [48, 48]
    moments = {name: agrees for name, agrees in found.items() if name.startswith("moments")}
    assert moments == dict.fromkeys(moments, [True] * 4) and len(moments) == 7
    # Whether a replica knows if there are examples, and whether there are; only the second has some.
    assert found["presence"] == found["presence keep"] == [[True, True], [False, True]]
    assert found["presence synchronized"] == [[False, False], [False, False]]
    assert found["presence synchronized keep"] == [[True, True], [True, True]]
    assert found["presence of none"] == [[True, True], [False, False]]
    assert found["averages"] is True


def test_without_other_replicas_the_moments_are_the_ordinary_ones(monkeypatch):
    monkeypatch.setattr(synchronizing, "batch_moments", lambda *args: args)
    assert synchronizing.synchronized_moments("x", "axes", "keep_dims", "mask", "depends") == (
        *("x", "axes", "keep_dims"),
        *("mask", "depends"),
    )


def test_workers_that_do_not_wait_cannot_be_synchronized(monkeypatch):
    for kind in replicas._ASYNCHRONOUS:
        monkeypatch.setattr(tf.distribute, "get_strategy", lambda kind=kind: kind.__new__(kind))
        with pytest.raises(ValueError, match="synchronized=True") as refused:
            replicas.several()
        assert str(refused.value) == (
            "synchronized=True under ParameterServerStrategy, whose workers do not wait for each other: there is no "
            "batch of all of them. Drop synchronized, or use MirroredStrategy or MultiWorkerMirroredStrategy."
        )


@pytest.mark.parametrize(
    "extended, expected",
    [
        ({"experimental_enable_get_next_as_optional": True}, True),
        ({"experimental_enable_get_next_as_optional": False}, False),
        ({"enable_partial_batch_handling": True}, True),
        ({"enable_partial_batch_handling": False, "experimental_enable_get_next_as_optional": True}, False),
        ({}, False),
    ],
)
def test_replica_may_be_empty_where_its_strategy_deals_out_partial_batches(monkeypatch, extended, expected):
    strategy = types.SimpleNamespace(extended=types.SimpleNamespace(**extended))
    monkeypatch.setattr(tf.distribute, "has_strategy", lambda: True)
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: strategy)
    assert replicas.may_be_empty() is expected
    monkeypatch.setattr(tf.distribute, "has_strategy", lambda: False)
    assert replicas.may_be_empty() is False
