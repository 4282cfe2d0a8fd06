"""The layer in v1 graphs, as code of TensorFlow 1 uses it."""

import numpy as np
import pytest

from features import keras, tf
from kernels import IMAGE, batch, close
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1
pytestmark = pytest.mark.graph

UPDATE_OPS = tf1.GraphKeys.UPDATE_OPS


def names(variables):
    return [variable.op.name for variable in variables]


def start(session):
    session.run(tf1.global_variables_initializer())


def images():
    return tf1.placeholder(tf.float32, (None,) + IMAGE[1:])


def test_variables_are_named_by_the_layer_in_its_scope(graph):
    with tf1.variable_scope("tower"):
        batch_normalization(images())
        batch_normalization(images())
    assert names(tf1.global_variables()) == [
        "tower/batch_normalization%s/%s" % (number, leaf)
        for number in ("", "_1")
        for leaf in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    assert names(tf1.trainable_variables()) == [
        "tower/batch_normalization/gamma",
        "tower/batch_normalization/beta",
        "tower/batch_normalization_1/gamma",
        "tower/batch_normalization_1/beta",
    ]


def test_reuse_finds_the_variables_and_without_it_they_are_taken(graph):
    first = batch_normalization(images(), name="norm")
    batch_normalization(images(), name="norm", reuse=True)
    assert len(tf1.global_variables()) == 4
    with pytest.raises(ValueError, match="norm/gamma already exists"):
        batch_normalization(images(), name="norm")
    with pytest.raises(ValueError, match="other/gamma does not exist"):
        batch_normalization(images(), name="other", reuse=True)
    assert first.shape.as_list() == [None] + list(IMAGE[1:])


def test_auto_reuse_makes_and_then_finds_the_variables(graph):
    for _ in range(2):
        batch_normalization(images(), name="norm", reuse=tf1.AUTO_REUSE)
    assert len(tf1.global_variables()) == 4


@pytest.mark.parametrize("training, count", [(True, 2), (False, 0), ("placeholder", 2)])
@pytest.mark.parametrize("arguments", [{}, {"fused": False}], ids=["fused", "unfused"])
def test_update_ops_are_collected_where_the_layer_may_train(graph, arguments, training, count):
    if training == "placeholder":
        training = tf1.placeholder(tf.bool, ())
    batch_normalization(images(), training=training, **arguments)
    assert len(tf1.get_collection(UPDATE_OPS)) == count


def test_update_ops_with_minimize_train_the_layer(session):
    x, training = images(), tf1.placeholder_with_default(False, ())
    y = batch_normalization(x, momentum=0.5, training=training)
    loss = tf1.losses.mean_squared_error(tf.ones_like(y), y)
    with tf.control_dependencies(tf1.get_collection(UPDATE_OPS)):
        train = tf1.train.GradientDescentOptimizer(0.1).minimize(loss)
    start(session)
    gamma, beta, mean, variance = tf1.global_variables()
    losses = [session.run([loss, train], {x: batch(seed=n), training: True})[0] for n in range(4)]
    assert losses == sorted(losses, reverse=True)
    gamma, beta, mean, variance = session.run([gamma, beta, mean, variance])
    assert (beta > 0).all() and (gamma < 1).all()
    expected = np.zeros(3)
    for n in range(4):
        expected = 0.5 * expected + 0.5 * batch(seed=n).mean(axis=(0, 1, 2))
    close(mean, expected)
    y_inference = session.run(y, {x: batch(seed=9)})
    close(y_inference, gamma * (batch(seed=9) - mean) / np.sqrt(variance + 1e-3) + beta)


@pytest.mark.parametrize("fed", [True, False])
@pytest.mark.parametrize("momentum", [0.25, 0.375])
@pytest.mark.parametrize("release", ["1.2", "1.4", "1.8", "1.14", "2.2", None])
@pytest.mark.parametrize("fused", [True, False])
def test_averages_move_by_one_minus_momentum_where_training_is_fed(session, fused, release, momentum, fed):
    training, arguments = tf1.placeholder(tf.bool, ()), {} if release == "1.2" else {"fused": fused}
    layer = BatchNormalization(momentum=momentum, release=release, **arguments)
    layer(tf.constant(batch()), training=training)
    start(session)
    session.run(layer.updates, {training: fed})
    close(session.run(layer.moving_mean), fed * (1.0 - momentum) * batch().mean(axis=(0, 1, 2)))


def test_outputs_without_update_ops_leave_the_averages(session):
    x = images()
    y = batch_normalization(x, training=True)
    start(session)
    session.run(y, {x: batch()})
    assert (session.run(tf1.global_variables()[2]) == 0).all()


def test_layer_object_knows_its_updates_losses_and_variables(graph):
    layer = BatchNormalization(gamma_regularizer=lambda v: tf.reduce_sum(v), name="norm")
    assert layer.updates == [] and layer.losses == [] and layer.variables == []
    layer(images(), training=True)
    assert layer.updates == tf1.get_collection(UPDATE_OPS) and len(layer.updates) == 2
    assert layer.losses == tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES) and len(layer.losses) == 1
    assert names(layer.variables) == ["norm/" + leaf for leaf in ("gamma", "beta", "moving_mean", "moving_variance")]
    assert names(layer.trainable_variables) == ["norm/gamma", "norm/beta"]
    assert names(layer.non_trainable_variables) == ["norm/moving_mean", "norm/moving_variance"]
    assert layer.weights == layer.variables
    assert layer.gamma is layer.variables[0] and layer.moving_variance is layer.variables[3]
    assert layer.moving_stddev is None


