"""`freeze_statistics`, `freeze_affine` and `updates`: for transfer learning, GANs and target networks."""

import numpy as np
import pytest

from features import tf
from kernels import IMAGE, batch
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1

AVERAGES = ("moving_mean", "moving_variance")
KERNELS = [{"fused": True}, {"fused": False}, {"renorm": True}, {"virtual_batch_size": 2}]


def by_kernel(function):
    return pytest.mark.parametrize("kernel", KERNELS, ids=["fused", "unfused", "renorm", "virtual-batch"])(function)


def values(layer, names=AVERAGES):
    return {name: getattr(layer, name).numpy() for name in names}


def same(one, other):
    return all((one[name] == other[name]).all() for name in one)


@by_kernel
def test_frozen_statistics_are_what_training_normalizes_with(kernel):
    layer = BatchNormalization(freeze_statistics=True, moving_mean_initializer=tf.constant_initializer(0.25), **kernel)
    x = tf.constant(batch())
    trained, inferred = layer(x, training=True), layer(x, training=False)
    assert (trained.numpy() == inferred.numpy()).all()
    assert (layer.moving_mean.numpy() == 0.25).all() and (layer.moving_variance.numpy() == 1.0).all()


@by_kernel
def test_frozen_statistics_let_gamma_and_beta_train(kernel):
    layer = BatchNormalization(freeze_statistics=True, **kernel)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.constant(batch()), training=True) ** 2)
    assert all(abs(gradient.numpy()).max() > 0 for gradient in tape.gradient(loss, layer.trainable_variables))
    assert len(layer.trainable_variables) == 2


@by_kernel
def test_frozen_affine_lets_the_averages_move_as_they_did(kernel):
    usual, frozen = BatchNormalization(**kernel), BatchNormalization(freeze_affine=True, **kernel)
    x = tf.constant(batch())
    assert (usual(x, training=True).numpy() == frozen(x, training=True).numpy()).all()
    assert same(values(usual), values(frozen)) and abs(frozen.moving_mean.numpy()).max() > 0
    assert frozen.trainable_variables == [] and len(frozen.variables) == len(usual.variables)
    assert frozen.gamma is not None and frozen.beta is not None


@by_kernel
def test_skipped_updates_leave_the_averages_and_use_the_batch(kernel):
    usual, skipping = BatchNormalization(**kernel), BatchNormalization(updates="skip", **kernel)
    x = tf.constant(batch())
    assert (usual(x, training=True).numpy() == skipping(x, training=True).numpy()).all()
    assert (skipping.moving_mean.numpy() == 0).all() and (skipping.moving_variance.numpy() == 1).all()


def test_skipped_updates_leave_the_renorm_averages():
    layer = BatchNormalization(renorm=True, updates="skip")
    layer.build(IMAGE)
    before = values(layer, ("renorm_mean", "renorm_stddev"))
    layer(tf.constant(batch()), training=True)
    assert same(before, values(layer, ("renorm_mean", "renorm_stddev")))


@pytest.mark.parametrize("updates", ["collection", "immediate"])
def test_outside_of_v1_graphs_updates_happen_at_once_in_any_case(updates):
    layer = BatchNormalization(updates=updates)
    layer(tf.constant(batch()), training=True)
    assert abs(layer.moving_mean.numpy()).max() > 0


@pytest.mark.graph
@pytest.mark.parametrize("updates", ["", "Immediate", None, True])
def test_unknown_updates_are_refused_with_those_that_there_are(updates):
    with pytest.raises(ValueError, match="updates is .*; allowed are 'collection', 'immediate', 'skip'"):
        BatchNormalization(updates=updates)


def run_once(graph, output, x, data):
    """Initializes, computes the output once, and gives it and the variables by their last names."""
    with tf1.Session(graph=graph) as session:
        session.run(tf1.global_variables_initializer())
        computed = session.run(output, {x: data})
        return computed, {v.op.name.split("/")[-1]: session.run(v) for v in tf1.global_variables()}


@pytest.mark.graph
@by_kernel
def test_immediate_updates_run_with_the_output_and_are_in_no_collection(kernel, graph):
    x = tf1.placeholder(tf.float32, IMAGE)
    output = batch_normalization(x, training=True, momentum=0.9, updates="immediate", **kernel)
    assert tf1.get_collection(tf1.GraphKeys.UPDATE_OPS) == []
    computed, variables = run_once(graph, output, x, batch())
    with tf.Graph().as_default() as usual:
        x = tf1.placeholder(tf.float32, IMAGE)
        output = batch_normalization(x, training=True, momentum=0.9, **kernel)
        with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
            output = tf.identity(output)
        expected, moved = run_once(usual, output, x, batch())
    assert (computed == expected).all() and same(moved, variables) and abs(variables["moving_mean"]).max() > 0


@pytest.mark.graph
def test_immediate_updates_run_inside_of_a_condition(graph):
    x, flag = tf1.placeholder(tf.float32, IMAGE), tf1.placeholder(tf.bool, [])

    def normalized():
        return batch_normalization(x, training=True, momentum=0.5, updates="immediate", name="norm")

    output = tf1.cond(flag, normalized, lambda: x)
    (mean,) = [v for v in tf1.global_variables() if v.op.name == "norm/moving_mean"]
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        session.run(output, {x: batch(), flag: False})
        assert (session.run(mean) == 0).all()
        session.run(output, {x: batch(), flag: True})
        assert np.allclose(session.run(mean), 0.5 * batch().mean(axis=(0, 1, 2)), rtol=1e-6)


@pytest.mark.graph
def test_skipped_updates_and_frozen_statistics_make_no_operations(graph):
    x = tf1.placeholder(tf.float32, IMAGE)
    for arguments in ({"updates": "skip"}, {"freeze_statistics": True}):
        layer = BatchNormalization(**arguments)
        layer(x, training=tf1.placeholder(tf.bool, []))
        assert layer.updates == []
    assert tf1.get_collection(tf1.GraphKeys.UPDATE_OPS) == []


@pytest.mark.graph
def test_frozen_affine_is_not_among_the_trainable_variables(graph):
    x = tf1.placeholder(tf.float32, IMAGE)
    layer = BatchNormalization(freeze_affine=True)
    layer(x, training=True)
    assert tf1.trainable_variables() == [] and len(tf1.global_variables()) == 4
    assert layer.trainable_variables == [] and len(layer.updates) == 2


@pytest.mark.graph
def test_discriminator_of_a_gan_is_moved_by_one_of_its_two_users(graph):
    real, fake = tf1.placeholder(tf.float32, IMAGE), tf1.placeholder(tf.float32, IMAGE)
    batch_normalization(real, training=True, name="norm")
    batch_normalization(fake, training=True, name="norm", reuse=True, updates="skip")
    assert len(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)) == 2


@pytest.mark.graph
@pytest.mark.parametrize("release, trains", [("1.13", ["bn/gamma:0", "bn/beta:0"]), ("1.14", [])])
def test_layer_that_was_made_frozen_trains_once_it_is_thawed_up_to_1_13(graph, release, trains):
    layer = BatchNormalization(trainable=False, name="bn", release=release)
    layer(tf.ones((4, 3)), training=True)
    assert layer.trainable_weights == []
    layer.trainable = True
    assert [variable.name for variable in layer.trainable_weights] == trains
