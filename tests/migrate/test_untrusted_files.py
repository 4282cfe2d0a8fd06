"""Files from elsewhere: nothing in them is run, none ends the process, none takes memory that it does not have."""

import base64
import contextlib
import json
import marshal
import os
import pickle
import shutil
import zipfile

import h5py
import legacy
import numpy as np
import pytest
from tensorflow.core.protobuf import tensor_bundle_pb2

import tfcompat
from tfcompat.__main__ import main
from tfcompat.backend import bundle, host, protos
from tfcompat.errors import InputError
from tfcompat.migrate import load_h5_model
from tfcompat.migrate.checkpoints import h5 as h5_of_tf1

SMALL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nets_for_commands.py") + ":small"
KERAS3 = host.choose().__name__.endswith("3")


@pytest.fixture
def canary(tmp_path):
    """A path at which there must be nothing at the end."""
    path = tmp_path / "canary"
    yield str(path)
    assert not path.exists()


def marshalled(canary):
    """A function that writes the canary, as a Lambda of Keras 2 keeps it."""
    code = compile("lambda x: open(%r, 'w').close() or x" % canary, "canary", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(code)).decode("ascii")


class Writes:
    """An object whose pickle writes the canary."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return os.system, ("touch " + self.canary,)


def written(canary):
    """Objects that stand for Python code in configs of Keras."""
    code = marshalled(canary)
    return {
        "old lambda": {
            "class_name": "Lambda",
            "config": {"name": "a", "function": [code, None, None], "function_type": "lambda"},
        },
        "new lambda": {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}},
        "module": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        "class": {
            "module": "subprocess",
            "class_name": "Popen",
            "config": {"args": ["touch", canary]},
            "registered_name": None,
        },
    }


@pytest.mark.parametrize("kind", ["old lambda", "new lambda", "module", "class"])
@pytest.mark.parametrize("place", ["layer", "activation"])
def test_code_in_an_h5_model_is_refused(tmp_path, canary, kind, place):
    path = str(tmp_path / "model.h5")
    shutil.copy(str(legacy.MODELS / "keras" / "model.h5"), path)
    with h5py.File(path, "r+") as target:
        config = json.loads(target.attrs["model_config"])
        layers = config["config"]["layers"]
        if place == "layer":
            layers.insert(1, written(canary)[kind])
        else:
            layers[0]["config"]["activation"] = written(canary)[kind]
        target.attrs["model_config"] = json.dumps(config)
    with pytest.raises(InputError, match="model.h5: its model has a .* code out of a file is not run"):
        load_h5_model(path)


def operation(canary):
    """A layer of Keras 2 that calls a function of TensorFlow by its name, while the model is made."""
    config = {"name": "write", "trainable": True, "dtype": "float32", "function": "io.write_file"}
    call = [["_CONSTANT_VALUE", -1, canary, {"contents": "sings"}]]
    return {"class_name": "TFOpLambda", "name": "write", "config": config, "inbound_nodes": call}


def test_operation_that_an_h5_model_names_is_not_run(tmp_path, canary):
    path = str(tmp_path / "model.h5")
    shutil.copy(str(legacy.MODELS / "keras-functional" / "model.h5"), path)
    with h5py.File(path, "r+") as target:
        config = json.loads(target.attrs["model_config"])
        config["config"]["layers"].append(operation(canary))
        target.attrs["model_config"] = json.dumps(config)
    with pytest.raises(InputError, match="its model has a TFOpLambda, and code out of a file is not run"):
        load_h5_model(path)


@pytest.mark.parametrize("kind", h5_of_tf1._CODE)
def test_layer_that_runs_what_a_file_names_is_refused_wherever_it_is(kind):
    wrapped = {"class_name": "TimeDistributed", "config": {"layer": {"class_name": kind, "config": {}}}}
    assert h5_of_tf1._code_in({"config": {"layers": [{"class_name": "Dense"}, wrapped]}}) == "a " + kind


@pytest.mark.parametrize("kind", ["old lambda", "new lambda", "module", "class"])
def test_adjustment_that_is_not_registered_is_refused(canary, kind):
    config = dict(tfcompat.BatchNormalization().get_config(), adjustment=written(canary)[kind])
    with pytest.raises(ValueError, match="adjustment is written as .* whose class is registered"):
        tfcompat.BatchNormalization.from_config(config)


def test_adjustment_that_is_a_name_of_nothing_is_refused(canary):
    config = dict(tfcompat.BatchNormalization().get_config(), adjustment="os.system")
    with pytest.raises(ValueError, match="registered as 'os.system', which is unknown here"):
        tfcompat.BatchNormalization.from_config(config)


@pytest.mark.parametrize("name", ["Session", "gfile", "no_initializer", 7])
def test_initializer_that_is_none_of_tensorflow_1_is_refused(name):
    config = dict(tfcompat.BatchNormalization().get_config(), gamma_initializer={"tf1_initializer": name, "config": {}})
    with pytest.raises(ValueError, match="is no initializer of tf.compat.v1"):
        tfcompat.BatchNormalization.from_config(config).build((None, 3))


@pytest.mark.skipif(not KERAS3, reason="files of Keras 3")
def test_code_in_a_keras_archive_is_not_run_for_its_weights(tmp_path, canary):
    made, path = str(tmp_path / "model.keras"), str(tmp_path / "evil.keras")
    legacy.small()[0].save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            evil = name == "config.json"
            target.writestr(name, json.dumps(written(canary)["class"]) if evil else source.read(name))
    assert main(["checkpoint", "export", path, "--model", SMALL, "--to", str(tmp_path / "out.ckpt")]) == 0


def test_pickle_in_a_batch_is_refused(tmp_path, canary, capsys):
    np.save(str(tmp_path / "batch.npy"), np.array([Writes(canary)], object), allow_pickle=True)
    words = ["fold", legacy.checkpoint("never-updated"), "--model", SMALL, "--to", str(tmp_path / "out.weights.h5")]
    assert main(words + ["--input", str(tmp_path / "batch.npy")]) == 2
    assert "batch.npy: cannot be read as .npy" in capsys.readouterr().err


def fold_small(tmp_path, capsys, *words):
    """What `tfcompat fold` of a whole model says when it refuses."""
    assert main(["fold", *words, "--model", SMALL, "--to", str(tmp_path / "out.weights.h5")]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    return told


@pytest.mark.parametrize(
    "batch, told",
    [
        (b"", "cannot be read as .npy (No data left in file)"),
        (b"\x93NUMPY\x01\x00\x04\x00{(['", "cannot be read as .npy ("),
        (np.ones((2, 9)), "holds float64 of shape [2, 9]; the model takes numbers of shape [None, 8, 8, 3]"),
        (np.ones((0, 8, 8, 3)), "holds float64 of shape [0, 8, 8, 3]; the model takes"),
        (np.full((2, 8, 8, 3), "a"), "holds <U1 of shape [2, 8, 8, 3]; the model takes numbers"),
    ],
)
def test_batch_that_the_model_cannot_take_is_refused(tmp_path, capsys, batch, told):
    path = tmp_path / "batch.npy"
    path.write_bytes(batch) if isinstance(batch, bytes) else np.save(str(path), batch)
    said = fold_small(tmp_path, capsys, legacy.checkpoint("never-updated"), "--input", str(path))
    assert "%s: %s" % (path, told) in said


def test_batch_of_several_arrays_is_refused(tmp_path, capsys):
    with open(str(tmp_path / "batch.npy"), "wb") as target:
        np.savez(target, a=np.ones(3), b=np.ones(3))
    words = legacy.checkpoint("never-updated"), "--input", str(tmp_path / "batch.npy")
    assert "holds several arrays; give the .npy of one batch" in fold_small(tmp_path, capsys, *words)


def test_batch_that_says_that_it_is_huge_takes_no_memory(tmp_path, capsys):
    path = tmp_path / "batch.npy"
    np.save(str(path), np.ones((2, 8, 8, 3)))
    path.write_bytes(path.read_bytes().replace(b"(2, 8, 8, 3)", b"(2222222222,)"[:12].ljust(12)))
    words = legacy.checkpoint("never-updated"), "--input", str(path)
    assert "batch.npy: cannot be read as .npy (" in fold_small(tmp_path, capsys, *words)


@pytest.mark.parametrize("content", [b"", b"text", None])
def test_broken_weights_of_a_model_that_is_folded_are_refused(tmp_path, capsys, content):
    path = tmp_path / "model.weights.h5"
    if content is None:
        legacy.small()[0].save_weights(str(path))
        content = path.read_bytes()[:-100]
    path.write_bytes(content)
    assert "model.weights.h5: cannot be read into the model (" in fold_small(tmp_path, capsys, str(path))


def test_the_canary_sings_where_code_is_run(tmp_path):
    path = str(tmp_path / "sings")
    pickle.loads(pickle.dumps(Writes(path)))
    assert os.path.exists(path)


def entry(shape=(2, 3), dtype=1, size=24, **fields):
    made = tensor_bundle_pb2.BundleEntryProto(dtype=dtype, size=size, **fields)
    for length in shape:
        made.shape.dim.add(size=length)
    return made


@pytest.mark.parametrize(
    "damaged, told",
    [
        (entry(shape=(-1, 3)), r"'v' the shape \[-1, 3\]"),
        (entry(shape=(2**62, 2**62)), "'v' of shape .* takes"),
        (entry(shape=(2, 4)), "takes 32 bytes, and has 24"),
        (entry(shape=[1] * 255, size=4), "'v' the shape"),
        (entry(dtype=99), "a dtype that does not exist, 99"),
        (entry(dtype=0), "a dtype that does not exist, 0"),
        (entry(shape=(100,), dtype=7), "takes 100 bytes, and has 24"),
        (entry(shard_id=1), "in file 1 at byte 0"),
        (entry(offset=-8), "in file 0 at byte -8"),
        (entry(size=-24), "in file 0 at byte 0"),
    ],
)
def test_index_of_a_checkpoint_that_says_what_no_data_can_have_is_refused(damaged, told):
    with pytest.raises(ValueError, match=told):
        bundle._check_entry("v", damaged, [1000])


@pytest.mark.parametrize("extents", [[(0, 3)], [(-1, 1), (0, 3)], [(1, 2), (0, 3)], [(0, -1), (0, 3)]])
def test_slice_that_is_not_in_its_variable_is_refused(extents):
    made = entry(size=0)
    part = made.slices.add()
    for start, length in extents:
        part.extent.add(start=start, length=length)
    with pytest.raises(ValueError, match="the index cuts 'v'"):
        bundle._check_entry("v", made, [1000])


def test_data_that_ends_behind_its_file_is_refused_when_it_is_read():
    assert bundle._check_entry("v", entry(offset=980), [1000]) == "it ends at byte 1004, the file at 1000"
    assert bundle._check_entry("v", entry(offset=976), [1000]) == ""


def test_every_cut_of_an_index_is_refused_and_no_byte_ends_in_another_error(tmp_path):
    path, prefix = tmp_path / "model.ckpt.index", str(tmp_path / "model.ckpt")
    content = (legacy.MODELS / "partitioned" / "model.ckpt.index").read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place])
        with pytest.raises(ValueError, match="the index has no end, or is no index"):
            bundle.check(prefix)
        path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
        with contextlib.suppress(ValueError):  # the check sums find the rest, in TensorFlow
            bundle.check(prefix)


def test_graph_in_which_a_node_is_gone_is_refused(tmp_path, capsys):
    graph = protos.GraphDef.FromString((legacy.MODELS / "renorm" / "frozen.pb").read_bytes())
    del graph.node[1]
    (tmp_path / "frozen.pb").write_bytes(graph.SerializeToString())
    assert main(["audit", str(tmp_path / "frozen.pb")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "is damaged, " in line and "which is not there; copy it again" in line


@pytest.mark.parametrize("size", [2**40, -1, protos.LARGEST + 1])
def test_constant_that_repeats_a_value_too_often_is_refused(size, tmp_path, capsys):
    graph = protos.GraphDef.FromString((legacy.MODELS / "renorm" / "frozen.pb").read_bytes())
    for node in graph.node:
        if node.op == "Const":
            node.attr["value"].tensor.tensor_shape.ClearField("dim")
            node.attr["value"].tensor.tensor_shape.dim.add(size=size)
    (tmp_path / "frozen.pb").write_bytes(graph.SerializeToString())
    assert main(["audit", str(tmp_path / "frozen.pb")]) == 2
    assert "is damaged, it has a constant of shape [%d]; copy it again" % size in capsys.readouterr().err
