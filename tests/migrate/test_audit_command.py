"""The commands `tfcompat audit` and `tfcompat rebuild`: what they print, how they end, and what they refuse."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tfcompat.__main__ import main
from tfcompat.migrate.auditing.diagnoses import KINDS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = os.path.join(ROOT, "tests", "migrate", "models")


def model(*names):
    return os.path.join(MODELS, *names)


def test_healthy_model_ends_with_0_and_says_so(capsys):
    assert main(["audit", model("renorm", "model.ckpt")]) == 0
    printed = capsys.readouterr().out
    assert "checkpoint, after 30 steps, 1 batch normalization\n" in printed
    assert "momentum=0.8, rmax=2.0, rmin=0.5, dmax=1.0" in printed
    assert "Nothing is wrong with them, as far as this shows." in printed


def test_warnings_alone_end_with_0(capsys):
    assert main(["audit", model("tabnet", "model.ckpt")]) == 0
    printed = capsys.readouterr().out
    assert "warning updates-of-some-calls: " in printed and "Nothing is wrong" not in printed


def test_errors_end_with_1_and_are_told_once_for_all_layers_with_the_cure(capsys):
    assert main(["audit", model("training-served", "frozen.pb")]) == 1
    printed = capsys.readouterr().out
    assert printed.count("error training-fixed: " + KINDS["training-fixed"].sentence) == 1
    assert "  at batch_normalization, batch_normalization_1, batch_normalization_2\n" in printed
    assert "  To do: " + KINDS["training-fixed"].cure in printed


def test_json_has_everything(capsys):
    assert main(["audit", "--json", model("towers", "model.ckpt")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["kind"], report["steps"], len(report["sites"]), report["notes"]) == ("checkpoint", 30, 4, [])
    site = report["sites"][2]
    assert (site["layer"], site["call"], site["training"]["value"]) == ("net/bn", "tower_1/net/bn", True)
    assert site["arguments"]["momentum"] == 0.99 and site["variables"]["moving_mean"] == "net/bn/moving_mean"
    assert site["updates"][0] == {
        "name": "tower_1/net/bn/AssignMovingAvg",
        "variable": "net/bn/moving_mean",
        "role": "moving_mean",
        "momentum": 0.99,
        "inside": "",
    }
    last = report["diagnoses"][-1]
    assert (last["code"], last["severity"], last["layer"]) == ("statistics-initial", "error", "head_1/bn")
    assert last["sentence"] == KINDS["statistics-initial"].sentence and last["cure"]


def test_rebuild_prints_a_call_for_each_layer(capsys):
    assert main(["rebuild", model("tabnet", "model.ckpt")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == (
        "tfcompat.BatchNormalization(momentum=0.7, virtual_batch_size=4, name='Encoder_shared_batch_normalization')"
        "  # Encoder/shared/batch_normalization"
    )
    assert len(lines) == 4, "the shared layer has two calls and one line"


def test_rebuild_prints_configs_as_json(capsys):
    assert main(["rebuild", "--json", model("tpu", "frozen.pb")]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert first["layer"] == "tpu_batch_normalization"
    assert first["config"] == {"fused": False, "name": "tpu_batch_normalization"}
    assert first["unknown"] == ["momentum", "renorm"]


def write(path, data):
    path.write_bytes(data)
    return str(path)


def half(*names):
    with open(model(*names), "rb") as file:
        data = file.read()
    return data[: len(data) // 2]


def missing(folder):
    return str(folder / "nothing.pb")


def empty_graph(folder):
    return write(folder / "frozen.pb", b"")


def truncated_graph(folder):
    return write(folder / "frozen.pb", half("resnet", "frozen.pb"))


def truncated_metagraph(folder):
    return write(folder / "model.ckpt.meta", half("resnet", "model.ckpt.meta"))


def truncated_saved_model(folder):
    write(folder / "saved_model.pb", half("resnet", "saved_model", "saved_model.pb"))
    return str(folder)


def saved_model_as_graph(folder):
    shutil.copy(model("resnet", "saved_model", "saved_model.pb"), str(folder / "frozen.pb"))
    return str(folder / "frozen.pb")


def graph_as_saved_model(folder):
    shutil.copy(model("resnet", "frozen.pb"), str(folder / "saved_model.pb"))
    return str(folder)


def folder_in_place_of_a_graph(folder):
    (folder / "frozen.pb").mkdir()
    return str(folder / "frozen.pb")


def folder_in_place_of_an_index(folder):
    (folder / "model.ckpt.index").mkdir()
    return str(folder / "model.ckpt")


def text(folder):
    return write(folder / "notes.txt", b"gamma beta")


def empty_index(folder):
    return write(folder / "model.ckpt.index", b"")


def truncated_index(folder):
    return write(folder / "model.ckpt.index", half("resnet", "model.ckpt.index"))


def index_without_values(folder):
    shutil.copy(model("never-updated", "model.ckpt.index"), str(folder))
    return str(folder / "model.ckpt")


def truncated_values(folder):
    shutil.copy(model("never-updated", "model.ckpt.index"), str(folder))
    write(folder / "model.ckpt.data-00000-of-00001", half("never-updated", "model.ckpt.data-00000-of-00001")[:50])
    return str(folder / "model.ckpt")


def two_checkpoints(folder):
    for name in ("first.index", "second.index"):
        shutil.copy(model("resnet", "model.ckpt.index"), str(folder / name))
    return str(folder)


def checkpoint_file_of_something_else(folder):
    write(folder / "checkpoint", b"\xff\xfe")
    return str(folder)


DAMAGED = {
    missing: "does not exist; give a checkpoint (prefix, .index or folder), a MetaGraph",
    empty_graph: "is empty",
    truncated_graph: "is no GraphDef, or is cut off",
    truncated_metagraph: "is no MetaGraphDef, or is cut off",
    truncated_saved_model: "is no SavedModel, or is cut off",
    saved_model_as_graph: "GraphDef",
    graph_as_saved_model: "SavedModel",
    folder_in_place_of_a_graph: "a folder without a checkpoint",
    folder_in_place_of_an_index: "cannot be read",
    text: "is none of the files that can be read",
    empty_index: "cannot be read",
    truncated_index: "cannot be read",
    index_without_values: "cannot be read",
    truncated_values: "cannot be read",
    two_checkpoints: "holds several checkpoints; name one: first, second",
    checkpoint_file_of_something_else: "checkpoint: cannot be read",
}


@pytest.mark.parametrize("command", ["audit", "rebuild"])
@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: damage.__name__)
def test_bad_input_ends_with_2_and_one_line_that_names_it(damage, command, tmp_path, capfd):
    path = damage(tmp_path)
    assert main([command, path]) == 2
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("tfcompat: ")]
    assert out == "" and len(lines) == 1 and "Traceback" not in err
    assert str(tmp_path) in lines[0] and DAMAGED[damage] in lines[0]


def test_help_imports_no_tensorflow_and_names_the_commands():
    code = (
        "import sys; from tfcompat.__main__ import main\n"
        "try: main(['--help'])\n"
        "finally: print('tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout.strip().endswith("False")
    assert "audit" in run.stdout and "rebuild" in run.stdout


def test_public_names_of_the_package_are_listed_before_tensorflow_is_imported():
    code = "import sys, tfcompat.migrate as m; print(dir(m), 'tensorflow' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert "'Doctor'" in run.stdout and "'audit'" in run.stdout and run.stdout.strip().endswith("False")
