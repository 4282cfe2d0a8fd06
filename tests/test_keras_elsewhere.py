"""Keras 3 on PyTorch or JAX is refused when the layer is imported, with the cure."""

import os
import subprocess
import sys

import pytest

from golden import installed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

PROGRAM = """
import keras
keras.backend.backend = lambda: %r
try:
    import tfcompat.backend.keras3
except RuntimeError as error:
    print(error)
else:
    print("taken")
"""

pytestmark = pytest.mark.skipif("keras3" not in installed.kerases(installed.release()), reason="there is no Keras 3")


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_keras_on_another_backend_is_refused_with_the_variable_to_set(backend):
    assert told_on(backend) == (
        "Keras runs on %s, and tfcompat is made of TensorFlow operations; set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported." % backend
    )


def test_keras_on_tensorflow_is_taken():
    assert told_on("tensorflow") == "taken"


def told_on(backend):
    environ = dict(os.environ, PYTHONPATH=ROOT, CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    environ.pop("TF_USE_LEGACY_KERAS", None)
    command = [sys.executable, "-c", PROGRAM % backend]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300).stdout.splitlines()[-1]
