"""`synchronized=True` where there are no other replicas: the ordinary unfused layer, bit for bit."""

import numpy as np
import pytest

from features import tf
from kernels import IMAGE, batch
from tfcompat.layers import BatchNormalization, batch_normalization

tf1 = tf.compat.v1

ARGUMENTS = [{}, {"axis": 1}, {"axis": [1, 3]}, {"renorm": True}, {"scale": False, "center": False}]


def trained(**arguments):
    """Outputs, gradients and averages of three steps."""
    layer, found = BatchNormalization(momentum=0.5, **arguments), []
    for seed in range(3):
        x = tf.constant(batch(IMAGE, seed=seed))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(y * tf.constant(batch(IMAGE, seed=7)))
        found += [y, tape.gradient(loss, x)]
    found += [tf.convert_to_tensor(variable) for variable in layer.non_trainable_variables]
    return [np.asarray(value) for value in found]


@pytest.mark.needs("tf2")
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_without_a_strategy_it_is_the_unfused_layer(arguments):
    found, expected = trained(synchronized=True, **arguments), trained(fused=False, **arguments)
    assert len(found) == len(expected) >= 8
    assert [value.tobytes() for value in found] == [value.tobytes() for value in expected]


@pytest.mark.graph
def test_in_a_graph_it_is_the_unfused_layer(session):
    x = tf.constant(batch(IMAGE))
    outputs = [batch_normalization(x, training=True, **how) for how in ({"synchronized": True}, {"fused": False})]
    updates = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
    assert len(updates) == 4
    session.run(tf1.global_variables_initializer())
    found, expected = session.run(outputs)
    assert found.tobytes() == expected.tobytes()
    session.run(updates)
    mean, variance, *others = (variable for variable in tf1.global_variables() if "moving" in variable.name)
    for variable, other in zip((mean, variance), others):
        assert session.run(variable).tobytes() == session.run(other).tobytes()


def test_subclass_that_takes_moments_of_its_own_is_refused():
    class Mine(BatchNormalization):
        def _moments(self, inputs, reduction_axes, keep_dims, mask=None):
            return super()._moments(inputs, reduction_axes, keep_dims, mask=mask)

    with pytest.raises(ValueError, match="synchronized=True, but a subclass takes the moments.*Drop synchronized"):
        Mine(synchronized=True)(tf.constant(batch(IMAGE)))


def test_virtual_batches_are_refused():
    with pytest.raises(ValueError, match="synchronized=True and virtual_batch_size=2 are both given.*Drop one"):
        BatchNormalization(synchronized=True, virtual_batch_size=2)


def test_release_that_insists_on_the_fused_kernel_refuses_it():
    with pytest.raises(ValueError, match="fused=True, but synchronized=True, and the kernel sees one replica"):
        BatchNormalization(synchronized=True, fused=True, release="1.3")(tf.constant(batch(IMAGE)))


@pytest.mark.needs("keras3")
def test_keras_that_cannot_keep_averages_apart_is_refused_under_a_strategy_alone(monkeypatch):
    monkeypatch.setattr(keras3_host(), "_KEPT_ON_REPLICAS", False)
    BatchNormalization().build((None, 3))
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope(), pytest.raises(
        RuntimeError, match=r"Keras 3\..* cannot keep .* it takes Keras 3.10 or later"
    ):
        BatchNormalization().build((None, 3))


def keras3_host():
    from tfcompat.backend import keras3

    return keras3
