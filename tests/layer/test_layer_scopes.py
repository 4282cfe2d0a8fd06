"""The life of a layer in a v1 graph: scopes, variables, collections and update operations."""

import types

import numpy as np
import pytest

from features import keras, tf
from tfcompat.backend import host, v1_graph
from tfcompat.backend.v1_graph import Scoped
from tfcompat.kernels.step import Step, Update

#: What Keras knows of a layer that trains.
LIVE = types.SimpleNamespace(trainable=True)

tf1 = tf.compat.v1
pytestmark = pytest.mark.graph
UPDATE_OPS = tf1.GraphKeys.UPDATE_OPS


class Silent:
    """A host that knows of no Keras and remembers what it is told."""

    def __init__(self, symbolic=False):
        self.symbolic, self.tracked = symbolic, []

    def is_symbolic(self, inputs):
        return self.symbolic

    def track_updates(self, layer, operations):
        self.tracked.append((layer, list(operations)))

    def track_variables(self, variables):
        self.tracked.append(list(variables))


def scoped(**arguments):
    """A life with two variables, `x` that is trained and `average` that is not."""
    life = Scoped(Silent(), "norm", **arguments)
    with life.entered(None, False):
        life.add_weight(None, "average", (2,), "float32", tf1.zeros_initializer(), statistic=True)
        life.add_weight(None, "x", (2,), "float32", tf1.ones_initializer())
    return life


def leaves(variables):
    return [variable.op.name for variable in variables]


def after(session, operations):
    """The values of the variables after running operations."""
    session.run(tf1.global_variables_initializer())
    session.run(operations)
    return {v.op.name: session.run(v).tolist() for v in tf1.global_variables()}


def applied(life, updates, **how):
    arguments = dict({"trainable": True, "wait": False}, **how)
    return life.apply("layer", Step(tf.constant(1.0), tuple(updates)), life.variables, **arguments)


@pytest.mark.parametrize("kind, expected", [("subtract", -0.25), ("assign", 0.25)])
def test_update_is_subtracted_or_assigned(session, kind, expected):
    life = scoped()
    applied(life, [Update("average", kind, lambda weights: tf.constant([0.25, 0.25]))])
    assert after(session, life.updates)["norm/average"] == [expected] * 2


@pytest.mark.parametrize("when, expected", [(True, 1.0), (False, 0.0)])
@pytest.mark.parametrize("known", [True, False], ids=["known", "fed"])
def test_update_happens_where_its_condition_holds(session, when, known, expected):
    life = scoped()
    condition = when if known else tf1.placeholder_with_default(when, ())
    applied(life, [Update("average", "assign", lambda weights: tf.ones((2,)), when=condition)])
    assert after(session, life.updates)["norm/average"] == [expected] * 2


def test_update_after_another_reads_what_that_one_left_and_is_the_only_operation(session):
    life = scoped()
    first = Update("average", "assign", lambda weights: tf.constant([3.0, 4.0]))
    second = Update("x", "assign", lambda weights: 2.0 * tf.identity(weights["average"]), after=("average",))
    applied(life, [first, second])
    assert len(life.updates) == 1 == len(tf1.get_collection(UPDATE_OPS))
    assert life._host.tracked == [("layer", life.updates)]
    assert life.updates_of(True) == life.updates and life.updates_of(False) == []


def test_reads_come_before_any_update(session):
    life = scoped()
    read = tf.identity(life.variables["average"])
    step = Step(tf.constant(1.0), (Update("average", "assign", lambda weights: tf.ones((2,))),), (read,))
    life.apply(None, step, life.variables, True, False)
    (operation,) = life.updates
    before, found = set(), [operation]
    while found:
        one = found.pop()
        if one not in before:
            before.add(one)
            found += list(one.control_inputs) + [tensor.op for tensor in one.inputs]
    assert read.op in before


def test_layer_that_waits_collects_nothing_and_moves_with_its_output(session):
    life = scoped()
    output = applied(life, [Update("average", "assign", lambda weights: tf.ones((2,)))], wait=True)
    assert life.updates == [] and tf1.get_collection(UPDATE_OPS) == []
    assert after(session, output)["norm/average"] == [1.0, 1.0]


def test_layer_that_is_frozen_collects_no_updates_and_has_them_once_it_is_thawed(graph):
    life = scoped()
    applied(life, [Update("average", "assign", lambda weights: tf.ones((2,)))], trainable=False)
    assert life.updates_of(False) == [] and tf1.get_collection(UPDATE_OPS) == []
    assert len(life.updates_of(True)) == 1


