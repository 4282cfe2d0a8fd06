"""The updates of averages, each way in which a release makes them, worked through on numbers."""

import types

import numpy as np
import pytest

from features import tf
from kernels import KERNELS, batch, values
from tfcompat import releases
from tfcompat.backend import eager, ops
from tfcompat.config import Config
from tfcompat.kernels import averages, debiased_renorm
from tfcompat.kernels.step import Step, Update
from tfcompat.layers import BatchNormalization
from tfcompat.plan import resolve

tf1 = tf.compat.v1
WAYS = ("averages_move_at_inference", "averages_move_by_momentum", "fused_decay_rounded_once")

#: What the functions below are given beside their own arguments, to be handed on.
HOW = {"after": ("renorm_mean",), "even_frozen": True}


def behaviour(*ways):
    """A release that has some of the ways."""
    return types.SimpleNamespace(**{way: way in ways for way in WAYS})


def moved(update, average=1.0, fed=()):
    """What an update takes off an average."""
    return float(update.value({update.weight: tf.constant(average), **dict(fed)}))


def test_update_is_made_whenever_the_layer_trains_and_a_step_may_have_none():
    assert Update("moving_mean", "assign", None) == Update("moving_mean", "assign", None, None, (), False)
    assert Step(0.5) == Step(0.5, (), ())


def test_an_average_moves_by_a_part_of_its_distance():
    assert moved(averages.move("moving_mean", tf.constant(5.0), lambda: 0.25)) == -1.0


def test_a_value_may_be_a_function_of_the_variables():
    update = averages.move("moving_mean", lambda weights: 2 * weights["renorm_mean"], lambda: 0.25)
    assert moved(update, fed={"renorm_mean": tf.constant(2.5)}) == -1.0


def test_value_and_rate_take_the_dtype_of_the_average():
    update = averages.move("moving_mean", tf.constant(5.0, tf.float64), lambda: tf.constant(0.25, tf.float64))
    assert moved(update) == -1.0


@pytest.mark.graph
def test_the_rate_is_called_decay_in_a_graph():
    with tf.Graph().as_default() as graph:
        averages.move("moving_mean", tf.constant(5.0), lambda: 0.25).value({"moving_mean": tf.constant(1.0)})
        assert [operation.name for operation in graph.get_operations() if operation.name == "decay"] == ["decay"]


@pytest.mark.parametrize("ways", [(), WAYS[:1], WAYS[1:2]])
def test_the_rest_of_an_update_is_handed_on(ways):
    update = averages.move_while(True, "moving_mean", tf.constant(5.0), 0.75, behaviour(*ways), **HOW)
    when = True if ways == () else None
    expected = Update("moving_mean", "subtract", update.value, when=when, **HOW)
    assert update == expected
    assert moved(update) == -1.0


@pytest.mark.parametrize("training", [True, False, "tensor"])
def test_by_default_an_update_happens_while_training(training):
    training = tf.constant(False) if training == "tensor" else training
    update = averages.move_while(training, "moving_mean", tf.constant(5.0), 0.75, behaviour())
    assert update.when is training
    assert moved(update) == -1.0


@pytest.mark.parametrize("training, off", [(True, -1.0), (False, 0.0)])
@pytest.mark.parametrize("known", [True, False])
def test_where_releases_move_by_momentum_it_is_1_at_inference(training, off, known):
    def take_off(training):
        update = averages.move_while(training, "moving_mean", tf.constant(5.0), 0.75, behaviour(WAYS[1]))
        assert update.when is None
        return update.value({"moving_mean": tf.constant(1.0)})

    given = training if known else tf.constant(training)
    assert float(take_off(given) if known else tf.function(take_off)(given)) == off


def test_a_momentum_stays_a_number_where_training_is_known():
    rates = []
    for training in (True, tf.constant(True)):
        rates.append(averages.fused_rate(training, 0.99, behaviour(WAYS[1]))())
    assert rates == [1.0 - 0.99, 1.0 - 0.99]
    assert [type(rate) for rate in rates] == [float, float]


