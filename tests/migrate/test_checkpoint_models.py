"""Checkpoints of real TensorFlow 1, loaded into Keras models, give what real TensorFlow gave."""

import json
import os
import pathlib
import subprocess
import sys

import legacy
import numpy as np
import pytest

from tfcompat.__main__ import main
from tfcompat.migrate import load_tf1_checkpoint
from tfcompat.migrate.checkpoints.loading import Loading
from tfcompat.migrate.checkpoints.reader import Checkpoint
from tfcompat.migrate.checkpoints.transfer import UnmatchedError

ROOT = pathlib.Path(__file__).resolve().parents[2]

#: Model -> how many variables are mapped, skipped and unmatched, and how many layers are batch normalizations.
COUNTS = {
    "broken-statistics": (17, 12, 0, 3),
    "conditional": (10, 7, 0, 2),
    "dcgan": (16, 28, 0, 2),
    "keras": (12, 4, 0, 2),
    "never-updated": (17, 12, 0, 3),
    "no-statistics": (11, 0, 6, 3),
    "partitioned": (8, 7, 0, 1),
    "renorm": (10, 6, 0, 1),
    "renorm-1-4": (11, 6, 0, 1),
    "resnet": (32, 21, 0, 6),
    "resnet-channels-first": (32, 21, 0, 6),
    "shadows": (17, 18, 0, 3),
    "slim": (15, 10, 0, 3),
    "tabnet": (21, 14, 0, 4),
    "towers": (18, 13, 0, 3),
    "tpu": (12, 9, 0, 2),
    "training-served": (17, 12, 0, 3),
}
EXPECTED = legacy.EXPECTED

#: Where the bits may be others, and by how many eps of the largest value.  More than 7 channels take the vector rsqrt,
#: which differs between releases; slim gives rank 2 to the fused kernel as [N, 1, 1, C].
WIDE = {
    "Encoder/shared/batch_normalization": 2,
    "Encoder/step_0/batch_normalization": 2,
    "Encoder/step_1/batch_normalization": 2,
    "call-3": 2,
    "bn": 4,
}


def options_of(name):
    return {"shadows": name == "shadows", "allow_unmatched": name == "no-statistics"}


@pytest.fixture(scope="module")
def loaded():
    """Name -> (model, batch normalizations, plan), each loaded once."""
    made = {}

    def load(name):
        if name not in made:
            model, norms = legacy.build(name)
            made[name] = model, norms, load_tf1_checkpoint(model, legacy.checkpoint(name), **options_of(name))
        return made[name]

    return load


def test_every_model_is_tested():
    assert (
        sorted(COUNTS)
        == sorted(legacy.NETS)
        == sorted(path.parent.name for path in legacy.MODELS.glob("*/model.ckpt.index"))
    )


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_every_variable_is_mapped_skipped_or_unmatched(loaded, name):
    plan = loaded(name)[2]
    assert (len(plan.mapped), len(plan.skipped), len(plan.unmatched)) == COUNTS[name][:3]
    in_file = {variable.name for variable in Checkpoint(legacy.checkpoint(name)).variables}
    told = [row.sources[0] for row in plan.mapped] + [row.name for row in plan.skipped]
    assert sorted(told) == sorted(in_file)


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_weights_are_those_of_the_checkpoint(loaded, name):
    model, _, plan = loaded(name)
    reader = Checkpoint(legacy.checkpoint(name))
    weights = [reader.read(row.sources[0]) for row in plan.mapped]
    assert all(row.conversion == "copy" for row in plan.mapped)
    ours = sorted(weight.numpy().tobytes() for weight in model.weights)
    theirs = sorted(weight.tobytes() for weight in weights)
    assert [one for one in ours if one in theirs] == theirs
    assert len(ours) == len(theirs) + len(plan.unmatched)


@pytest.fixture(scope="module", params=[3, 2], ids=["keras3", "keras2"])
def outputs(request, tmp_path_factory):
    """What all models give in a process of one Keras, with the pins of the recordings: `NAME|SITE` -> array."""
    target = str(tmp_path_factory.mktemp("outputs") / "outputs.npz")
    pins = {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_USE_LEGACY_KERAS": str(3 - request.param), "CUDA_VISIBLE_DEVICES": ""}
    pins.update(TF_CPP_MIN_LOG_LEVEL="3", PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "tests" / "migrate")]))
    run = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "migrate" / "run_legacy.py"), target],
        env=dict(os.environ, **pins),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    with np.load(target) as arrays:
        found = dict(arrays)
    assert found["keras"] == request.param
    return found


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "keras"])
def test_batch_normalizations_are_bit_identical(outputs, name):
    expected = legacy.expected(name)
    sites = [key[: -len("/output")] for key in expected if key.endswith("/output")]
    assert sites
    for site in sites:
        ours, theirs = outputs["{}|{}".format(name, site)], expected[site + "/output"]
        if site in WIDE:
            assert legacy.in_eps(ours, theirs) <= WIDE[site], site
        else:
            assert ours.tobytes() == theirs.tobytes(), site


