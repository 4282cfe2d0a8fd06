"""A batch without elements: it destroys the averages, as in TensorFlow, changes nothing, or is an error."""

import re

import numpy as np
import pytest

from features import tf
from kernels import KERNELS, batch, values
from tfcompat.config import Config
from tfcompat.kernels import empty as empty_batches
from tfcompat.kernels.step import Step, Update
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1
#: An adjustment may be of any batch; virtual batches of no examples are none.
KINDS = sorted(set(KERNELS) - {"virtual"})
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def empty(kind):
    """An input of a kind without examples."""
    return np.zeros((0, *KERNELS[kind][1][1:]), "float32")


def trained(kind, **more):
    """A layer that has seen one batch."""
    layer = BatchNormalization(momentum=0.5, **KERNELS[kind][0], **more)
    layer(tf.constant(batch(KERNELS[kind][1])), training=True)
    return layer


@pytest.mark.needs("tf2")
@EVERY_KIND
def test_by_default_an_empty_batch_makes_the_averages_nan_as_in_tensorflow(kind):
    layer = trained(kind)
    assert layer(tf.constant(empty(kind)), training=True).shape[0] == 0
    assert np.isnan(values(layer)["moving_mean"]).all()


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("numerics", ["exact", "fast"])
@pytest.mark.parametrize("wrap", ["eager", "function"])
@EVERY_KIND
def test_an_empty_batch_that_is_to_keep_the_averages_changes_no_bit(kind, wrap, numerics):
    layer = trained(kind, empty_batch="keep", numerics=numerics)
    before = values(layer)
    call = tf.function(layer, input_signature=None) if wrap == "function" else layer
    y = call(tf.constant(empty(kind)), training=True)
    assert y.shape[0] == 0
    for name, value in values(layer).items():
        assert value.tobytes() == before[name].tobytes(), name


@pytest.mark.needs("tf2")
@EVERY_KIND
def test_other_batches_are_what_they_are_without_the_argument(kind):
    x = tf.constant(batch(KERNELS[kind][1], seed=5))
    results = []
    for empty_batch in ("nan", "keep", "error"):
        layer = trained(kind, empty_batch=empty_batch)
        step = tf.function(
            lambda x, training, layer=layer: layer(x, training=training),
            input_signature=[tf.TensorSpec([None, *x.shape[1:]]), tf.TensorSpec([], tf.bool)],
        )
        y = [step(x, tf.constant(training)).numpy() for training in (True, False)]
        results.append(y + [value for _, value in sorted(values(layer).items())])
    for one in results[1:]:
        assert [value.tobytes() for value in one] == [value.tobytes() for value in results[0]]


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("wrap", ["eager", "function"])
@EVERY_KIND
def test_an_empty_batch_can_be_an_error_that_names_the_cure(kind, wrap):
    layer = trained(kind, empty_batch="error")
    before = values(layer)
    call = layer
    if wrap == "function":
        signature = [tf.TensorSpec([None, *KERNELS[kind][1][1:]])]
        call = tf.function(lambda x, training=True: layer(x, training=True), input_signature=signature)
    with pytest.raises(tf.errors.InvalidArgumentError, match="no elements.*empty_batch=keep"):
        call(tf.constant(empty(kind)), **({"training": True} if wrap == "eager" else {}))
    for name, value in values(layer).items():
        assert value.tobytes() == before[name].tobytes(), name


@pytest.mark.needs("tf2")
def test_the_error_says_what_to_do_and_the_shape():
    layer = BatchNormalization(empty_batch="error")
    with pytest.raises(tf.errors.InvalidArgumentError) as refused:
        layer(tf.zeros((0, 3)), training=True)
    assert (
        "the batch has no elements, of which mean and variance would be NaN. Leave it out, or choose "
        "empty_batch=keep, which changes nothing. Its shape:"
    ) in str(refused.value)
    assert re.search(r"Its shape:\W+0,? 3\b", str(refused.value))


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("empty_batch", ["keep", "error"])
def test_a_batch_of_one_element_is_not_empty(empty_batch):
    layer = BatchNormalization(momentum=0.5, empty_batch=empty_batch)
    train = tf.function(lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, 1])])
    train(tf.constant([[4.0]]))
    assert values(layer)["moving_mean"].tolist() == [2.0]