@pytest.mark.parametrize("training, rate", [(True, 0.25), (False, 0.0)])
@pytest.mark.parametrize("ways", [(), WAYS[1:2], WAYS[2:]])
def test_the_rate_of_the_fused_kernel_is_0_at_inference(ways, training, rate):
    taken = tf.function(lambda training: averages.fused_rate(training, 0.75, behaviour(*ways))())
    assert float(taken(tf.constant(training))) == rate


@pytest.mark.parametrize("ways, kind", [((), "tensor"), (WAYS[1:2], "number"), (WAYS[2:], "number")])
def test_the_rate_of_the_fused_kernel_is_a_number_where_releases_round_it_once(ways, kind):
    rate = averages.fused_rate(True, 0.75, behaviour(*ways))()
    assert float(rate) == 0.25
    assert ("tensor" if tf.is_tensor(rate) else "number") == kind


@pytest.mark.graph
def test_the_rate_that_is_rounded_once_is_one_conditional_made_at_once():
    with tf.Graph().as_default() as graph:
        training = tf1.placeholder(tf.bool, ())
        rate = averages.fused_rate(training, 0.75, behaviour(WAYS[2]))
        before = len(graph.get_operations())
        assert rate() is rate()
        assert len(graph.get_operations()) == before
        with tf1.Session() as session:
            assert [session.run(rate(), {training: fed}) for fed in (True, False)] == [0.25, 0.0]


def test_debiased_averages_move_even_in_a_frozen_layer_but_not_the_moving_ones():
    config, of_1_14 = Config(renorm=True), releases.behaviour("1.14")
    plan = resolve(config, of_1_14, (4, 3), "float32")
    names = [variable.name for variable in plan.variables if variable.statistic]
    assert "renorm_mean_weight" in names
    weights = {variable.name: tf.ones(variable.shape) for variable in plan.variables}
    mean, variance = tf.constant(batch((3,))), tf.constant(np.float32([1, 2, 3]))
    updates = debiased_renorm.correct(mean, variance, weights, plan, config, True).updates
    assert {update.weight: update.even_frozen for update in updates} == {
        name: not name.startswith("moving") for name in names
    }


@pytest.mark.parametrize("kind, unchanged", [("assign", 3.0), ("subtract", 0.0)])
@pytest.mark.parametrize("when", [True, False])
def test_an_update_that_does_not_happen_changes_nothing(kind, unchanged, when):
    def effective(when):
        update = Update("moving_mean", kind, lambda weights: tf.constant(7.0), when=when)
        return eager._effective(update, {"moving_mean": tf.constant(3.0)})

    assert float(tf.function(effective)(tf.constant(when))) == (7.0 if when else unchanged)
    if when:
        assert float(effective(True)) == 7.0


def test_a_variable_is_no_static_value():
    assert ops.static_value(tf.Variable(True)) is None
    assert ops.static_value(tf.constant(True)) == True  # noqa: E712 - an array
    assert [ops.static_value(given) for given in (True, False, 1, 0)] == [True, False, True, False]


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("kind", ["fused", "unfused"])
@pytest.mark.parametrize("numerics", ["exact", "fast"])
def test_moments_that_a_kernel_leaves_unset_at_inference_do_not_reach_the_averages(kind, numerics, monkeypatch):
    def trained():
        layer = BatchNormalization(momentum=0.5, numerics=numerics, **KERNELS[kind][0])
        step = tf.function(lambda x, training: layer(x, training=training))
        found = []
        for seed, training in enumerate((True, False, True, False)):
            step(tf.constant(batch(seed=seed)), tf.constant(training))
            found += [value.tobytes() for _, value in sorted(values(layer).items())]
        return found

    expected = trained()
    monkeypatch.setattr(ops, "FUSED_LEAVES_MOMENTS_UNSET", True)
    assert trained() == expected
