"""`numerics="fast"`: the same numbers but for rounding, whichever engine computes them, and exact ones for a reason."""

import functools

import numpy as np
import pytest

import tfcompat
from features import tf
from kernels import IMAGE, KERNELS, batch, close, values
from tfcompat.backend import ops
from tfcompat.kernels import engines
from tfcompat.layers import BatchNormalization, batch_normalization
from tfcompat.plan import resolve

tf1 = tf.compat.v1
ENGINES = {"plain": engines.PLAIN, "compiled": engines.COMPILED}
FAST = sorted(set(KERNELS) - {"adjustment"})


@pytest.fixture(params=sorted(ENGINES))
def engine(request, monkeypatch):
    """One engine for all inputs."""
    rows = [row._replace(least=0, onednn=None, engine=ENGINES[request.param]) for row in engines.ROWS]
    monkeypatch.setattr(engines, "ROWS", rows)


def trained(kernel, wrap=lambda step: step, training=True, **arguments):
    """Output, gradients and variables after a training step."""
    layer = BatchNormalization(**KERNELS[kernel][0], **arguments)
    x, weight = tf.constant(batch(KERNELS[kernel][1])), tf.constant(batch(KERNELS[kernel][1], seed=2))
    layer.build(x.shape)

    def step(x, training):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            loss = tf.reduce_sum(y * weight)
        return [y] + tape.gradient(loss, [x, layer.gamma, layer.beta])

    return [*wrap(step)(x, training), *(value for _, value in sorted(values(layer).items()))]


def agree(fast, exact):
    for got, expected in zip(fast, exact):
        close(got, expected)


@pytest.mark.parametrize("kernel", FAST)
def test_eager_step_agrees_with_the_exact_one(kernel, engine):
    agree(trained(kernel, numerics="fast"), trained(kernel))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kernel", FAST)
def test_step_in_a_function_that_is_told_training_agrees_with_the_exact_one(kernel, training, engine):
    fed = {"training": tf.constant(training), "wrap": tf.function}
    agree(trained(kernel, numerics="fast", **fed), trained(kernel, **fed))


@pytest.mark.parametrize("kernel", FAST)
def test_inference_agrees_with_the_exact_one(kernel, engine):
    agree(trained(kernel, training=False, numerics="fast"), trained(kernel, training=False))


@pytest.mark.needs("jit-compile")
@pytest.mark.parametrize("kernel", FAST)
def test_step_that_xla_compiles_as_a_whole_agrees_with_the_exact_one(kernel):
    as_a_whole = functools.partial(tf.function, jit_compile=True)
    agree(trained(kernel, numerics="fast", wrap=as_a_whole), trained(kernel))


@pytest.mark.graph
@pytest.mark.parametrize("fed", [True, False])
@pytest.mark.parametrize("kernel", FAST)
def test_graph_agrees_with_the_exact_one(kernel, fed, engine):
    x = batch(KERNELS[kernel][1])
    results = []
    for numerics in ("fast", "exact"):
        with tf.Graph().as_default(), tf1.Session() as session:
            inputs, training = tf.constant(x), tf1.placeholder_with_default(fed, ())
            y = batch_normalization(inputs, training=training, numerics=numerics, **KERNELS[kernel][0])
            variables = tf1.global_variables()
            gradients = tf1.gradients(y * tf.constant(batch(x.shape, seed=2)), [inputs, *tf1.trainable_variables()])
            session.run(tf1.global_variables_initializer())
            with tf.control_dependencies(gradients):
                outputs = [y, *gradients]
            results.append(session.run(outputs))
            session.run(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS))
            results[-1] += session.run(variables)
    agree(*results)


def test_second_derivatives_are_those_of_the_newest_release(engine):
    found = []
    for chosen in ({"numerics": "fast"}, {"release": "2.22"}):
        layer = BatchNormalization(fused=False, **chosen)
        x = tf.constant(batch())
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(layer(x, training=True) ** 3)
            slope = tf.reduce_sum(tape.gradient(loss, x) ** 2)
        found.append(outer.gradient(slope, x))
    close(found[0], found[1], eps=512)


def test_other_batch_sizes_give_the_numbers_of_new_functions(engine):
    layer, other = BatchNormalization(numerics="fast"), BatchNormalization()
    for size in (6, 2, 9, 1, 6):
        x = tf.constant(batch((size, 3)))
        close(layer(x, training=True), other(x, training=True))
        close(layer(x, training=False), other(x, training=False))


def test_empty_batch_gives_an_empty_output(engine):
    layer = BatchNormalization(numerics="fast")
    assert layer(tf.zeros((0, 3)), training=False).shape == (0, 3)
    assert layer(tf.zeros((0, 3)), training=True).shape == (0, 3)
    assert np.isnan(np.asarray(values(layer)["moving_mean"])).all()


@pytest.mark.parametrize("chosen", ["argument", "around", "process"])
def test_numerics_are_chosen_in_three_ways(chosen):
    try:
        if chosen == "argument":
            layer = BatchNormalization(numerics="fast")
        elif chosen == "around":
            with tfcompat.numerics("fast"):
                layer = BatchNormalization()
        else:
            tfcompat.set_numerics("fast")
            layer = BatchNormalization()
    finally:
        tfcompat.set_numerics(None)
    layer.build(IMAGE)
    assert (layer.numerics, layer.plan.fast_vetoes) == ("fast", ())
    assert BatchNormalization().numerics == "exact"


def test_subclass_with_moments_of_its_own_stays_exact():
    class Mine(BatchNormalization):
        def _moments(self, inputs, reduction_axes, keep_dims, mask=None):
            mean, variance = super()._moments(inputs, reduction_axes, keep_dims, mask=mask)
            return mean + 1, variance

    mine, usual = Mine(fused=False, numerics="fast"), BatchNormalization(fused=False)
    x = tf.constant(batch())
    assert np.all(np.asarray(mine(x, training=True)) < np.asarray(usual(x, training=True)))
    assert mine.plan.fast_vetoes == ("a subclass takes the moments",)


def test_small_eager_and_fused_onednn_inputs_go_the_exact_way(monkeypatch):
    def chosen(shape, onednn, **arguments):
        layer = BatchNormalization(numerics="fast", **arguments)
        monkeypatch.setattr(ops, "HAS_ONEDNN", onednn)
        plan = resolve(layer.config, layer._state.behaviour, shape, "float32")
        return engines.choose(plan, tf.zeros(shape), True)

    best = engines.COMPILED if ops.HAS_XLA else engines.PLAIN
    assert chosen((8, 4, 4, 3), True) is engines.EXACT
    assert chosen((32, 32, 32, 8), True) is engines.EXACT
    assert chosen((8, 4, 4, 3), False) is engines.EXACT
    assert chosen((32, 64, 64, 16), False) == best
    assert chosen((256, 1024), True) == best
    assert chosen((8, 3), True) is engines.EXACT


@pytest.mark.parametrize("engine", [engines.COMPILED, engines.INLINED])
def test_without_xla_plain_operations_compute_the_same(engine, monkeypatch):
    monkeypatch.setattr(ops, "HAS_XLA", False)
    monkeypatch.setattr(engines, "ROWS", [row._replace(least=0, engine=engine) for row in engines.ROWS])
    plan = resolve(BatchNormalization(numerics="fast").config, BatchNormalization()._state.behaviour, (6, 3), "float32")
    assert engines.choose(plan, tf.zeros((6, 3)), True) == engines.PLAIN
