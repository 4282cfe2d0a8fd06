"""`tfcompat checkpoint` and `tfcompat fold` from outside."""

import json
import pathlib

import legacy
import numpy as np
import pytest

from tfcompat.__main__ import main

NET = str(pathlib.Path(legacy.__file__)) + ":{}"
MODEL = pathlib.Path(__file__).with_name("nets_for_commands.py")
SMALL = str(MODEL) + ":small"


def run(capsys, *arguments):
    """(status, stdout, stderr)."""
    status = main(list(arguments))
    told = capsys.readouterr()
    return status, told.out, told.err


def test_plan_prints_all_and_tells_by_its_status(capsys):
    status, out, _ = run(capsys, "checkpoint", "plan", legacy.checkpoint("never-updated"), "--model", SMALL)
    assert status == 0 and "17 mapped, 12 skipped, 0 unmatched" in out
    status, out, _ = run(capsys, "checkpoint", "plan", legacy.checkpoint("no-statistics"), "--model", SMALL)
    assert status == 1 and "11 mapped, 0 skipped, 6 unmatched" in out


def test_inspect_prints_layers_and_what_is_beside(capsys):
    status, out, _ = run(capsys, "checkpoint", "inspect", legacy.checkpoint("renorm-1-4"))
    assert status == 0
    assert "renorm_stddev_weight" in out and "global_step" in out and "a slot of an optimizer" in out


def test_convert_and_export_print_the_plan_first(capsys, tmp_path):
    target, back = str(tmp_path / "a.weights.h5"), str(tmp_path / "back.ckpt")
    convert = ("checkpoint", "convert", legacy.checkpoint("shadows"), "--shadows", "--model", SMALL, "--to", target)
    status, out, _ = run(capsys, *convert)
    lines = out.splitlines()
    assert status == 0 and lines[0].startswith("mapped from") and lines[-1] == target + ": 17 variables written"
    status, out, err = run(capsys, *convert)
    assert (status, out) == (2, "") and err.count("\n") == 1 and "exists" in err
    status, out, _ = run(capsys, *convert, "--overwrite", "--json")
    assert status == 0 and len(json.loads(out)["mapped"]) == 17
    status, out, _ = run(capsys, "checkpoint", "export", target, "--model", SMALL, "--to", back, "--json")
    assert status == 0 and len(json.loads(out)["mapped"]) == 17
    assert run(capsys, "checkpoint", "plan", back, "--model", SMALL)[0] == 0


def test_unmatched_variables_are_refused_unless_allowed(capsys, tmp_path):
    target = str(tmp_path / "a.weights.h5")
    convert = ("checkpoint", "convert", legacy.checkpoint("no-statistics"), "--model", SMALL, "--to", target)
    status, out, err = run(capsys, *convert)
    assert status == 2 and "6 unmatched" in out and err.startswith("tfcompat: 6 of 17 variables are unmatched")
    assert not (tmp_path / "a.weights.h5").exists()
    assert run(capsys, *convert, "--allow-unmatched")[0] == 0
    assert (tmp_path / "a.weights.h5").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["inspect", "nowhere"], "nowhere: no checkpoint; one is written as PREFIX.index"),
        (["inspect", __file__], "not a readable checkpoint of tf.train.Saver"),
        (["plan", legacy.checkpoint("slim"), "--model", "nothing"], "'nothing' names no function"),
        (["plan", legacy.checkpoint("slim"), "--model", "no.such:f"], "no.such: cannot be imported"),
        (["plan", legacy.checkpoint("slim"), "--model", "no.py:f"], "no.py: no such file"),
        (["plan", legacy.checkpoint("slim"), "--model", str(MODEL) + ":f"], "has no f; name the function"),
        (["plan", legacy.checkpoint("slim"), "--model", "json:__doc__"], "has __doc__, which is no function"),
        (["plan", legacy.checkpoint("slim"), "--model", SMALL, "--name-map", "no.json"], "no.json: cannot be read"),
        (["convert", "nowhere", "--model", SMALL, "--to", "a.h5"], "a.h5: allowed is a name that ends in"),
        (["export", "no.weights.h5", "--model", SMALL, "--to", "a"], "no.weights.h5: no such file"),
        (["export", "no.ckpt", "--model", SMALL, "--to", "a"], "weights are read from .weights.h5 or .keras"),
    ],
)
def test_bad_input_is_one_line_and_status_2(capsys, arguments, message):
    status, out, err = run(capsys, "checkpoint", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("tfcompat: ") and message in err


def test_fold_a_model(capsys, tmp_path):
    target, batch = str(tmp_path / "folded.keras"), str(tmp_path / "batch.npy")
    np.save(batch, legacy.expected("never-updated")["input"])
    fold = ("fold", legacy.checkpoint("never-updated"), "--model", SMALL, "--to", target)
    status, out, _ = run(capsys, *fold)
    assert status == 0 and "largest difference" in out.splitlines()[-1]
    status, out, _ = run(capsys, *fold, "--input", batch, "--overwrite", "--json")
    told = json.loads(out)
    assert status == 0 and told["largest_difference"] <= 1e-5 * told["largest_output"]
    assert [row["into"] is not None for row in told["layers"]] == [True] * 3


def test_fold_a_checkpoint(capsys, tmp_path):
    target = str(tmp_path / "folded.npz")
    fold = ("fold", legacy.checkpoint("slim"), "--to", target, "--epsilon", "2e-5")
    assert run(capsys, *fold)[0] == 0
    expected = legacy.expected("slim")
    with np.load(target) as arrays:
        scale, offset = arrays["conv2/BatchNorm/scale"], arrays["conv2/BatchNorm/offset"]
    x = expected["conv2/BatchNorm/input"]
    assert np.max(np.abs(x * scale + offset - expected["conv2/BatchNorm/output"])) <= 1e-6
    status, out, err = run(capsys, "fold", legacy.checkpoint("no-statistics"), "--to", str(tmp_path / "n.npz"))
    assert (status, out) == (2, "") and "has no batch normalization with statistics" in err
    status, _, err = run(capsys, "fold", legacy.checkpoint("broken-statistics"), "--to", str(tmp_path / "n.npz"))
    assert status == 2 and "channel 1" in err and "nan" in err


def test_fold_to_pytorch(capsys, tmp_path):
    target = str(tmp_path / "torch.npz")
    fold = ("fold", legacy.checkpoint("slim"), "--pytorch", "--epsilon", "2e-5", "--momentum", "0.9", "--to", target)
    status, out, _ = run(capsys, *fold, "--json")
    assert status == 0 and json.loads(out)["layers"] == ["bn", "conv1.BatchNorm", "conv2.BatchNorm"]
    arguments = json.loads((tmp_path / "torch.json").read_text())["conv1.BatchNorm"]
    assert (arguments["eps"], arguments["momentum"], arguments["num_features"]) == (2e-5, 0.1, 4)
    expected = legacy.expected("slim")
    with np.load(target) as arrays:
        state = {key.rsplit(".", 1)[1]: arrays[key] for key in arrays if key.startswith("conv1.")}
    # torch.nn.functional.batch_norm in inference, written out.
    x = expected["conv1/BatchNorm/input"]
    y = (x - state["running_mean"]) / np.sqrt(state["running_var"] + arguments["eps"]) * state["weight"] + state["bias"]
    assert np.max(np.abs(y - expected["conv1/BatchNorm/output"])) <= 1e-6
    assert state["num_batches_tracked"].dtype == np.int64
