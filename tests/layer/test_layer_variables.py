"""What Keras, strategies and graphs are told of the variables of a layer."""

import pytest

from features import HERE, keras, tf
from kernels import IMAGE, batch, close, values
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1


def told(value):
    """The last part of the name of a member of an enum, in small letters; Keras 3 has the text itself."""
    return str(value).rsplit(".", 1)[-1].lower()


@pytest.mark.graph
def test_statistics_are_averaged_over_replicas_and_gamma_and_beta_are_not():
    layer = BatchNormalization(renorm=True)
    layer(tf.constant(batch()), training=True)
    aggregations = {name: told(getattr(layer, name).aggregation) for name in ("gamma", "moving_mean", "renorm_stddev")}
    assert aggregations == {"gamma": "none", "moving_mean": "mean", "renorm_stddev": "mean"}
    if hasattr(layer.gamma, "synchronization") and isinstance(layer.gamma, tf.Variable):
        kinds = {name: told(getattr(layer, name).synchronization) for name in ("gamma", "moving_variance")}
        assert kinds == {"gamma": "auto", "moving_variance": "on_read"}


class Mixed(keras.layers.Layer):
    """A layer of mixed precision that calls a layer of ours."""

    def __init__(self, norm, **kwargs):
        super().__init__(**kwargs)
        self.norm = norm

    def call(self, inputs):
        return self.norm(inputs, training=True)


@pytest.mark.needs("policy", "masks")
@pytest.mark.parametrize("fused", [True, False])
def test_layer_within_a_layer_of_mixed_precision_computes_with_all_bits_of_its_variables(fused):
    initializer = tf1.constant_initializer(1.0001)
    alone, within = (BatchNormalization(fused=fused, gamma_initializer=initializer) for _ in range(2))
    x = tf.constant(batch(dtype="float16"))
    expected, got = alone(x, training=True), Mixed(within, dtype="mixed_float16")(x)
    assert got.dtype == expected.dtype == tf.float16 and (got.numpy() == expected.numpy()).all()
    for name, value in values(alone).items():
        assert values(within)[name].dtype == "float32" and (values(within)[name] == value).all()


@pytest.mark.needs("registry")
def test_class_is_registered_under_the_name_of_the_package():
    of = keras.saving if HERE["keras3"] else keras.utils
    assert of.get_registered_name(BatchNormalization) == "tfcompat>BatchNormalization"


@pytest.mark.needs("checkpoint-read")
def test_train_checkpoint_knows_each_variable_by_its_name(tmp_path):
    layer = BatchNormalization()
    layer.build(IMAGE)
    path = tf.train.Checkpoint(norm=layer).write(str(tmp_path / "checkpoint"))
    keys = {name.split("/.ATTRIBUTES")[0] for name, _ in tf.train.list_variables(path)}
    assert {"norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance"} <= keys


def test_frozen_layer_still_gives_the_loss_of_its_regularizers():
    layer = BatchNormalization(gamma_regularizer=keras.regularizers.l2(0.5))
    layer(tf.constant(batch()), training=True)
    trained = [float(loss) for loss in layer.losses]
    layer.trainable = False
    assert [float(loss) for loss in layer.losses] == trained == [1.5]


@pytest.mark.graph
def test_one_placeholder_of_the_graph_says_what_training_none_means(graph, session):
    with tf1.name_scope("tower"):
        outputs = [batch_normalization(tf.constant(batch()), training=None) for _ in range(2)]
    placeholders = [op.name for op in graph.get_operations() if op.type == "PlaceholderWithDefault"]
    assert placeholders == ["keras_learning_phase"]
    phase = graph.get_tensor_by_name("keras_learning_phase:0")
    assert phase.shape.as_list() == [] and phase.dtype == tf.bool
    session.run(tf1.global_variables_initializer())
    for output in session.run(outputs, {phase: True}):
        assert abs(output.mean()) < 1e-5
    for output in session.run(outputs):
        close(output, batch() / 1.001**0.5)


@pytest.mark.graph
def test_loss_of_a_regularizer_is_named_after_the_variable_and_one_that_is_none_is_no_loss(graph):
    layer = BatchNormalization(
        name="norm", gamma_regularizer=lambda gamma: tf.reduce_sum(gamma), beta_regularizer=lambda beta: None
    )
    layer(tf1.placeholder(tf.float32, IMAGE))
    (loss,) = layer.losses
    assert "gamma/Regularizer/" in loss.op.name
    assert tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES) == [loss]