@pytest.mark.needs("tf2")
@EVERY_KIND
def test_an_empty_batch_is_no_error_at_inference(kind):
    layer = trained(kind, empty_batch="error")
    assert layer(tf.constant(empty(kind)), training=False).shape[0] == 0
    run = tf.function(lambda x, training: layer(x, training=training))
    assert run(tf.constant(empty(kind)), tf.constant(False)).shape[0] == 0


@pytest.mark.graph
@pytest.mark.parametrize("kind", ["fused", "unfused", "renorm", "rank2"])
def test_in_a_graph_an_empty_batch_keeps_the_averages(kind, graph):
    arguments, shape, _ = KERNELS[kind]
    x = tf1.placeholder(tf.float32, (None, *shape[1:]))
    training = tf1.placeholder(tf.bool, ())
    y = batch_normalization(x, training=training, momentum=0.5, empty_batch="keep", **arguments)
    updates = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
    with tf1.Session(graph=graph) as session:
        session.run(tf1.global_variables_initializer())
        session.run(updates, {x: batch(shape), training: True})
        before = session.run(tf1.global_variables())
        assert session.run([y, *updates], {x: empty(kind), training: True})[0].shape[0] == 0
        after = session.run(tf1.global_variables())
    assert [value.tobytes() for value in after] == [value.tobytes() for value in before]


@pytest.mark.graph
def test_in_a_graph_an_empty_batch_can_be_an_error(graph):
    x, training = tf1.placeholder(tf.float32, (None, 3)), tf1.placeholder(tf.bool, ())
    y = batch_normalization(x, training=training, empty_batch="error")
    with tf1.Session(graph=graph) as session:
        session.run(tf1.global_variables_initializer())
        assert session.run(y, {x: np.zeros((0, 3)), training: False}).shape == (0, 3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="no elements"):
            session.run(y, {x: np.zeros((0, 3)), training: True})


@pytest.mark.needs("tf2")
def test_gradients_of_an_empty_batch_are_no_nan():
    layer = trained("unfused", empty_batch="keep")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.constant(empty("unfused")), training=True))
    for gradient in tape.gradient(loss, layer.trainable_variables):
        assert np.asarray(gradient).tolist() == [0.0, 0.0, 0.0]


def test_another_word_is_refused():
    with pytest.raises(ValueError, match="^empty_batch is 'skip'; allowed are 'nan', 'keep', 'error'.$"):
        BatchNormalization(empty_batch="skip")


@pytest.mark.needs("tf2")
def test_what_becomes_of_empty_batches_is_written_with_the_layer():
    config = BatchNormalization(empty_batch="keep").get_config()
    assert config["empty_batch"] == "keep"
    assert BatchNormalization.from_config(config).config.empty_batch == "keep"


@pytest.mark.needs("tf2")
def test_nothing_is_asked_of_a_batch_that_is_known_not_to_be_empty():
    config = Config(empty_batch="error")
    x, nothing = tf.zeros((2, 3)), tf.zeros((0, 3))
    assert empty_batches.refused(x, config, True) is x
    assert empty_batches.refused(nothing, config, False) is nothing
    assert empty_batches.presence(x, Config(empty_batch="keep")) is None
    assert empty_batches.presence(nothing, Config()) is None
    assert not empty_batches.presence(nothing, Config(empty_batch="keep"))


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("training", [True, False, None])
def test_updates_wait_for_elements_but_what_tensorflow_computes_from_averages(present, training):
    when = None if training is None else tf.constant(training)
    moves = Update("renorm_mean", "subtract", None, when=when)
    follows = Update("moving_variance", "assign", None, when=when, after=("renorm_mean",))
    takes_off = Update("moving_mean", "subtract", None, when=when, after=("renorm_mean",))
    sets = Update("moving_mean", "assign", None, when=when)
    step = Step(tf.zeros(()), (moves, follows, takes_off, sets))
    expected = present and training is not False
    for config, free in ((Config(), {1}), (Config(empty_batch="keep"), set()), (Config(empty_batch="error"), {1})):
        guarded = empty_batches.updated_if(tf.constant(present), step, config)
        assert guarded.output is step.output
        for number, update in enumerate(guarded.updates):
            if number in free:
                assert update is follows
            else:
                assert bool(update.when) is expected
                assert update._replace(when=when) == step.updates[number]
