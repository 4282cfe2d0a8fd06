"""Files: every spelling of a checkpoint, broken ones, kills, memory, and the way back."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import legacy
import numpy as np
import pytest
import tensorflow as tf

from tfcompat.errors import InputError
from tfcompat.migrate import load_tf1_checkpoint
from tfcompat.migrate.checkpoints.exporting import Exporting
from tfcompat.migrate.checkpoints.loading import Loading
from tfcompat.migrate.checkpoints.reader import Checkpoint, prefix_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = "never-updated"


@pytest.fixture
def copied(tmp_path):
    """A copy of a checkpoint's files in a folder of its own; its prefix."""
    for path in (legacy.MODELS / NAME).glob("model.ckpt.*"):
        shutil.copy(str(path), str(tmp_path))
    return str(tmp_path / "model.ckpt")


def weights_of(name):
    return lambda: legacy.build(name)[0]


def write_weights(name, folder, **options):
    target = os.path.join(str(folder), "model.weights.h5")
    Loading(legacy.checkpoint(name), weights_of(name), None, **options).write(target)
    return target


@pytest.mark.parametrize("ending", ["", ".index", ".data-00000-of-00001", ".meta"])
def test_a_checkpoint_has_many_names(copied, ending):
    assert prefix_of(copied + ending) == copied


def test_a_folder_with_one_checkpoint_names_it(copied):
    assert prefix_of(os.path.dirname(copied)) == copied


def test_a_folder_of_a_saved_model_names_its_variables():
    folder = legacy.MODELS / NAME / "saved_model"
    assert prefix_of(str(folder)) == str(folder / "variables" / "variables")
    assert Checkpoint(str(folder)).variables


@pytest.mark.parametrize("written", ["model.ckpt", "/moved/from/model.ckpt"])
def test_a_checkpoint_file_names_the_latest_even_if_the_folder_moved(copied, written):
    folder = pathlib.Path(copied).parent
    shutil.copy(copied + ".index", str(folder / "older.index"))
    (folder / "checkpoint").write_text('model_checkpoint_path: "%s"\nall_model_checkpoint_paths: "older"\n' % written)
    assert prefix_of(str(folder)) == copied


def read_all(path):
    checkpoint = Checkpoint(path)
    return [checkpoint.read(variable.name) for variable in checkpoint.variables]


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_all(str(path))
    message = str(caught.value)
    assert "\n" not in message and str(path) in message
    return message


def test_several_checkpoints_in_a_folder_are_listed(copied):
    folder = os.path.dirname(copied)
    shutil.copy(copied + ".index", os.path.join(folder, "other.index"))
    assert refusal(folder).endswith("holds several checkpoints; name one: model.ckpt, other")


def test_a_missing_checkpoint_is_told_with_those_beside_it(copied):
    assert "no checkpoint; one is written as PREFIX.index and" in refusal(copied + "-300")
    assert refusal(copied + "-300").endswith("there is model.ckpt")


def test_an_empty_folder_is_refused(tmp_path):
    assert "a folder without a checkpoint" in refusal(tmp_path)


def test_a_broken_checkpoint_file_is_refused(tmp_path):
    (tmp_path / "checkpoint").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(tmp_path)
    (tmp_path / "checkpoint").write_text("nothing")
    assert "has no model_checkpoint_path" in refusal(tmp_path)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "gone"')
    assert "names gone, which is not there" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(100), b"text\n"], ids=["empty", "h5", "text"])
def test_another_format_is_refused(tmp_path, content):
    (tmp_path / "model").write_bytes(content)
    assert "not a readable checkpoint of tf.train.Saver" in refusal(tmp_path / "model")


def truncated(path, size):
    with open(path, "r+b") as target:
        target.truncate(size)


@pytest.mark.parametrize("size", [0, 100, 1000])
def test_a_truncated_index_is_refused(copied, size):
    truncated(copied + ".index", size)
    assert "not a readable checkpoint" in refusal(copied)