@pytest.mark.parametrize("name", EXPECTED)
def test_whole_nets_give_what_they_gave(outputs, name):
    assert outputs[name + "|mapped"] == COUNTS[name][0]
    assert legacy.in_eps(outputs[name + "|net"], legacy.expected(name)["output"]) <= legacy.NET


def test_the_model_of_an_h5_file_is_bit_identical(outputs):
    assert list(outputs["h5|keras|kernels"]) == ["fused", "unfused"]
    assert outputs["h5|keras|net"].tobytes() == legacy.expected("keras")["output"].tobytes()


def test_the_functional_model_of_an_h5_file_gives_what_it_gave(outputs):
    output = outputs["h5|keras-functional|net"]
    assert legacy.in_eps(output, legacy.expected("keras-functional")["output"]) <= legacy.NET


def test_a_net_goes_to_a_file_and_back_and_folds(outputs):
    assert outputs["back|same"] == COUNTS["resnet"][0]
    assert legacy.in_eps(outputs["back|folded"], legacy.expected("resnet")["output"]) <= 32


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_converted_file_holds_the_same_weights(loaded, name, tmp_path):
    target = str(tmp_path / "model.weights.h5")
    loading = Loading(legacy.checkpoint(name), lambda: legacy.build(name)[0], None, shadows=name == "shadows")
    if name == "no-statistics":
        with pytest.raises(UnmatchedError, match="^6 of 17 variables are unmatched; the first is "):
            loading.plan.check(allow_unmatched=False)
    loading.write(target)
    model = legacy.build(name)[0]
    model.load_weights(target)
    for weight, other in zip(model.weights, loaded(name)[0].weights):
        assert weight.numpy().tobytes() == other.numpy().tobytes(), weight.path


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_inspect_tells_the_batch_normalizations(name, capsys):
    assert main(["checkpoint", "inspect", "--json", legacy.checkpoint(name)]) == 0
    told = json.loads(capsys.readouterr().out)
    norms = [layer for layer in told["layers"] if layer["kind"] == "batch_normalization"]
    assert len(norms) == COUNTS[name][3]
    assert all(layer["variables"]["beta"]["dtype"] == "float32" for layer in norms)


def test_no_statistics_are_missed_by_name(loaded):
    unmatched = loaded("no-statistics")[2].unmatched
    assert {row.side for row in unmatched} == {"model"}
    assert sorted(row.name.split("/")[1] for row in unmatched) == ["moving_mean"] * 3 + ["moving_variance"] * 3
    assert all("Saver(tf.trainable_variables())" in row.reason for row in unmatched)


def test_nothing_is_loaded_where_something_is_unmatched():
    model = legacy.build("no-statistics")[0]
    before = [weight.numpy().tobytes() for weight in model.weights]
    with pytest.raises(UnmatchedError):
        load_tf1_checkpoint(model, legacy.checkpoint("no-statistics"))
    assert before == [weight.numpy().tobytes() for weight in model.weights]


def test_variables_of_virtual_batches_become_plain_ones():
    """[1, 1, 12] of a layer with virtual batches, for a layer without."""
    import tensorflow as tf

    import tfcompat

    layers = tf.keras.layers
    inputs = layers.Input((6,))
    x = tfcompat.BatchNormalization(release="1.15", name="Encoder_step_0_batch_normalization")(layers.Dense(12)(inputs))
    names = {r"Encoder/step_0/batch_normalization": "Encoder_step_0_batch_normalization", r"(.*/)?dense": None}
    names.update({r"Encoder/(shared|step_1)/.*": None, "Encoder/batch_normalization": None})
    model = tf.keras.Model(inputs, x)
    plan = load_tf1_checkpoint(model, legacy.checkpoint("tabnet"), names, allow_unmatched=True)
    assert [row.by for row in plan.mapped] == ["name map"] * 4
    expected, site = legacy.expected("tabnet"), "Encoder/step_0/batch_normalization"
    output = model.layers[-1](expected[site + "/input"]).numpy()
    assert legacy.in_eps(output, expected[site + "/output"]) <= 1
