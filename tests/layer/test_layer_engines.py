"""Which engine computes what: the table, at the sizes where it changes."""

import re

import pytest

from features import HERE, tf
from tfcompat import releases
from tfcompat.backend import ops
from tfcompat.config import Config
from tfcompat.kernels import engines, fast
from tfcompat.kernels.engines import COMPILED, EXACT, INLINED, PLAIN
from tfcompat.plan import resolve

pytestmark = pytest.mark.needs("tf2")

#: Elements from which on an engine pays: in a graph or where there is much to save, and eagerly.
MANY, INFERRED, EAGER = 1 << 16, 1 << 20, 1 << 21


def chosen(
    kernel,
    elements,
    monkeypatch,
    eager=True,
    onednn=False,
    xla=True,
    jit_compile=None,
    training=True,
    dtype="float32",
    channels_first=False,
    more_axes=0,
):
    """The engine for an input with so many elements; None: of unknown batch."""
    shape = (1, 1, *[1] * more_axes, elements, 1)
    config = Config(axis=1 if channels_first else -1, fused=kernel == "fused", numerics="fast")
    plan = resolve(config, releases.behaviour(ops.RELEASE), shape, dtype)
    monkeypatch.setattr(ops, "HAS_ONEDNN", onednn)
    monkeypatch.setattr(ops, "HAS_XLA", xla)
    if eager:
        return engines.choose(plan, tf.zeros(shape, dtype), training)
    return chosen_in_a_graph(plan, shape, jit_compile, training, dtype)


def chosen_in_a_graph(plan, shape, jit_compile=None, training=True, dtype="float32"):
    """The engine for an input of which a graph knows this much, in a function that calls another one."""
    engine = []

    @tf.function(input_signature=[tf.TensorSpec(shape, dtype)], autograph=False)
    def traced(x):
        engine.append(engines.choose(plan, x, training))
        return x

    @tf.function(autograph=False, **({} if jit_compile is None else {"jit_compile": jit_compile}))
    def outer(x):
        return traced(x)

    outer(tf.zeros([3 if size is None else size for size in shape or ()], dtype))
    return engine[0]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("eager, least", [(True, EAGER), (False, MANY)])
def test_fused_is_compiled_for_large_inputs_without_onednn(eager, least, training, monkeypatch):
    for elements, engine in ((64, EXACT), (least - 1, EXACT), (least, COMPILED)):
        assert chosen("fused", elements, monkeypatch, eager, training=training) == engine
        assert chosen("fused", elements, monkeypatch, eager, training=training, onednn=True) is EXACT


@pytest.mark.parametrize("eager, least", [(True, EAGER), (False, MANY)])
@pytest.mark.parametrize(
    "other", [{"dtype": "float16"}, {"channels_first": True}, {"more_axes": 1}], ids=["16 bits", "first", "rank 5"]
)
def test_what_onednn_does_not_take_as_it_is_counts_as_without_it(other, eager, least, monkeypatch):
    for elements, engine in ((least - 1, EXACT), (least, COMPILED)):
        assert chosen("fused", elements, monkeypatch, eager, onednn=True, **other) == engine


@pytest.mark.parametrize("eager", [True, False])
def test_bfloat16_is_for_onednn(eager, monkeypatch):
    assert chosen("fused", EAGER, monkeypatch, eager, onednn=True, dtype="bfloat16") is EXACT


@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("training, least", [(True, MANY), (None, MANY), (False, INFERRED)])
def test_unfused_is_compiled_eagerly_for_large_inputs(training, least, onednn, monkeypatch):
    training = tf.Variable(False) if training is None else training  # whose value is not asked for
    for elements, engine in ((1, EXACT), (least - 1, EXACT), (least, COMPILED)):
        assert chosen("unfused", elements, monkeypatch, True, onednn, training=training) == engine


@pytest.mark.parametrize("value, least", [(True, MANY), (False, INFERRED)])
def test_training_may_be_a_tensor(value, least, monkeypatch):
    for elements, engine in ((least - 1, EXACT), (least, COMPILED)):
        assert chosen("unfused", elements, monkeypatch, training=tf.constant(value)) == engine


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("elements", [0, 1, MANY, None])
def test_unfused_is_compiled_in_any_graph(elements, onednn, training, monkeypatch):
    assert chosen("unfused", elements, monkeypatch, False, onednn, training=training) == COMPILED


@pytest.mark.needs("jit-compile")
@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("elements", [0, 64, MANY, None])
@pytest.mark.parametrize("kernel", ["fused", "unfused"])
def test_all_is_part_of_what_xla_compiles_around_it(kernel, elements, onednn, monkeypatch):
    assert chosen(kernel, elements, monkeypatch, False, onednn, jit_compile=True) == INLINED


@pytest.mark.parametrize("onednn, engine", [(True, EXACT), (False, COMPILED)])
def test_an_unknown_size_counts_as_large(onednn, engine, monkeypatch):
    assert chosen("fused", None, monkeypatch, False, onednn) == engine


def test_without_xla_plain_operations_take_the_place_of_compiled_ones(monkeypatch):
    assert chosen("unfused", MANY, monkeypatch, xla=False) == PLAIN
    assert chosen("fused", MANY, monkeypatch, xla=False) is EXACT


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
@pytest.mark.parametrize("minor, by_default", [([2, 8], False), ([2, 9], True), ([2, 10], True), ([1, 15], False)])
def test_onednn_is_used_where_it_is_switched_on_and_by_default_from_2_9_on(machine, minor, by_default):
    assert ops.uses_onednn(machine, minor, {}) is by_default
    for said in ("1", "true", "YES", "on"):
        assert ops.uses_onednn(machine, minor, {"TF_ENABLE_ONEDNN_OPTS": said})
    for said in ("0", "false", "", "2"):
        assert not ops.uses_onednn(machine, minor, {"TF_ENABLE_ONEDNN_OPTS": said})


def test_xla_is_there_from_2_5_on():
    assert ops.HAS_XLA is HERE["jit-compile"]


def test_other_machines_have_no_onednn():
    assert not ops.uses_onednn("aarch64", [2, 21], {"TF_ENABLE_ONEDNN_OPTS": "1"})


def test_an_input_of_unknown_rank_is_computed_exactly(monkeypatch):
    plan = resolve(Config(numerics="fast"), releases.behaviour(ops.RELEASE), (None, 3), "float32")
    assert chosen_in_a_graph(plan, None) is EXACT


def test_engines_are_told_apart_by_what_xla_compiles():
    assert (EXACT, PLAIN, COMPILED, INLINED) == (None, (False, False), (True, False), (True, True))
    assert fast.Fast(compiles=True) == COMPILED


def test_every_row_says_what_was_measured_in_words_of_its_own():
    told = [row.about for row in engines.ROWS]
    assert len(set(told)) == len(told)
    for about in told:
        assert re.match(r"[a-z]+ .*[a-z]$|oneDNN's .*[a-z]$|Eigen's .*[a-z]$", about), about
        assert "xla" not in about, about


@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("kernel", ["fused", "unfused"])
def test_an_empty_input_is_computed_exactly(kernel, onednn, monkeypatch):
    assert chosen(kernel, 0, monkeypatch, True, onednn) is EXACT