def test_truncated_data_is_refused_before_anything_is_loaded_or_written(copied, tmp_path):
    truncated(copied + ".data-00000-of-00001", 4000)
    assert "is cut off or broken" in refusal(copied)
    model = legacy.build(NAME)[0]
    before = [weight.numpy().tobytes() for weight in model.weights]
    with pytest.raises(InputError, match="is cut off or broken"):
        load_tf1_checkpoint(model, copied)
    assert before == [weight.numpy().tobytes() for weight in model.weights]
    with pytest.raises(InputError, match="is cut off or broken"):
        Loading(copied, weights_of(NAME), None).write(str(tmp_path / "new.weights.h5"))
    assert not [name for name in os.listdir(str(tmp_path)) if "new" in name]


def test_missing_data_is_refused(copied):
    os.remove(copied + ".data-00000-of-00001")
    assert "is cut off or broken" in refusal(copied) or "not a readable" in refusal(copied)


def test_one_changed_bit_is_refused(copied):
    with open(copied + ".data-00000-of-00001", "r+b") as data:
        data.seek(100)
        byte = data.read(1)[0]
        data.seek(100)
        data.write(bytes([byte ^ 1]))
    assert "is cut off or broken" in refusal(copied)


def test_an_unreadable_index_is_refused(copied):
    os.remove(copied + ".index")
    os.mkdir(copied + ".index")
    assert "not a readable checkpoint" in refusal(copied)


def test_a_checkpoint_of_objects_is_refused(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(1.0)).write(str(tmp_path / "objects"))
    assert "a checkpoint of tf.train.Checkpoint, which knows objects" in refusal(path)


def test_a_model_that_is_not_built_is_refused():
    model = tf.keras.Sequential([tf.keras.layers.Dense(3)], name="mine")
    with pytest.raises(InputError, match="model 'mine' has no variables yet; build it first"):
        load_tf1_checkpoint(model, legacy.checkpoint(NAME))


def test_a_target_is_overwritten_only_where_that_is_allowed(tmp_path):
    target = write_weights(NAME, tmp_path)
    first = open(target, "rb").read()
    loading = Loading(legacy.checkpoint("shadows"), weights_of("shadows"), None, shadows=True)
    with pytest.raises(InputError, match="exists; choose another name or allow overwriting"):
        loading.write(target)
    assert open(target, "rb").read() == first
    loading.write(target, overwrite=True)
    assert open(target, "rb").read() != first


@pytest.mark.parametrize(
    "target, message",
    [("model.h5", "ends in .weights.h5 or .keras"), ("no/model.keras", "there is no folder"), ("d.keras", "a folder")],
)
def test_a_target_that_cannot_be_is_refused(tmp_path, target, message):
    (tmp_path / "d.keras").mkdir()
    with pytest.raises(InputError, match=message):
        Loading(legacy.checkpoint(NAME), weights_of(NAME), None).write(str(tmp_path / target))


def test_a_model_file_has_the_net_in_it(tmp_path):
    target = str(tmp_path / "model.keras")
    loading = Loading(legacy.checkpoint(NAME), weights_of(NAME), None)
    assert all(variable._value is None for variable in loading.model.variables.values()), "memory for values"
    loading.write(target)
    model, expected = tf.keras.models.load_model(target), legacy.build(NAME)[0]
    load_tf1_checkpoint(expected, legacy.checkpoint(NAME))
    x = legacy.expected(NAME)["input"]
    assert model(x).numpy().tobytes() == expected(x).numpy().tobytes()


def restored(prefix, names):
    """Values by `tf.compat.v1.train.Saver`, of variables made by name and shape."""
    v1 = tf.compat.v1
    reader = v1.train.NewCheckpointReader(prefix)
    with tf.Graph().as_default(), v1.Session() as session:
        made = [v1.get_variable(name, reader.get_variable_to_shape_map()[name]) for name in names]
        v1.train.Saver(made).restore(session, prefix)
        return dict(zip(names, session.run(made)))


@pytest.mark.parametrize("name", sorted(set(legacy.NETS) - {"no-statistics", "slim", "tpu"}))
def test_the_way_back_like_the_old_checkpoint_gives_its_values(name, tmp_path):
    weights, prefix = write_weights(name, tmp_path), str(tmp_path / "back.ckpt")
    work = Exporting(weights, weights_of(name), like=legacy.checkpoint(name))
    assert not work.plan.unmatched
    work.write(prefix)
    old = Checkpoint(legacy.checkpoint(name))
    back = restored(prefix, [row.target for row in work.plan.mapped])
    skipped = {row.name for row in work.plan.skipped}
    assert set(back) == {variable.name for variable in old.variables} - skipped
    for variable, value in back.items():
        assert value.tobytes() == old.read(variable).tobytes()


