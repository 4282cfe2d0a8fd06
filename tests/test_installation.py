"""`tfcompat.install()` and `uninstall()`, each in a process of its own and on each Keras that is here."""

import os
import subprocess
import sys
import textwrap

import pytest

from golden import installed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

START = """
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tfcompat

OURS = {"batch_normalization": tfcompat.batch_normalization, "BatchNormalization": tfcompat.BatchNormalization}
OTHERS = ("dense", "Dense", "InputSpec", "max_pooling2d", "no_such_name")

def look(name):
    try:
        return getattr(tf1.layers, name)
    except AttributeError as error:
        return str(error)

def looks(names):
    return [look(name) for name in names]
"""

pytestmark = pytest.mark.parametrize("keras", installed.kerases(installed.release()))


def passes(keras, program):
    """Runs a program after `START`; its own assertions decide."""
    environ = dict(os.environ, PYTHONPATH=ROOT, CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    environ.pop("TF_USE_LEGACY_KERAS", None)
    if keras == "keras2" and installed.version("tf-keras"):
        environ["TF_USE_LEGACY_KERAS"] = "1"
    command = [sys.executable, "-c", START + textwrap.dedent(program)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_installed_names_are_ours_on_every_path(keras):
    passes(
        keras,
        """
        from tensorflow.compat.v1 import layers as taken_before
        tfcompat.install()
        assert looks(OURS) == list(OURS.values())
        from tensorflow.compat.v1 import layers
        from tensorflow.compat.v1.layers import BatchNormalization, batch_normalization
        import tensorflow.compat.v1.layers as imported
        for module in (tf.compat.v1.layers, layers, imported, taken_before):
            assert [getattr(module, name) for name in OURS] == list(OURS.values())
        assert [batch_normalization, BatchNormalization] == list(OURS.values())
        """,
    )


def test_every_other_name_stays_what_it_was(keras):
    passes(
        keras,
        """
        before = looks(OTHERS)
        assert isinstance(before[-1], str)
        tfcompat.install()
        assert looks(OTHERS) == before
        tfcompat.uninstall()
        assert looks(OTHERS) == before
        """,
    )


def test_uninstall_brings_back_what_was_there(keras):
    passes(
        keras,
        """
        def imported():
            try:
                from tensorflow.compat.v1.layers import batch_normalization
            except ImportError:
                return None
            return batch_normalization

        there = imported()
        before = looks(OURS)
        tfcompat.install()
        tfcompat.uninstall()
        assert looks(OURS) == before
        assert imported() is there is not tfcompat.batch_normalization
        """,
    )


def test_install_and_uninstall_may_be_repeated(keras):
    passes(
        keras,
        """
        before = looks(OURS)
        tfcompat.uninstall()
        assert looks(OURS) == before
        for _ in range(2):
            tfcompat.install()
            tfcompat.install()
            assert looks(OURS) == list(OURS.values())
            tfcompat.uninstall()
            tfcompat.uninstall()
            assert looks(OURS) == before
        """,
    )


def test_installed_function_normalizes_in_a_v1_graph(keras):
    passes(
        keras,
        """
        tf1.disable_v2_behavior()
        tfcompat.install()
        x = tf1.placeholder(tf.float32, [None, 2])
        y = tf1.layers.batch_normalization(x, training=True, name="bn")
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            low, high = session.run(y, {x: [[1.0, 5.0], [3.0, 9.0]]})
        assert (low < -0.9).all() and (high > 0.9).all()
        assert [v.op.name for v in tf1.trainable_variables()] == ["bn/gamma", "bn/beta"]
        """,
    )