def test_layer_that_is_frozen_and_waits_does_not_move(session):
    life = scoped()
    output = applied(life, [Update("average", "assign", lambda weights: tf.ones((2,)))], trainable=False, wait=True)
    assert life.updates == [] and after(session, output)["norm/average"] == [0.0, 0.0]


def test_second_call_adds_its_updates_to_the_collection_and_repeats_none(graph):
    life = scoped()
    for _ in range(2):
        applied(life, [Update("average", "assign", lambda weights: tf.ones((2,)))])
    assert tf1.get_collection(UPDATE_OPS) == life.updates and len(life.updates) == 2


def test_update_is_placed_where_its_variable_is(graph):
    with tf1.device("/device:CPU:1"):
        life = scoped()
    applied(life, [Update("average", "assign", lambda weights: tf.ones((2,)))])
    assert life.updates[0].device == life.variables["average"].op.device != ""


def test_weights_are_those_that_train_first(graph):
    life = scoped()
    assert leaves(life.weights_of(LIVE, "weights")) == ["norm/x", "norm/average"]
    assert leaves(life.weights_of(LIVE, "trainable_weights")) == ["norm/x"]
    assert leaves(life.weights_of(LIVE, "non_trainable_weights")) == ["norm/average"]
    assert leaves(tf1.trainable_variables()) == ["norm/x"]
    assert life.read("x") is life.variables["x"] and life.read("y") is None


def test_statistic_is_read_on_each_replica_and_averaged(graph):
    life = scoped()
    statistic, parameter = life.variables["average"], life.variables["x"]
    assert statistic.synchronization == tf.VariableSynchronization.ON_READ
    assert statistic.aggregation == tf1.VariableAggregation.MEAN
    assert parameter.aggregation == tf1.VariableAggregation.NONE


@pytest.mark.parametrize("reuse_finds_unnamed, second", [(True, "norm"), (False, "norm_1")])
def test_reuse_without_a_name_finds_the_first_layer_or_not(graph, reuse_finds_unnamed, second):
    scoped()
    life = Scoped(Silent(), "norm", reuse=tf1.AUTO_REUSE, reuse_finds_unnamed=reuse_finds_unnamed)
    with life.entered(None, False):
        assert life.scope.name == second


@pytest.mark.parametrize("scope, reuse, name", [(None, None, "norm"), ("mine", None, "mine"), ("mine", True, "mine")])
def test_scope_of_the_first_call_is_kept(graph, scope, reuse, name):
    life = Scoped(Silent(), "norm", reuse=reuse)
    for asked in (scope, "other"):
        with life.entered(asked, False):
            assert (life.scope.name, tf1.get_default_graph().get_name_scope()) == (name, name)


def test_built_layer_reuses_its_variables_by_its_own_names(graph):
    life = scoped()
    with life.entered(None, True):
        assert tf1.get_variable_scope().reuse is True
        life.add_weight(None, "x", (2,), "float32", tf1.ones_initializer())
    assert leaves(tf1.global_variables()) == ["norm/average", "norm/x"]


def test_scope_given_to_the_layer_is_entered_at_once(graph):
    assert Scoped(Silent(), "norm", scope="mine").scope.name == "mine"
    assert Scoped(Silent(), "norm", scope="").scope is None
    assert leaves(scoped(scope="mine").variables.values()) == ["mine/average", "mine/x"]


def test_partitioner_comes_back_after_a_statistic_was_made_even_if_that_fails(graph):
    partitioner = tf1.fixed_size_partitioner(2)
    with tf1.variable_scope("outer", partitioner=partitioner):
        life = Scoped(Silent(), "norm")
        with life.entered(None, False):
            scope = tf1.get_variable_scope()
            with life.no_partitioner():
                assert scope.partitioner is None
            assert scope.partitioner is partitioner
            with pytest.raises(KeyError), life.no_partitioner():
                raise KeyError
            assert scope.partitioner is partitioner


def test_call_by_keras_without_training_is_given_to_the_learning_phase(graph):
    life = scoped()
    assert life.for_keras((), {}) == {"training": None}
    assert life.for_keras((), {"training": True}) == {"training": True}
    assert life.for_keras((False,), {}) == {}
    assert life.for_keras((), {"mask": 1}) == {"mask": 1, "training": None}


@pytest.mark.parametrize("symbolic", [True, False])
def test_variables_in_a_keras_model_are_resources_that_its_session_knows(graph, symbolic):
    life = Scoped(Silent(symbolic), "norm")
    assert life.takes(None, None, False) is not symbolic
    with tf1.variable_scope("", use_resource=False), life.entered(None, False):
        life.add_weight(None, "x", (2,), "float32", tf1.ones_initializer())
    assert ("Resource" in type(life.variables["x"]).__name__) is symbolic
    assert life._host.tracked == ([[life.variables["x"]]] if symbolic else [])


