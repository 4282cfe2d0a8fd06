"""What one replica of several does; whole steps of several processes and devices are in tests/distribution."""

import json
import subprocess
import sys
import types

import pytest

from features import tf
from tfcompat.backend import replicas

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

for keep_dims in (False, True):
    mean, variance = of_each(two, lambda x: synchronized_moments(x, (0, 1), keep_dims))
    shape = (1, 1, 3) if keep_dims else (3,)
    found["moments keep_dims=%s" % keep_dims] = [
        bool(np.shape(value) == shape and np.allclose(np.ravel(value), expected, rtol=1e-6))
        for values, expected in ((mean, whole.mean((0, 1))), (variance, whole.var((0, 1))))
        for value in values
    ]
half = [part.astype("float16") for part in parts]
mean, _ = of_each(two, lambda x: synchronized_moments(x, (0, 1), False), half)
found["half"] = [value.dtype.name for value in mean]


def presence(**arguments):
    sizes = [np.zeros((0, 3), "float32"), np.zeros((1, 1), "float32")]

    def look(x):
        present = empty.presence(x, Config(**arguments))
        return [tf.constant(present is not None), tf.constant(False) if present is None else present]

    return [told(values) for values in of_each(two, look, sizes)]


found["presence"] = presence()
found["presence keep"] = presence(empty_batch="keep")
found["presence synchronized"] = presence(synchronized=True)
found["presence synchronized keep"] = presence(synchronized=True, empty_batch="keep")

with two.scope():
    layer = tfcompat.BatchNormalization(momentum=0.5, empty_batch="keep", synchronized=True)
    layer.build((None, 2, 3))
of_each(two, lambda x: [layer(x, training=True)], [np.zeros((0, 2, 3), "float32"), parts[1]])
found["averages"] = np.abs(np.asarray(layer.moving_mean) - parts[1].mean((0, 1)) / 2).max() < 1e-6
found = {name: bool(value) if isinstance(value, np.bool_) else value for name, value in found.items()}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found():
    """What the program prints."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("{")]  # TensorFlow warns around it
    return json.loads(line)


def test_several_replicas_are_those_of_a_strategy_that_has_them(found):
    outside, across, of_one, of_two, of_the_other = found["several"]
    assert (outside, across, of_one, of_two, of_the_other) == (False, False, False, True, True)


def test_total_is_the_sum_over_all_replicas_on_each(found):
    sums, sizes = found["total"]
    assert sums == pytest.approx([found["sum"]] * 2, rel=1e-6)
    assert sizes == [48, 48]


@pytest.mark.parametrize("keep_dims", [False, True])
def test_moments_are_those_of_all_elements_on_each(found, keep_dims):
    assert found["moments keep_dims=%s" % keep_dims] == [True] * 4


def test_moments_have_the_dtype_of_the_input(found):
    assert found["half"] == ["float16", "float16"]


@pytest.mark.parametrize(
    "asked, knows, has",
    [
        ("presence", [True, True], [False, True]),
        ("presence keep", [True, True], [False, True]),
        ("presence synchronized", [False, False], [False, False]),
        ("presence synchronized keep", [True, True], [True, True]),
    ],
)
def test_replica_knows_whether_it_has_examples_and_a_synchronized_one_whether_any_has(found, asked, knows, has):
    assert found[asked] == [knows, has]


def test_synchronized_averages_are_those_of_the_replicas_that_have_examples(found):
    assert found["averages"] is True


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
