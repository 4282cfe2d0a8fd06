"""What Keras 2 wrote, Keras 3 reads."""

import os
import subprocess
import sys

import numpy as np
import pytest

import small_model
from features import keras
from kernels import close
from small_model import FILES, LAYERS
from tfcompat.layers import BatchNormalization

pytestmark = pytest.mark.needs("keras3", "tf-keras")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files that a process with Keras 2 wrote."""
    path = str(tmp_path_factory.mktemp("keras2"))
    environment = dict(os.environ, TF_USE_LEGACY_KERAS="1")
    subprocess.run([sys.executable, small_model.__file__, path], env=environment, check=True)
    return path


@pytest.mark.parametrize("kind", sorted(LAYERS))
@pytest.mark.parametrize("ending", sorted(FILES))
def test_file_of_keras_2_gives_the_same_outputs(folder, kind, ending):
    path = os.path.join(folder, kind + ending)
    if "model" in ending:
        model = keras.models.load_model(path, compile=False)
        assert type(model.get_layer("norm")) is BatchNormalization
    else:
        model = small_model.make(kind)
        model.load_weights(path)
    close(small_model.output(model), np.load(os.path.join(folder, kind + ".npy")), eps=4)