def test_variable_without_an_initializer_starts_as_the_scope_says_or_as_keras_would(session):
    life = Scoped(Silent(), "norm")
    with tf1.variable_scope("outer", initializer=tf1.constant_initializer(7.0)), life.entered(None, False):
        life.add_weight(None, "x", (2,), "float32", None)
    bare = Scoped(Silent(), "bare")
    with bare.entered(None, False):
        bare.add_weight(None, "x", (2, 300), "float64", None)
    session.run(tf1.global_variables_initializer())
    assert session.run(life.variables["x"]).tolist() == [7.0, 7.0]
    glorot = session.run(bare.variables["x"])
    assert glorot.dtype == np.float64 and 0 < np.abs(glorot).max() <= np.sqrt(6.0 / 302) and np.std(glorot) > 0.05


def test_regularizer_is_one_loss_named_after_the_variable_and_not_again_when_reused(graph):
    def double(weight):
        return 2.0 * tf.reduce_sum(weight, name="sum")

    life = Scoped(Silent(), "norm")
    for built in (False, True):
        with life.entered(None, built):
            life.add_weight(None, "x", (2,), "float32", tf1.ones_initializer(), regularizer=double)
            life.add_weight(None, "y", (2,), "float32", tf1.ones_initializer(), regularizer=lambda weight: None)
    (loss,) = tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES)
    assert life.losses == life.losses_of(None, None) == [loss]
    assert loss.op.name.startswith("norm/x/Regularizer/")


@pytest.mark.parametrize("replaces, losses", [(True, [1.0, 3.0]), (False, [1.0, 2.0, 3.0])])
def test_regularizer_counts_beside_that_of_the_scope_or_instead(session, replaces, losses):
    life = Scoped(Silent(), "norm")
    with tf1.variable_scope("outer", regularizer=tf.reduce_sum), life.entered(None, False):
        for name, size, regularizer in (("x", 2, tf.reduce_max), ("y", 3, None)):
            life.add_weight(
                *(None, name, (size,), "float32", tf1.ones_initializer()),
                regularizer=regularizer,
                replaces_regularizer=replaces,
            )
    session.run(tf1.global_variables_initializer())
    assert sorted(session.run(tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES))) == losses


def test_constraint_stays_with_the_variable(graph):
    life = Scoped(Silent(), "norm")
    with life.entered(None, False):
        life.add_weight(None, "x", (2,), "float32", tf1.ones_initializer(), constraint=tf.abs)
        life.add_weight(None, "frozen", (2,), "float32", tf1.ones_initializer(), trainable=False)
    assert life.variables["x"].constraint is tf.abs
    assert life.trainable == {"x": True, "frozen": False}


def test_variable_of_a_custom_getter_trains_as_the_getter_decided(graph):
    def frozen(getter, *args, **kwargs):
        return getter(*args, **dict(kwargs, trainable=False))

    def tensor(getter, *args, **kwargs):
        return tf.identity(getter(*args, **kwargs))

    for getter in (frozen, tensor):
        life = Scoped(Silent(), "norm")
        with tf1.variable_scope(getter.__name__, custom_getter=getter), life.entered(None, False):
            life.add_weight(None, "x", (2,), "float32", tf1.ones_initializer())
        assert life.trainable == {"x": False}
        assert life.weights_of(LIVE, "non_trainable_weights") == [life.variables["x"]]


def test_initializer_that_knows_no_partitions_is_not_told_of_them():
    calls = []

    def plain(shape, dtype=None, extra=None):
        calls.append((shape, dtype, extra))

    def partitioned(shape, dtype=None, partition_info=None):
        """An initializer of TensorFlow 1."""

    v1_graph._with_partition_info(plain)((2,), dtype="float32", partition_info="whole", extra=3)
    v1_graph._with_partition_info(plain)((2,))
    assert calls == [((2,), "float32", 3), ((2,), None, None)]
    assert v1_graph._with_partition_info(partitioned) is partitioned
    assert v1_graph._with_partition_info(tf1.zeros_initializer) is tf1.zeros_initializer


@pytest.mark.needs("keras3")
def test_training_none_is_the_learning_phase_of_the_graph(graph):
    life = Scoped(host.choose(), "norm")
    assert life.default_training() is host.choose().graph_training()
    assert life.takes(None, tf.constant(1.0), True) and not life.takes(None, keras.KerasTensor((2,)), True)


def test_scope_is_asked_from_a_host_that_says_what_is_symbolic():
    life = Scoped(types.SimpleNamespace(is_symbolic=lambda inputs: inputs == "symbolic"), "norm")
    assert life.takes(None, "array", True) is True and life.takes(None, "symbolic", True) is False
