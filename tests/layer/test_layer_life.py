"""A layer's life in any order: trained, frozen, cloned, saved, continued on the other Keras.

Its state is always that of the reference.
"""

import json
import os
import shutil
import tempfile

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from features import HERE, tf
from fuzz.peer import Peer
from golden.conformance import Case
from kernels import IMAGE, values
from tfcompat import releases
from tfcompat.backend import ops
from tfcompat.layers import BatchNormalization
from tfcompat.spec.layer import Layer as Reference

pytestmark = pytest.mark.needs("tf2", "tf-keras")

#: Arguments, shape and dtype, and how many eps of the largest value the state may be away from the reference's.
KINDS = {
    "fused": ({"momentum": 0.75}, IMAGE, "float32", 32),
    "unfused": ({"momentum": 0.75, "fused": False}, IMAGE, "float64", 32),
    "rank 2": ({"momentum": 0.5, "center": False}, (6, 3), "float64", 32),
    "axis 1": ({"momentum": 0.75, "axis": 1, "scale": False}, (4, 3, 2), "float64", 32),
    "renorm": ({"renorm": True, "renorm_momentum": 0.5, "renorm_clipping": {"rmax": 2.0}}, (6, 3), "float32", 32),
    "virtual batches": ({"momentum": 0.75, "virtual_batch_size": 2}, (4, 3), "float64", 32),
}
#: The same lives each time; another number of them by the environment variable LIVES.
HOW = settings(
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
MODES = ("eager", "function", "past keras")


class Life(RuleBasedStateMachine):
    """One layer, and the reference beside it."""

    peer = None

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.saved = None

    def teardown(self):
        shutil.rmtree(self.folder)

    @initialize(kind=st.sampled_from(sorted(KINDS)))
    def begin(self, kind):
        self.arguments, self.shape, self.dtype, self.eps = KINDS[kind]
        self.layer = self._new(BatchNormalization(**self.arguments))
        case = Case(self.shape, self.dtype, self.arguments, ops.RELEASE, "eager", True)
        self.reference = Reference(case, releases.behaviour(ops.RELEASE))
        self.state = dict(self.reference.variables)
        self.batches = 0

    def _new(self, layer):
        layer.build(self.shape) if layer.dtype == self.dtype else layer(tf.zeros(self.shape, self.dtype))
        return layer

    def _batch(self):
        self.batches += 1
        return np.random.RandomState(self.batches).uniform(-2, 4, self.shape).astype(self.dtype)

    def _moved(self, x):
        if self.layer.trainable:
            self.state.update(self.reference.step(self.state, x.astype("float64"), True, np.zeros(self.shape)).moved)

    @rule(mode=st.sampled_from(MODES))
    def train(self, mode):
        x = self._batch()
        call = {"eager": self.layer, "past keras": self.layer.call}.get(mode)
        call = call or tf.function(lambda x, training: self.layer(x, training=training))
        output = call(tf.constant(x), training=True)
        expected = self.reference.step(self.state, x.astype("float64"), True, np.zeros(self.shape)).y
        self._moved(x)
        self._close(output, expected, 256)

    @rule(mode=st.sampled_from(MODES[:2]))
    def infer(self, mode):
        x = self._batch()
        run = tf.function(self.layer) if mode == "function" else self.layer
        expected = self.reference.step(self.state, x.astype("float64"), False, np.zeros(self.shape)).y
        self._close(run(tf.constant(x), training=False), expected, 256)

    @rule(scale=st.floats(0.5, 2))
    def descend(self, scale):
        """An optimizer changes gamma and beta."""
        for variable in self.layer.trainable_variables:
            name = str(variable.name).split(":")[0].split("/")[-1]
            self.state[name] = self.state[name] * np.asarray(scale, self.dtype)
            variable.assign(tf.convert_to_tensor(variable) * tf.constant(scale, self.dtype))

    @rule()
    def freeze(self):
        self.layer.trainable = False

    @rule()
    def thaw(self):
        self.layer.trainable = True

    @rule()
    def clone(self):
        twin = self._new(BatchNormalization.from_config(json.loads(json.dumps(self.layer.get_config()))))
        twin.set_weights(self.layer.get_weights())
        self.layer = twin

    @rule()
    def save(self):
        path = tf.train.Checkpoint(layer=self.layer).write(os.path.join(self.folder, "saved"))
        self.saved = path, dict(self.state)

    @precondition(lambda self: self.saved)
    @rule()
    def restore(self):
        path, state = self.saved
        tf.train.Checkpoint(layer=self.layer).read(path).assert_consumed()
        self.state = dict(state)

    @rule()
    def continue_on_the_other_keras(self):
        x = self._batch()
        path = tf.train.Checkpoint(layer=self.layer).write(os.path.join(self.folder, "travels"))
        config = json.loads(json.dumps(self.layer.get_config()))
        back = self.peer.train(config, path, x)
        self._moved(x)
        self.layer = self._new(BatchNormalization.from_config(back))
        tf.train.Checkpoint(layer=self.layer).read(path).assert_consumed()

    @invariant()
    def state_is_that_of_the_reference(self):
        if hasattr(self, "state"):
            found = values(self.layer)
            assert set(found) == set(self.state)
            for name, value in found.items():
                self._close(value, np.reshape(self.state[name], value.shape), self.eps, name)

    def _close(self, got, expected, eps, name="output"):
        got, expected = np.asarray(got, "float64"), np.asarray(expected, "float64")
        error = np.max(np.abs(got - expected)) / (np.finfo(self.dtype).eps * max(np.max(np.abs(expected)), 1.0))
        assert error <= eps, "%s is %.3g eps of max|expected| away, allowed is %g" % (name, error, eps)


@pytest.fixture
def peer():
    """A process on the other Keras."""
    made = Peer("keras2" if HERE["keras3"] else "keras3")
    yield made
    made.close()


def test_state_is_that_of_the_reference_whatever_happens_to_the_layer(peer):
    examples = int(os.environ.get("LIVES", 10))
    machine = type("LifeBesideThePeer", (Life,), {"peer": peer})
    how = settings(HOW, max_examples=examples)
    run_state_machine_as_test(machine, settings=how)


def test_reference_and_layer_that_differ_are_told(peer, monkeypatch):
    monkeypatch.setattr(Reference, "rate", lambda self, name: 0.3)
    machine = type("LifeBesideThePeer", (Life,), {"peer": peer})
    how = settings(HOW, max_examples=20)
    with pytest.raises(AssertionError, match="moving_mean is .* away"):
        run_state_machine_as_test(machine, settings=how)