def test_names_of_a_new_checkpoint_are_counted_in_every_scope(tmp_path):
    legacy.build("tabnet")  # so that the numbers of the next are higher
    weights, prefix = write_weights("tabnet", tmp_path), str(tmp_path / "back.ckpt")
    work = Exporting(weights, weights_of("tabnet"))
    work.write(prefix)
    old = Checkpoint(legacy.checkpoint("tabnet"))
    names = {variable.name for variable in Checkpoint(prefix).variables}
    assert names == {v.name for v in old.variables if "Momentum" not in v.name and v.name != "global_step"}
    for name, value in restored(prefix, sorted(names)).items():
        assert value.tobytes() == old.read(name).tobytes()


def test_a_model_file_goes_back_too(tmp_path):
    Loading(legacy.checkpoint(NAME), weights_of(NAME), None).write(str(tmp_path / "model.keras"))
    Exporting(str(tmp_path / "model.keras"), weights_of(NAME)).write(str(tmp_path / "back"))
    old, back = Checkpoint(legacy.checkpoint(NAME)), Checkpoint(str(tmp_path / "back"))
    assert len(back.variables) == 17
    assert all(np.array_equal(back.read(v.name), old.read(v.name)) for v in back.variables)


def test_a_checkpoint_is_overwritten_only_where_that_is_allowed(tmp_path):
    work = Exporting(write_weights(NAME, tmp_path), weights_of(NAME))
    work.write(str(tmp_path / "back"))
    with pytest.raises(InputError, match="back.index: exists"):
        work.write(str(tmp_path / "back"))
    Exporting(write_weights("no-statistics", tmp_path / ".."), weights_of(NAME)).write(str(tmp_path / "back"), True)
    assert len(Checkpoint(str(tmp_path / "back")).variables) == 17


def test_weights_of_another_model_are_refused(tmp_path):
    weights = write_weights(NAME, tmp_path)
    with pytest.raises(InputError, match="cannot be read into the model"):
        Exporting(weights, weights_of("resnet")).write(str(tmp_path / "back"))
    assert not (tmp_path / "back.index").exists()


@pytest.mark.parametrize("content", [b"", b"text"])
def test_broken_weights_are_refused(tmp_path, content):
    (tmp_path / "model.weights.h5").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read into the model"):
        Exporting(str(tmp_path / "model.weights.h5"), weights_of(NAME)).write(str(tmp_path / "back"))
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read into the model"):
        Exporting(str(tmp_path / "model.keras"), weights_of(NAME)).write(str(tmp_path / "back"))


def in_a_process(script, *arguments):
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "migrate")])
    environment = dict(os.environ, PYTHONPATH=paths, CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
    command = [sys.executable, str(script), *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_one(tmp_path):
    result = json.loads(in_a_process(ROOT / "tests" / "migrate" / "run_killed.py", str(tmp_path)).splitlines()[-1])
    for name, found in result.items():
        before = "old" if name.startswith("over ") else "absent"
        allowed = [before] if name != "over model.ckpt" else ["old", "absent"]
        states = found["states"]
        assert len(states) > 14 and states[-1] == "new" and not found["left"]
        first_new = states.index("new")
        assert set(states[first_new:]) == {"new"}, name
        assert states[:first_new] == sorted(states[:first_new], key=allowed.index), name
    # An index that is overwritten goes first, and is back after the data is in place.
    assert result["over model.ckpt"]["states"].count("absent") == 3


def test_a_large_checkpoint_is_converted_in_bounded_memory():
    """64 MB in 16 tensors; 1 GB by the script's defaults."""
    script = ROOT / "benchmarks" / "convert_large_checkpoint.py"
    told = in_a_process(script, "--megabytes", "64", "--limit", "48", "--quiet")
    assert "64 MB in 16 tensors" in told
