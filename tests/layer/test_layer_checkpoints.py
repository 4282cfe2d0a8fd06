"""Checkpoints of `tf.compat.v1.train.Saver`, ours and those of the real function."""

import pytest

from features import REAL, tf
from kernels import IMAGE, batch
from tfcompat import layers

tf1 = tf.compat.v1
pytestmark = [pytest.mark.graph, pytest.mark.filterwarnings("ignore:`tf.layers:UserWarning")]

LAYERS = {
    "fused": {},
    "unfused": {"fused": False},
    "axes": {"axis": [1, 3]},
    "renorm": {"renorm": True},
    "virtual": {"virtual_batch_size": 2},
    "no-scale": {"scale": False},
}
EVERY_LAYER = pytest.mark.parametrize("kind", sorted(LAYERS))
WRITERS = [pytest.param("ours"), pytest.param("real", marks=pytest.mark.needs("real"))]


class Program:
    """A two-layer network in a graph of its own, made with `tfcompat` or with the real function."""

    def __init__(self, whose, **arguments):
        make = layers.batch_normalization if whose == "ours" else REAL.batch_normalization
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.x = tf1.placeholder(tf.float32, IMAGE)
            with tf1.variable_scope("net"):
                hidden = make(self.x, training=True, momentum=0.5, **arguments)
                trained = make(hidden, training=True, name="second", momentum=0.5, **arguments)
            with tf1.variable_scope("net", reuse=True):
                hidden = make(self.x, name="batch_normalization", **arguments)
                self.y = make(hidden, name="second", **arguments)
            self.train = [trained, tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)]
            self.saver = tf1.train.Saver()
        self.session = tf1.Session(graph=self.graph)

    def trained(self):
        """After three steps, which change gamma and beta, too."""
        with self.graph.as_default():
            self.session.run(tf1.global_variables_initializer())
            shift = [v.assign_add(0.25 * tf.ones_like(v)) for v in tf1.trainable_variables()]
        self.session.run(shift)
        for seed in range(3):
            self.session.run(self.train, {self.x: batch(seed=seed)})
        return self

    def saved(self, path):
        with self.graph.as_default():
            return self.saver.save(self.session, str(path))

    def restored(self, path):
        with self.graph.as_default():
            self.saver.restore(self.session, path)
        return self

    def output(self):
        return self.session.run(self.y, {self.x: batch(seed=9)})


@EVERY_LAYER
@pytest.mark.parametrize("reader", WRITERS)
@pytest.mark.parametrize("writer", WRITERS)
def test_checkpoint_restores_and_gives_the_same_bits(tmp_path, writer, reader, kind):
    first = Program(writer, **LAYERS[kind]).trained()
    path = first.saved(tmp_path / "model.ckpt")
    second = Program(reader, **LAYERS[kind]).restored(path)
    assert first.output().tobytes() == second.output().tobytes()


@EVERY_LAYER
@pytest.mark.needs("real")
def test_checkpoint_has_the_names_and_shapes_of_the_real_one(tmp_path, kind):
    listed = {}
    for whose in ("ours", "real"):
        program = Program(whose, **LAYERS[kind]).trained()
        path = program.saved(tmp_path / whose)
        listed[whose] = tf.train.list_variables(path)
    assert listed["ours"] == listed["real"]


@EVERY_LAYER
@pytest.mark.needs("real")
def test_three_steps_of_training_give_the_bits_of_the_real_function(kind):
    assert Program("ours", **LAYERS[kind]).trained().output().tobytes() == (
        Program("real", **LAYERS[kind]).trained().output().tobytes()
    )


def test_saver_of_trainable_variables_lacks_the_averages(tmp_path):
    program = Program("ours").trained()
    with program.graph.as_default():
        path = tf1.train.Saver(tf1.trainable_variables()).save(program.session, str(tmp_path / "model.ckpt"))
    leaves = sorted(name.split("/")[-1] for name, _ in tf.train.list_variables(path))
    assert leaves == ["beta", "beta", "gamma", "gamma"]
