"""What the README says is so: its programs run, its commands and names exist, its numbers are the catalogue's."""

import collections
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

import tfcompat
import tfcompat.migrate
from golden import __main__ as command_line
from golden import catalogue, environments
from golden.verify import STATUSES

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = collections.defaultdict(list)
for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
    BLOCKS[language].append(body)
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
EXPLAINED, MIGRATION, SETUP, FURTHER = (block.splitlines() for block in BLOCKS["sh"])


def run(program, folder):
    """What a program prints, run outside of the checkout on the Keras that TensorFlow takes by default."""
    environ = {key: value for key, value in os.environ.items() if key != "TF_USE_LEGACY_KERAS"}
    environ.update(PYTHONPATH=str(ROOT), CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=str(folder), env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_block_is_of_a_kind_that_is_checked_here():
    assert set(BLOCKS) == {"python", "sh", "text"}


def test_programs_are_the_examples():
    examples = [path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*.py")]
    assert sorted(BLOCKS["python"]) == sorted(examples)


def test_legacy_graph_trains_and_keeps_its_names(tmp_path):
    printed = run(BLOCKS["python"][0], tmp_path)
    values = eval(printed, {"array": lambda values, dtype: values, "float32": "float32"})
    assert sorted(values) == ["bn/beta", "bn/gamma", "bn/moving_mean", "bn/moving_variance"]
    # a tenth of the way from 0 to the mean of uniform numbers, which is a half
    assert values["bn/moving_mean"] == pytest.approx([0.05] * 3, abs=0.01)


def test_keras_model_prints_what_its_comment_says(tmp_path):
    program = BLOCKS["python"][1]
    (comment,) = re.findall(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    plan, averages = run(program, tmp_path).split("\n", 1)
    assert plan == comment
    moved = [float(number) for number in averages.strip(" []\n").split()]
    assert len(moved) == 6 and all(moved)


def test_there_are_two_commands_and_the_extras_they_install_exist():
    assert SETUP == [
        "pip install '.[tensorflow]' && python -m golden verify",
        "pip install '.[tensorflow,test]' && pytest",
    ]
    extras = pyproject()["project"]["optional-dependencies"]
    asked = re.findall(r"\[([a-z,]+)\]", "".join(SETUP))
    assert {name for names in asked for name in names.split(",")} <= set(extras)


def test_extras_agree_on_one_tensorflow_that_is_recorded():
    extras = pyproject()["project"]["optional-dependencies"]
    (tensorflow,) = extras["tensorflow"]
    (tf_keras,) = [requirement for requirement in extras["test"] if requirement.startswith("tf-keras")]
    release = re.fullmatch(r"tensorflow==(\d+\.\d+)\.\*", tensorflow).group(1)
    assert tf_keras == "tf-keras==%s.*" % release
    assert list((ROOT / "golden" / "data" / "index").glob(release + ".*"))


def test_first_command_is_one_that_the_harness_takes():
    words = shlex.split(SETUP[0].split("&&")[1])
    assert words[:3] == ["python", "-m", "golden"]
    assert command_line.parser().parse_args(words[3:]).run is command_line.run_verify


@pytest.mark.parametrize("command", FURTHER)
def test_further_command_is_one_that_the_harness_takes_and_runs(command, tmp_path, monkeypatch, capsys):
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "golden"]
    monkeypatch.chdir(tmp_path)
    assert command_line.main(words[3:]) == 0
    assert capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == words[5:] * ("--html" in words)


def test_followed_release_prints_what_its_comment_says(tmp_path):
    program = BLOCKS["python"][2]
    (comment,) = re.findall(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    assert run(program, tmp_path).strip() == comment


def test_explained_call_prints_the_numbers_and_warnings_that_the_text_names(tmp_path):
    (command,) = EXPLAINED
    words = shlex.split(command)
    program = "import sys, tfcompat.__main__ as main; sys.exit(main.main(%r))"
    printed = run(program % words[1:], tmp_path)
    about = PROSE.split("## What a call does")[1].split("\n## ")[0]
    assert (
        words[0] == "tfcompat" and "(90 for each channel here)" in about and "n = 10 x 3 x 3 = 90 for each" in printed
    )
    assert "(after 44 steps)" in about and "After 44 steps they are within 1 %" in printed
    assert re.findall(r"^warning ([\w-]+)", printed, re.MULTILINE) == ["training-off", "momentum-too-slow"]
    assert [path.name for path in tmp_path.iterdir()] == [words[-1]]


def test_commands_of_the_migration_run_one_after_the_other(tmp_path):
    example = ROOT / "examples" / "resnet_tf1_to_keras3"
    for path in (ROOT / "tests" / "migrate" / "models" / "resnet").glob("model.ckpt.*"):
        shutil.copy(str(path), str(tmp_path))
    shutil.copytree(str(example), str(tmp_path / "src"))
    shutil.copy(str(example / "resnet_keras3.py"), str(tmp_path / "model.py"))
    program = "import sys, tfcompat.__main__ as main; print([main.main(words) for words in %r])"
    words = [shlex.split(command) for command in MIGRATION]
    assert {words[0] for words in words} == {"tfcompat"}
    printed = run(program % [words[1:] for words in words], tmp_path)
    assert printed.splitlines()[-1] == str([0] * len(words)), printed
    assert (tmp_path / "model.keras").exists() and (tmp_path / "folded.keras").exists()


def test_whole_way_of_the_example_ends_with_the_same_bits(tmp_path):
    script = ROOT / "examples" / "resnet_tf1_to_keras3" / "migrate.py"
    assert "`python %s`" % script.relative_to(ROOT).as_posix() in README
    program = (
        "import runpy, sys; sys.path.insert(0, %r); sys.argv = ['migrate.py']; runpy.run_path(%r, run_name='__main__')"
    )
    printed = run(program % (str(script.parent), str(script)), tmp_path)
    assert printed.count("bit for bit the same") == 6 and "differs" not in printed


def test_ci_runs_the_second_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"^readme_command=\$\(grep -m 1 -E '(.*)' README.md\)$", script, re.MULTILINE)
    assert 'step bash -c "$readme_command"' in script.splitlines()
    assert [line for line in README.splitlines() if re.search(pattern, line)] == [SETUP[1]]


@pytest.mark.parametrize("path", re.findall(r"`([\w.-]+/[\w./-]+)`", PROSE))
def test_file_that_is_named_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`tfcompat\.migrate\.(\w+)", PROSE))))
def test_name_of_the_migration_exists(name):
    assert name in dir(tfcompat.migrate) and callable(getattr(tfcompat.migrate, name))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`tfcompat\.(\w+)(?:\(\))?`", PROSE))))
def test_name_that_is_named_exists(name):
    assert name in dir(tfcompat) and callable(getattr(tfcompat, name))


def test_output_of_verify_is_that_of_this_catalogue():
    (output,) = BLOCKS["text"]
    rows = [re.split(r"  +", line) for line in output.splitlines()]
    header = next(row for row in rows if row[0] == "family")
    body = [row for row in rows if len(row) == len(header) and row is not header]
    cases = catalogue.load()
    assert [row[0] for row in body] == sorted({case["family"] for case in cases.values()}) + ["total"]
    modes = [column.split()[1] for column in header[1:]]
    assert set(modes) == set(catalogue.MODES)
    assert body[-1][1:] == [str(len(catalogue.select(cases, mode))) for mode in modes], "all of them identical"


def table_of_releases():
    """The rows of the table under the heading of upgrading, each a dict."""
    section = README.split("## Swap the import first, upgrade after")[1].split("\n## ")[0]
    header, _, *body = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    assert tuple(header[-len(STATUSES) :]) == STATUSES
    return [dict(zip(header, row)) for row in body]


def test_table_of_releases_has_every_case_of_every_mode_and_nothing_skipped_or_wrong():
    cases = catalogue.load()
    for row in table_of_releases():
        modes = environments.of_release(row["TensorFlow"]).modes
        total = sum(len(catalogue.select(cases, mode)) for mode in modes)
        assert int(row["cases"]) == total == sum(int(row[status]) for status in STATUSES), row
        assert row["skipped"] == row["wrong"] == "0", row


def test_table_of_releases_has_those_that_tox_has_with_both_kerases_where_there_are_two():
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    named = re.findall(r"^ +py\d+-tf\{?([\d., ]+)\}?$", tox, re.MULTILINE)
    expected = []
    for release in sorted(", ".join(named).split(", "), key=lambda name: [int(part) for part in name.split(".")]):
        row = environments.of_release(release)
        kerases = ["keras3", "keras2"] if int(release.split(".")[1]) >= 16 and release[0] == "2" else ["keras2"]
        expected += [(row.release, row.python, keras) for keras in kerases]
    told = [(row["TensorFlow"], row["Python"], row["Keras"].split()[0]) for row in table_of_releases()]
    assert told == expected