def test_frozen_layer_has_no_updates_and_nothing_to_train(graph):
    layer = BatchNormalization(trainable=False)
    layer(images(), training=True)
    assert layer.updates == [] and tf1.get_collection(UPDATE_OPS) == []
    assert layer.trainable_variables == [] and len(layer.variables) == 4
    assert tf1.trainable_variables() == []


def test_freezing_later_hides_the_updates_and_what_trains(graph):
    layer = BatchNormalization()
    layer(images(), training=True)
    before = names(layer.variables)
    layer.trainable = False
    assert layer.updates == [] and layer.trainable_variables == []
    assert names(layer.non_trainable_variables) == names(layer.variables) == before
    layer.trainable = True
    assert len(layer.updates) == 2 and len(layer.trainable_variables) == 2


def test_apply_is_calling(session):
    layer = BatchNormalization(name="norm")
    called, applied = layer(tf.constant(batch()), training=True), layer.apply(tf.constant(batch()), training=True)
    start(session)
    called, applied = session.run([called, applied])
    assert (called == applied).all()
    assert len(tf1.global_variables()) == 4 and len(layer.updates) == 4


def test_scope_name_is_settled_by_the_first_call(graph):
    layer = BatchNormalization(name="norm")
    with pytest.raises(ValueError, match="'norm' has no variable scope.*Call"):
        print(layer.scope_name)
    with tf1.variable_scope("tower"):
        layer(images())
    assert layer.scope_name == "tower/norm"
    with tf1.variable_scope("elsewhere"):
        layer(images())
    assert layer.scope_name == "tower/norm" and len(tf1.global_variables()) == 4


def test_private_scope_and_reuse_are_taken_as_frameworks_give_them(graph):
    first = BatchNormalization(_scope="norm", name="norm")
    first(images())
    again = BatchNormalization(_scope="norm", name="norm", _reuse=True)
    again(images())
    assert again._reuse is True and again._scope.name == "norm" and first._reuse is None
    assert names(again.variables) == names(first.variables) and len(tf1.global_variables()) == 4


def test_scope_given_to_the_call_holds_the_variables(graph):
    with tf1.variable_scope("given") as scope:
        pass
    BatchNormalization()(images(), scope=scope)
    assert names(tf1.global_variables())[0] == "given/gamma"


class TpuBatchNormalization(BatchNormalization):
    """Adds one to the mean; takes a mask."""

    def _moments(self, inputs, reduction_axes, keep_dims, mask=None):
        mean, variance = super()._moments(inputs, reduction_axes, keep_dims, mask=mask)
        return mean + 1.0, variance


class OlderBatchNormalization(BatchNormalization):
    """As code from before TensorFlow 2.12 overrides it."""

    def _moments(self, inputs, reduction_axes, keep_dims):
        mean, variance = super()._moments(inputs, reduction_axes, keep_dims)
        return mean + 1.0, variance


@pytest.mark.parametrize(
    "cls, scope",
    [(TpuBatchNormalization, "tpu_batch_normalization"), (OlderBatchNormalization, "older_batch_normalization")],
)
def test_subclass_with_moments_of_its_own_is_named_after_itself(session, cls, scope):
    layer = cls(fused=False)
    y = layer(tf.constant(batch()), training=True)
    start(session)
    assert names(layer.variables)[0] == scope + "/gamma"
    close(session.run(y).mean(axis=(0, 1, 2)), -1 / np.sqrt(batch().var(axis=(0, 1, 2)) + 1e-3), eps=256)
    session.run(layer.updates)
    close(session.run(layer.moving_mean), 0.01 * (batch().mean(axis=(0, 1, 2)) + 1), eps=256)


def test_two_towers_share_variables_and_keep_update_ops_of_their_own(session):
    x, per_tower = tf.constant(batch()), []
    for tower in range(2):
        with tf1.name_scope("tower_%d" % tower), tf1.variable_scope("net", reuse=tower > 0):
            batch_normalization(x[tower * 2 : tower * 2 + 2], momentum=0.5, training=True, name="norm")
            per_tower.append(tf1.get_collection(UPDATE_OPS, "tower_%d" % tower))
    assert names(tf1.global_variables())[2] == "net/norm/moving_mean" and len(tf1.global_variables()) == 4
    assert [len(operations) for operations in per_tower] == [2, 2]
    start(session)
    session.run(per_tower[0])
    close(session.run(tf1.global_variables()[2]), 0.5 * batch()[:2].mean(axis=(0, 1, 2)))


