"""The checks themselves, on sites and values that are written down here."""

import numpy as np
import pytest
import tensorflow as tf

from tfcompat.migrate.auditing.calls import Training
from tfcompat.migrate.auditing.diagnoses import KINDS, Evidence, diagnose, is_initial, of_momentum, of_values
from tfcompat.migrate.auditing.flatten import Ref
from tfcompat.migrate.auditing.graph import Graph
from tfcompat.migrate.auditing.site import Site

ZEROS, ONES = np.zeros(3, "float32"), np.ones(3, "float32")


def pair(mean, variance):
    return {"moving_mean": np.asarray(mean), "moving_variance": np.asarray(variance)}


def site(momentum=0.9, training=True):
    decided = Training("constant", training, None)
    return Site("bn", "bn", "fused", {"momentum": momentum}, decided, {}, 3, 4, (), "node")


def codes(statistics, steps=None, serving=False, run=None, **options):
    evidence = Evidence(run, serving, steps, {"bn": statistics}, {})
    return [found.code for found in diagnose([site(**options)], evidence)]


@pytest.mark.parametrize(
    "statistics, expected",
    [
        *((pair(ZEROS, ONES), True), (pair(ZEROS, [1, 1, 2]), False), (pair([0, 0.1, 0], ONES), False)),
        *(({}, False), ({"moving_mean": ZEROS}, False), ({"moving_variance": ONES}, False)),
    ],
)
def test_initial_is_a_mean_of_zeros_and_a_variance_of_ones_both_known(statistics, expected):
    assert is_initial(statistics) is expected


@pytest.mark.parametrize("steps, expected", [(0, []), (1, ["statistics-initial"]), (None, ["statistics-initial"])])
def test_initial_values_are_no_fault_before_the_first_step(steps, expected):
    assert codes(pair(ZEROS, ONES), steps) == expected


@pytest.mark.parametrize(
    "statistics, expected",
    [
        (pair([0, np.nan, np.inf], ONES), ["2 of 6 values of its moving statistics are NaN or infinite"]),
        (pair(ONES, [-1, -0.0, 2]), ["1 of 3 values of its moving variance are negative"]),
        (pair(ONES, [-1, np.nan, 2]), ["1 of 6 values", "1 of 3 values"]),
        (pair(ONES, [0, 1e-30, 2]), []),
    ],
)
def test_values_are_counted(statistics, expected):
    found = list(of_values("bn", statistics))
    assert len(found) == len(expected) and all(text in each.sentence for text, each in zip(expected, found))


@pytest.mark.parametrize(
    "momentum, steps, slow",
    [
        *(
            (0.99, 229, True),
            (0.99, 230, False),
            (0.9, 21, True),
            (0.9, 22, False),
            (0.0, 1, False),
            (1.0, 10**6, True),
        ),
        *(("?", 10, False), (None, 10, False), (0.99, None, False), (0.99, 0, False), (-1.0, 2, False)),
    ],
)
def test_momentum_is_too_slow_while_more_than_a_tenth_is_the_initial_value(momentum, steps, slow):
    assert bool(list(of_momentum("bn", [momentum], steps))) is slow


@pytest.mark.parametrize("steps", [1, 2, 30, 1000, 10**6])
def test_momentum_that_the_cure_names_is_fast_enough_and_not_needlessly_fast(steps):
    (found,) = of_momentum("bn", [1.0], steps)
    enough = float(found.cure.split("at most ")[1].split(" ")[0])
    assert enough**steps <= 0.1 and 1 - enough <= 10 * (1 - 0.1 ** (1 / steps))


def test_momentum_is_not_judged_where_the_values_are_broken_or_initial():
    assert codes(pair([np.nan, 0, 0], ONES), 5, momentum=0.999) == ["statistics-not-finite"]
    assert codes(pair(ZEROS, ONES), 5, momentum=0.999) == ["statistics-initial"]
    assert codes(pair(ONES, ONES), 5, momentum=0.999) == ["momentum-too-slow"]


@pytest.mark.parametrize(
    "serving, run, training, expected",
    [
        *((True, None, True, ["training-fixed"]), (True, None, False, []), (False, None, True, [])),
        *((False, {"step"}, False, ["training-off"]), (False, {"step"}, True, []), (False, None, False, [])),
    ],
)
def test_training_is_judged_by_what_the_graph_is_for(serving, run, training, expected):
    assert codes({}, serving=serving, run=run, training=training) == expected


@pytest.mark.parametrize("code", KINDS)
def test_every_row_of_the_table_has_a_severity_a_sentence_and_a_cure(code):
    kind = KINDS[code]
    assert kind.severity in ("error", "warning") and code == code.lower()
    assert not kind.sentence.endswith(".") and not kind.cure.endswith(".")


def test_functions_are_laid_out_as_tf_1_would_have_made_them():
    @tf.function
    def branches(phase, x):
        return tf.cond(phase, lambda: tf.exp(x), lambda: tf.nn.relu(x))

    graph = tf.Graph()
    with graph.as_default():
        phase = tf.compat.v1.placeholder(tf.bool, [], "phase")
        x = tf.compat.v1.placeholder(tf.float32, [2], "x")
        y = tf.identity(branches(phase, x), "y")
        tf.while_loop(lambda i: i < 3.0, lambda i: [i + tf.reduce_max(y)], [0.0], name="loop")
    view = Graph(graph.as_graph_def())
    found = {op: view.source(next(view.of(op)).inputs[0]) for op in ("Exp", "Relu")}
    assert {op: (source.ref, source.gates) for op, source in found.items()} == {
        "Exp": (Ref("x", 0), ((found["Exp"].gates[0][0], True),)),
        "Relu": (Ref("x", 0), ((found["Relu"].gates[0][0], False),)),
    }
    assert view.source(found["Exp"].gates[0][0]).ref == Ref("phase", 0)
    merge = view.made_by(Ref("y", 0))
    assert merge.op == "Merge" and {view.made_by(ref).op for ref in merge.inputs} == {"Exp", "Relu"}
    assert {"x", "phase", next(view.of("Exp")).name} < view.ancestors(["y"])


def test_outputs_of_the_fused_kernel_in_a_function_have_the_ports_of_the_kernel():
    @tf.function
    def normalize(x):
        ones = tf.ones(3)
        _, mean, variance = tf.compat.v1.nn.fused_batch_norm(x, ones, ones)
        return tf.exp(mean), tf.nn.relu(variance)

    with tf.Graph().as_default() as graph:
        normalize(tf.zeros([2, 4, 4, 3]))
    view = Graph(graph.as_graph_def())
    ports = {op: view.source(next(view.of(op)).inputs[0]).ref.port for op in ("Exp", "Relu")}
    assert ports == {"Exp": 1, "Relu": 2}
