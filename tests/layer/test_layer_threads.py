"""Many threads on one layer: no deadlock, no torn state, one trace for one signature."""

import threading

import numpy as np
import pytest

from features import tf
from kernels import KERNELS, batch, close, values
from tfcompat.layers import BatchNormalization

pytestmark = pytest.mark.needs("tf2")

#: Seconds after which threads are taken to hang.
PATIENCE = 120.0
THREADS, CALLS = 8, 25


def run_all(workers):
    """Runs functions in threads at once; raises what they raise, or if they do not end."""
    failures, started = [], threading.Barrier(len(workers))

    def guarded(work):
        try:
            started.wait()
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "threads hang"
    if failures:
        raise failures[0]


@pytest.mark.parametrize("kind", ["fused", "unfused", "renorm", "virtual"])
@pytest.mark.parametrize("in_function", [True, False])
def test_one_thread_trains_while_others_infer(kind, in_function):
    arguments, shape, _ = KERNELS[kind]
    layer, alone = (BatchNormalization(momentum=0.5, **arguments) for _ in range(2))
    x = tf.constant(batch(shape))
    traces = []

    def step(x, training):
        traces.append(training)
        return layer(x, training=training)

    call = tf.function(step) if in_function else step
    for one in (layer, alone):
        one(x, training=False)
    outputs = []
    train = lambda: [call(x, True) for _ in range(CALLS)]  # noqa: E731
    infer = lambda: [outputs.append(call(x, False).numpy()) for _ in range(CALLS)]  # noqa: E731
    run_all([train] + [infer] * THREADS)
    expected = [values(alone)]
    for _ in range(CALLS):
        alone(x, training=True)
        expected.append(values(alone))
    for name, value in expected[-1].items():
        close(values(layer)[name], value, eps=8)
    assert len(outputs) == THREADS * CALLS
    seen = np.array([output.reshape(-1, shape[-1])[0] for output in outputs])
    assert np.isfinite(seen).all()
    if in_function:
        assert len(traces) == 2, "one trace for each value of training"


def test_threads_that_build_one_layer_make_its_variables_once():
    layer = BatchNormalization(momentum=0.5)
    x = tf.constant(batch())
    run_all([lambda: layer(x, training=False)] * THREADS)
    assert len(layer.weights) == 4


@pytest.mark.parametrize("fused", [True, False])
def test_outputs_come_of_values_that_the_averages_had(fused):
    layer = BatchNormalization(momentum=0.5, fused=fused, center=False, scale=False, epsilon=1e-3)
    x = tf.constant(batch((64, 2, 2, 3)))
    layer(x, training=False)
    states, outputs = [values(layer)], []

    def train():
        for _ in range(CALLS):
            layer(x, training=True)
            states.append(values(layer))

    run_all([train] + [lambda: [outputs.append(layer(x, training=False).numpy()) for _ in range(CALLS)]] * THREADS)
    first = np.asarray(x, "float64")[0, 0, 0]
    pairs = [
        (first - mean["moving_mean"]) / np.sqrt(variance["moving_variance"] + 1e-3)
        for mean in states
        for variance in states
    ]
    for output in outputs:
        nearest = min(np.max(np.abs(output[0, 0, 0] - pair)) for pair in pairs)
        assert nearest < 1e-5
