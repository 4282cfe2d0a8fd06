"""HDF5 models of TensorFlow 1.13 to 1.15; outputs of those of 1.15 are compared in test_checkpoint_models.py, too."""

import json
import shutil

import h5py
import legacy
import numpy as np
import pytest

import tfcompat
from tfcompat.backend import h5
from tfcompat.errors import InputError
from tfcompat.migrate import load_h5_model

KERAS = str(legacy.MODELS / "keras" / "model.h5")


def changed(tmp_path, change):
    """A copy of the file whose model config is changed."""
    target = str(tmp_path / "model.h5")
    shutil.copy(KERAS, target)
    with h5py.File(target, "r+") as source:
        config = change(source.attrs["model_config"])
        del source.attrs["model_config"]
        if config is not None:
            source.attrs["model_config"] = config
    return target


def test_the_class_of_1_13_is_known():
    """There it is called `BatchNormalizationV1`."""
    with h5py.File(str(legacy.MODELS / "keras-1-13" / "model.h5"), "r") as source:
        assert b'"BatchNormalizationV1"' in np.bytes_(source.attrs["model_config"])
    expected = legacy.expected("keras-1-13")
    model = load_h5_model(str(legacy.MODELS / "keras-1-13" / "model.h5"))
    norms = [layer for layer in model.layers if isinstance(layer, tfcompat.BatchNormalization)]
    assert [layer.momentum for layer in norms] == [0.9, 0.8]
    apart = np.abs(model(expected["input"]).numpy() - expected["output"]).max()
    assert apart <= 8 * np.finfo("float32").eps * np.abs(expected["output"]).max()


def test_the_config_of_a_model_may_be_text_or_bytes(tmp_path):
    path = changed(tmp_path, lambda text: np.bytes_('{"name": "größer"}'.encode()))
    assert h5.model_config(path) == '{"name": "größer"}'
    assert json.loads(h5.model_config(KERAS))["class_name"]


def test_a_sequential_model_may_be_a_list_of_layers(tmp_path):
    def change(text):
        config = json.loads(text)
        return json.dumps(dict(config, config=config["config"]["layers"]))

    x = legacy.expected("keras")["input"]
    assert np.array_equal(load_h5_model(changed(tmp_path, change))(x), load_h5_model(KERAS)(x))


def test_a_model_that_is_loaded_is_saved_again(tmp_path):
    model = load_h5_model(str(legacy.MODELS / "keras-functional" / "model.h5"))
    model.save(str(tmp_path / "again.keras"))
    again = legacy.keras.models.load_model(str(tmp_path / "again.keras"))
    expected = legacy.expected("keras-functional")
    x = [expected["input"], expected["input-2"]]
    assert np.array_equal(again(x), model(x))


@pytest.mark.parametrize("content, message", [(None, "no such file"), (b"", "cannot be read"), (b"text", "cannot be")])
def test_a_file_that_is_no_hdf5_is_refused(tmp_path, content, message):
    path = tmp_path / "model.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        load_h5_model(str(path))
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_refused(tmp_path):
    path = changed(tmp_path, lambda text: text)
    with open(path, "r+b") as target:
        target.truncate(20000)
    with pytest.raises(InputError, match="cannot be read as HDF5"):
        load_h5_model(path)


def test_weights_alone_are_refused(tmp_path):
    with pytest.raises(InputError, match="has weights and no model; build the model"):
        load_h5_model(changed(tmp_path, lambda text: None))