def test_scope_decides_initializer_and_regularizer(graph):
    with tf1.variable_scope("scope", initializer=tf1.constant_initializer(2.5), regularizer=lambda v: tf.reduce_sum(v)):
        batch_normalization(images(), gamma_initializer=None, beta_initializer=None)
    assert len(tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES)) == 4
    with tf1.Session(graph=graph) as session:
        start(session)
        gamma, beta, mean, _ = session.run(tf1.global_variables())
    assert (gamma == 2.5).all() and (beta == 2.5).all() and (mean == 0).all()


def test_partitioner_splits_gamma_and_beta_alone(session):
    with tf1.variable_scope("scope", partitioner=tf1.fixed_size_partitioner(3)):
        y = batch_normalization(tf.constant(batch()), training=True)
    start(session)
    assert len(tf1.trainable_variables()) == 6 and len(tf1.global_variables()) == 8
    whole = batch_normalization(tf.constant(batch()), training=True)
    start(session)
    y, whole = session.run([y, whole])
    assert (y == whole).all()


def test_weights_of_a_layer_are_the_parts_of_partitioned_variables(graph):
    layer = BatchNormalization(name="bn")
    with tf1.variable_scope("scope", partitioner=tf1.fixed_size_partitioner(2)):
        layer(tf.ones((3, 4)), training=True)
    parts = ["scope/bn/%s/part_%d:0" % (name, part) for name in ("gamma", "beta") for part in range(2)]
    assert [variable.name for variable in layer.trainable_weights] == parts
    assert len(layer.non_trainable_weights) == 2


def test_custom_getter_sees_every_variable(graph):
    asked = []

    def recording(getter, name, *args, **kwargs):
        asked.append(name)
        return getter(name, *args, **kwargs)

    with tf1.variable_scope("scope", custom_getter=recording):
        batch_normalization(images(), name="norm")
    assert asked == ["scope/norm/" + leaf for leaf in ("gamma", "beta", "moving_mean", "moving_variance")]


def test_training_none_is_inference_that_a_feed_can_change(session):
    y = batch_normalization(tf.constant(batch()), training=None)
    start(session)
    close(session.run(y), batch() / np.sqrt(1.001))


@pytest.mark.parametrize("dtype, params", [("float16", "float32"), ("float64", "float64")])
def test_variables_follow_the_dtype_of_the_input(graph, dtype, params):
    y = batch_normalization(tf1.placeholder(dtype, (None, 3)), training=True)
    assert y.dtype == dtype
    assert {variable.dtype.base_dtype.name for variable in tf1.global_variables()} == {params}


def test_layer_in_cond_and_while_runs(session):
    x, training = tf.constant(batch()), tf1.placeholder(tf.bool, ())
    layer = BatchNormalization(fused=False, momentum=0.5)
    layer(x)
    y = tf1.cond(training, lambda: layer(x, training=True), lambda: layer(x))
    start(session)
    close(session.run(y, {training: False}), batch() / np.sqrt(1.001))
    assert abs(session.run(y, {training: True}).mean()) < 1e-5


def test_each_graph_has_layers_of_its_own():
    for _ in range(2):
        with tf.Graph().as_default():
            batch_normalization(images())
            assert names(tf1.global_variables())[0] == "batch_normalization/gamma"


@pytest.mark.needs("keras2")
@pytest.mark.parametrize("form", ["functional", "sequential"])
def test_keras_model_in_a_v1_graph_computes_with_the_layer(graph, form):
    with tf1.Session(graph=graph) as session:
        keras.backend.set_session(session) if hasattr(keras.backend, "set_session") else tf1.keras.backend.set_session(
            session
        )
        if form == "functional":
            inputs = keras.Input((3,))
            model = keras.Model(inputs, BatchNormalization(name="norm")(inputs, training=True))
        else:
            model = keras.Sequential([keras.Input((3,)), BatchNormalization(name="norm")])
        x = tf.constant(batch((4, 3)))
        y = model(x)
        assert len(model.weights) == 4
        start(session)
        got = session.run(y)
        if form == "functional":
            assert abs(got.mean()) < 1e-5
        else:
            close(got, batch((4, 3)) / np.sqrt(1.001))


@pytest.mark.graph
def test_each_call_takes_one_name_scope(graph):
    for reuse in (None, True):
        batch_normalization(tf.ones((4, 3)), name="bn", training=True, reuse=reuse)
    with tf1.name_scope("bn") as scope:
        assert scope == "bn_2/"
