"""`tfcompat explain`: what it prints, its JSON, what it refuses, and that it needs no TensorFlow."""

import json
import os
import subprocess
import sys

import pytest

import tfcompat
from tfcompat.__main__ import main

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CALL = ["explain", "--release", "2.21", "--shape", "10,3,3,64"]


def printed(capsys, *words):
    assert main([*CALL, *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def as_json(capsys, *words):
    return json.loads(printed(capsys, "--json", *words))


def cells(out):
    return [tuple(line.split()) for line in out.splitlines()]


def test_example_of_newcomers_is_explained_with_its_numbers(capsys):
    out = printed(capsys, "--axis", "-1", "--momentum", "0.9", "--steps", "20")
    assert out.startswith("Input (10, 3, 3, 64) float32, as TensorFlow 2.21 does it:\n")
    assert ("kernel", "fused,", "NHWC") in cells(out) and ("moving_mean", "(64)") in cells(out)
    assert "n = 10 x 3 x 3 = 90 for each of 64 means and variances" in out
    assert "unbiased, n / (n - 1) = 90 / 89 = 1.011236 times the batch's" in out
    assert "After 44 steps they are within 1 % of the batch's." in out
    assert ("20", "12.16", "%", "0.878423", "3.67475") in cells(out)
    assert "warning training-off: `training` is left out" in out
    assert "warning momentum-too-slow: after 20 steps with momentum 0.9, 12% of the moving averages" in out
    assert "  To do: train at least 22 steps, or take a momentum of at most 0.89." in out
    assert ("1.0", "-", "1.3", "`beta`", "is", "made", "before", "`gamma`.") in cells(out)


def test_python_and_the_command_line_say_the_same(capsys):
    arguments = {"axis": [1, 3], "momentum": 0.5, "renorm": True, "virtual_batch_size": 5}
    tfcompat.explain((10, 3, 3, 64), release="2.21", training=True, steps=2, **arguments)
    told = {cell for line in capsys.readouterr().out.splitlines() for cell in line.split()}
    words = ["--axis=1,3", "--momentum", "0.5", "--renorm", "--virtual-batch-size=5", "--training=true", "--steps=2"]
    shown = {cell for line in printed(capsys, *words).splitlines() for cell in line.split()}
    assert {cell for cell in told if cell[0].isdigit()} <= shown and "moving_stddev" in told & shown


def test_json_has_everything(capsys):
    found = as_json(capsys, "--momentum", "0.9", "--steps", "20", "--training", "fed", "--no-scale")
    assert set(found) == {
        *("release", "shape", "dtype", "arguments", "training", "steps", "kernel", "data_format", "fused_vetoes"),
        "fast_vetoes",
        *("compute_dtype", "kept_axes", "reduced_axes", "virtual_batch_size", "group_sizes", "group_size"),
        *("bessel_factor", "variables", "averages_move", "moving_averages", "warnings", "differences"),
    }
    assert (found["release"], found["shape"], found["dtype"]) == ("2.21", [10, 3, 3, 64], "float32")
    assert (found["arguments"], found["training"], found["steps"]) == ({"momentum": 0.9, "scale": False}, "fed", 20)
    assert (found["kernel"], found["data_format"], found["fused_vetoes"]) == ("fused", "NHWC", [])
    assert (found["kept_axes"], found["reduced_axes"]) == ([3], [0, 1, 2])
    assert (found["group_sizes"], found["group_size"], found["bessel_factor"]) == ([10, 3, 3], 90, 90 / 89)
    assert found["variables"][0] == {"name": "beta", "shape": [64], "dtype": "float32"}
    assert found["averages_move"] is True
    averages = found["moving_averages"]
    assert (averages["momentum"], averages["mean"], averages["arrived"]) == (0.9, 1.0, 44)
    assert averages["variance"] == pytest.approx(4 * 90 / 89)
    assert [row["step"] for row in averages["rows"]] == [0, 1, 2, 3, 20, 44]
    assert set(averages["rows"][0]) == {"step", "left", "moving_mean", "moving_variance", "moving_stddev"}
    (warning,) = found["warnings"]
    assert set(warning) == {"code", "sentence", "cure"} and warning["code"] == "momentum-too-slow"
    assert set(found["differences"][0]) == {"releases", "trait", "about"}


@pytest.mark.parametrize(
    "words, key, value",
    [
        (["--training", "false"], "training", False),
        (["--training", "TRUE"], "training", True),
        ([], "training", "left out"),
        ([], "averages_move", False),
        ([], "arguments", {}),
        (["--axis", "1"], "kept_axes", [1]),
        (["--axis=-1,1"], "kept_axes", [3, 1]),
        (["--axis", "[1, 3]"], "kept_axes", [1, 3]),
        (["--dtype", "float64"], "fused_vetoes", ["dtype float64"]),
        (["--no-fused"], "arguments", {"fused": False}),
        (["--fused"], "arguments", {"fused": True}),
        (["--center", "--no-center"], "arguments", {"center": False}),
        (["--no-renorm", "--freeze-affine"], "arguments", {"renorm": False, "freeze_affine": True}),
        (["--numerics", "fast"], "fast_vetoes", []),
        (["--synchronized"], "fused_vetoes", ["synchronized=True, and the kernel sees one replica"]),
        (["--freeze-statistics"], "moving_averages", None),
        (["--updates", "skip"], "moving_averages", None),
        (["--virtual-batch-size", "5"], "group_sizes", [5, 3, 3]),
        (["--epsilon", "1e-3", "--renorm-momentum", "0"], "arguments", {"epsilon": 0.001, "renorm_momentum": 0.0}),
        (["--renorm-clipping", "rmax=3, dmax=5"], "arguments", {"renorm_clipping": {"rmax": 3.0, "dmax": 5.0}}),
        (["--shape", "( ?, none, 3,7 )"], "shape", [None, None, 3, 7]),
        (["--shape", "?,3"], "group_size", None),
        (["--release", "1.15.5"], "release", "1.15.5"),
    ],
    ids=str,
)
def test_option_reaches_the_layer(words, key, value, capsys):
    assert as_json(capsys, *words)[key] == value


def test_json_has_null_for_what_is_beyond_float64(capsys):
    rows = as_json(capsys, "--momentum", "2", "--steps", "5000")["moving_averages"]["rows"]
    beyond = ("left", "moving_mean", "moving_variance", "moving_stddev")
    assert rows[-1] == dict(dict.fromkeys(beyond), step=5000) and rows[1]["moving_mean"] == -1.0


REFUSED = [
    (["--shape", "10,x,3"], "--shape is '10,x,3', and 'x' is no size; a size is a whole number from 0 on, or ?"),
    (["--shape", ""], "--shape is '', and '' is no size"),
    (["--shape", "10,-3"], "'-3' is no size"),
    (["--shape", "10," + "9" * 5000], "is no size"),
    (["--shape", "10,?"], "its size along axis 1 is unknown; it must be known"),
    (["--axis", "last"], "--axis is 'last'; it is a whole number, or several with commas. Write for example"),
    (["--axis", "7"], "axis is 7; allowed for an input of rank 4 is -4 to 3"),
    (["--axis=1,-3"], "names axis [1, 1] twice; name each once"),
    (["--axis", "1,3", "--release", "1.4"], "axis is [1, 3], a list; allowed is int"),
    (["--momentum", "fast"], "--momentum is 'fast'; it is a finite number, for example 0.99"),
    (["--momentum", "nan"], "--momentum is 'nan'; it is a finite number"),
    (["--epsilon", "1e400"], "--epsilon is '1e400'; it is a finite number"),
    (["--renorm-momentum", ""], "--renorm-momentum is ''; it is a finite number"),
    (["--renorm-clipping", "3"], "--renorm-clipping is '3'; it is names and numbers, for example rmax=3"),
    (["--renorm-clipping", "rmax=big"], "--renorm-clipping rmax is 'big'; it is a finite number"),
    (["--renorm", "--renorm-clipping", "max=3"], "allowed are rmax, rmin, dmax. Drop or rename max"),
    (["--virtual-batch-size", "0"], "--virtual-batch-size is '0'; it is a whole number from 1 to"),
    (["--virtual-batch-size", "2.5"], "--virtual-batch-size is '2.5'; it is a whole number from 1 to"),
    (["--virtual-batch-size", "2", "--axis", "0"], "groups axis 0, the batch"),
    (["--dtype", "int8"], "--dtype is 'int8'; it is one of float16, bfloat16, float32, float64"),
    (["--training", "maybe"], "--training is 'maybe'; it is one of true, false, fed"),
    (["--steps", "0"], "--steps is '0'; it is a whole number from 1 to 1000000000000"),
    (["--steps", "-5"], "--steps is '-5'; it is a whole number"),
    (["--steps", "1" + "0" * 13], "it is a whole number from 1 to 1000000000000"),
    (["--updates", "now"], "updates is 'now'; allowed are 'collection', 'immediate', 'skip'"),
    (["--release", "3.0"], "release is '3.0'; tf.layers.batch_normalization is in the releases 1.0 to 1.15 and 2.0 to"),
    (["--release", "new"], "a release is written like '2.15' or '1.15.5', got 'new'"),
    (["--release", "1.0", "--renorm"], "renorm is True; tf.layers takes it from TensorFlow 1.2 on"),
    (["--release", "1.3", "--axis", "2", "--fused"], "TensorFlow 1.3 does not fall back. Use fused=False"),
    (["--plot", "plot.jpg"], "plot.jpg: no name of a picture; let it end in .png or .svg"),
    (["--plot", "nowhere/plot.png"], "nowhere/plot.png: there is no folder nowhere; make it first"),
    (["--plot", "folder.svg"], "folder.svg: a folder; name a file"),
    (["--plot", "there.svg"], "there.svg: exists; choose another name or allow overwriting"),
    (["--plot", "new.svg", "--momentum", "1.5"], "momentum is 1.5; what can be drawn is 0 to 1. Leave --plot out"),
    (
        ["--plot", "new.svg", "--freeze-statistics"],
        "--plot: the moving averages stand still or become NaN; leave it out",
    ),
]


@pytest.mark.parametrize("words, says", REFUSED, ids=lambda value: str(value)[:60] if isinstance(value, list) else "")
def test_bad_input_ends_with_2_and_one_line_that_says_what_to_do(words, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.svg").write_text("kept")
    (tmp_path / "folder.svg").mkdir()
    assert main([*CALL, *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("tfcompat: ") and err.count("\n") == 1 and says in err
    assert sorted(os.listdir(".")) == ["folder.svg", "there.svg"] and (tmp_path / "there.svg").read_text() == "kept"


def test_shape_must_be_given(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["explain"])
    assert ended.value.code == 2 and "required: --shape" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--release", "1.15"], []], ids=["release", "installed"])
def test_nothing_of_tensorflow_or_matplotlib_is_imported(words):
    program = (
        "import sys; from tfcompat.__main__ import main; main(sys.argv[1:]); "
        "print({'tensorflow', 'keras', 'tf_keras', 'matplotlib'} & set(sys.modules) or 'none of them')"
    )
    command = [sys.executable, "-c", program, "explain", "--shape", "10,3", *words]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout.splitlines()[-1] == "none of them" and run.stdout.startswith(
        "Input (10, 3) float32, as TensorFlow "
    )


def test_release_around_is_followed(capsys, monkeypatch):
    monkeypatch.setenv("TFCOMPAT_RELEASE", "1.14")
    assert main(["explain", "--shape", "10,3"]) == 0
    assert "as TensorFlow 1.14 does it" in capsys.readouterr().out


def test_without_any_tensorflow_a_release_is_asked_for(capsys, monkeypatch):
    def none():
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

    monkeypatch.delenv("TFCOMPAT_RELEASE", raising=False)
    monkeypatch.setattr("tfcompat.backend.installed.release", none)
    assert main(["explain", "--shape", "10,3"]) == 2
    told = "there is no TensorFlow to follow; choose one, for example --release 2.15, in Python release='2.15'"
    assert capsys.readouterr().err == "tfcompat: %s\n" % told
    with pytest.raises(ValueError, match=told):
        tfcompat.explain((10, 3))


@pytest.mark.parametrize("module, extra", [("matplotlib", "plot"), ("rich", "migrate"), ("libcst", "migrate")])
def test_module_that_is_missing_is_named_with_the_extra_that_brings_it(module, extra, tmp_path):
    command = {
        "matplotlib": [*CALL, "--plot", str(tmp_path / "plot.png")],
        "rich": CALL,
        "libcst": ["rewrite", str(tmp_path)],
    }[module]
    program = "import sys; sys.modules[%r] = None; from tfcompat.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run([sys.executable, "-c", program % module, *command], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "tfcompat: %s is missing; pip install 'tfcompat[%s]'\n" % (module, extra)
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["explain", "--help"], ["rewrite", "--help"]])
def test_what_there_is_is_told_without_any_extra(words):
    program = "import sys; sys.modules.update(rich=None, libcst=None, matplotlib=None)\n"
    program += "from tfcompat.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run([sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("tfcompat " + tfcompat.__version__ if words == ["--version"] else "usage: tfcompat ")


def test_module_that_no_extra_brings_is_an_error_like_any_other(monkeypatch):
    def missing(word):
        raise ModuleNotFoundError("No module named 'nonsense'", name="nonsense")

    monkeypatch.setattr("tfcompat.commands.words.shape", missing)
    with pytest.raises(ModuleNotFoundError, match="nonsense"):
        main(CALL)
