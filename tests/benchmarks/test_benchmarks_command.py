"""`python -m benchmarks`: what it refuses, prints and writes."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks import __main__ as command
from benchmarks import plot, processes, report, runner, summary
from benchmarks.errors import UsageError
from benchmarks.peers import NOT_HERE
from benchmarks.workloads import named

PAGE = "before\n\n" + report.BEGIN + "\n\nnot measured yet\n\n" + report.END + "\n\nafter\n"


def cells():
    """What the peers did in three rounds, some of them nothing."""
    return {
        "exact": {
            "first_call": 0.5,
            "rounds": [0.001, 0.002, 0.003],
            "steps": 30,
            "peak": 2000000,
            "batches": {"traces": 1, "calls": [[8, 0.5, 0.001], [16, 0.002, 0.001]]},
        },
        "fast": {"unavailable": "TypeError: no [argument]"},
        "tf.layers": {"first_call": 0.5, "rounds": [0.002, 0.004, 0.006], "steps": 15, "peak": None},
        "tf_keras": {"unavailable": NOT_HERE},
        "keras3": {"unavailable": NOT_HERE},
        "pytorch": {"first_call": 0.0, "rounds": [0.02, 0.02, 0.02], "steps": 3, "peak": 0},
    }


@pytest.fixture
def measured(monkeypatch):
    """The command measures nothing and finds `cells`; holds the options it measured with."""
    seen = []

    def measure(workloads, team, options, progress):
        seen.append(options)
        seen.append([workload.name for workload in workloads])
        seen.append([peer.name for peer in team])
        found = {peer.name: cells()[peer.name] for peer in team}
        rows = [summary.row(workload, found, 1e9, options.mode) for workload in workloads]
        return rows, {"tensorflow": "2.21.0"}, 1e9

    monkeypatch.setattr(runner, "measure", measure)
    return seen


REFUSED = {
    "--peer torch": "--peer torch: there is no such peer; there are exact, fast, tf.layers",
    "--peer pytorch": "give the interpreter that has it, --torch PYTHON",
    "--only images": "--only images: no workload has such a name; there are image, ",
    "--only xla-* --mode v1": "no peer can do any of the workloads; exact in xla-fused: XLA compiles a tf.function",
    "--only image-renorm --peer keras3": "keras3 in image-renorm: no renorm",
    "--torch /no/such/python": "--torch /no/such/python: cannot be run (No such file or directory)",
    "--plot chart.gif": "--plot chart.gif: the name must end with one of .svg, .png, .pdf",
    "--plot missing/chart.svg": "--plot missing/chart.svg: there is no folder ",
    "--json missing/all.json": "--json missing/all.json: there is no folder ",
    "--json folder": "--json folder: is a folder",
    "--markdown --json -": "would both print to stdout",
    "--write missing.md": "--write missing.md: cannot be read (",
    "--write unmarked.md": "--write unmarked.md: needs one line <!-- measured: begin -->",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_done_is_refused_in_a_line_before_anything_is_measured(
    words, measured, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "unmarked.md").write_text("no place\n")
    assert command.main(words.split()) == 2
    out, errors = capsys.readouterr()
    assert REFUSED[words] in errors and errors.count("\n") == 1 and not out
    assert not measured and sorted(os.listdir(str(tmp_path))) == ["folder", "unmarked.md"]


def test_interpreter_without_pytorch_is_refused(measured, tmp_path, capsys):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n")
    python.chmod(0o755)
    assert command.main(["--torch", str(python)]) == 2
    assert "cannot import NumPy and PyTorch (ModuleNotFoundError: No module named 'torch')" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    ["--rounds 0", "--rounds 1.5", "--seconds -1", "--seconds nan", "--threads none", "--mode graph", "--onednn 1"],
)
def test_numbers_and_choices_that_make_no_sense_are_refused(words, measured, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(words.split())
    assert stopped.value.code == 2 and "error: argument " + words.split()[0] in capsys.readouterr().err


@pytest.mark.parametrize("load, told", [(0.2, 0), (1.7, 1)])
def test_results_of_a_busy_machine_say_so(load, told, measured, monkeypatch, capsys):
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    assert command.main(["--only", "image"]) == 0
    assert capsys.readouterr().out.count("the machine was busy before it began (load 1.7)") == told


def test_system_that_does_not_tell_its_load_is_taken_for_idle(measured, monkeypatch, capsys):
    monkeypatch.delattr(os, "getloadavg")
    assert command.main(["--only", "image"]) == 0
    assert "busy" not in capsys.readouterr().out


def test_quick_measures_less(measured, capsys):
    assert command.main(["--quick"]) == 0 and command.main([]) == 0
    quick, few, _, usual, all_of_them, _ = measured
    assert (quick.rounds, quick.seconds) == (3, 0.1) and (usual.rounds, usual.seconds) == (7, 0.5)
    assert len(few) < len(all_of_them)
    assert command.main(["--quick", "--rounds", "5", "--seconds", "2"]) == 0
    assert (measured[6].rounds, measured[6].seconds) == (5, 2.0)


def test_table_has_every_peer_that_ran_and_why_another_did_not(measured, capsys):
    assert command.main(["--only", "image-small"]) == 0
    out = capsys.readouterr().out
    (exact,) = [line for line in out.splitlines() if " exact " in line and "image-small, exact" not in line]
    assert [cell.strip() for cell in exact.strip("│").split("│")][1:] == [
        *("exact", "2", "1.5 - 2.5", "0.50", "1.25", "0.50", "2.0")
    ]
    assert "fast: unavailable: TypeError: no [argument] (image-small)" in out
    assert "pytorch is left out: --torch PYTHON" in out and "tensorflow 2.21.0; oneDNN on, 2 intra-op" in out
    assert "image-small, exact: 1 trace; 8: 500 / 1, 16: 2 / 1" in out


def test_markdown_has_the_same_numbers(measured, capsys):
    assert command.main(["--only", "image-small", "--markdown"]) == 0
    out = capsys.readouterr().out
    # the columns are the peers that were asked for
    assert "| workload | input | step | limit | exact | fast | tf.layers | tf_keras | keras3 |" in out
    assert "| image-small | 8x14x14x32 | function train | 1.61 | 2 (0.50) | - | 4 (1.00) | - | - |" in out
    assert "| image-small | 0.50; 2.0 | - | 0.50; - | - | - |" in out


@pytest.mark.parametrize(
    "exact, slower", [([1.0, 4.4, 9.6], "none"), ([1.0, 4.5, 9.6], "image-small")], ids=["as noise", "beyond noise"]
)
def test_control_tells_whether_a_difference_to_the_real_function_is_noise(exact, slower, measured, monkeypatch, capsys):
    rounds = {"tf.layers": [2.0, 4.0, 8.0], "control": [2.2, 4.4, 9.9], "exact": exact}

    def measure(workloads, team, options, progress):
        found = {peer.name: {"first_call": 0.5, "rounds": rounds[peer.name], "steps": 3} for peer in team}
        return [summary.row(workload, found, 1e9, options.mode) for workload in workloads], {}, 1e9

    monkeypatch.setattr(runner, "measure", measure)
    words = ["--only", "image-small", "--peer", "exact", "--peer", "control", "--peer", "tf.layers"]
    assert command.main(words) == 0 and command.main([*words, "--markdown"]) == 0
    out, median = capsys.readouterr().out, exact[1] / 4.0
    for line in (
        "Time relative to tf.layers:",
        "exact: {0:.2f} in the median of 1 workloads; {0:.2f} in image-small to {0:.2f} in image-small".format(median),
        "control: 1.10 in the median of 1 workloads; 1.10 in image-small to 1.10 in image-small",
        "exact is slower by more than the noise (0.10) in: " + slower,
    ):
        assert out.count(line + "\n") == 2, "in the table and in Markdown"


def test_without_a_control_nothing_is_said_about_noise(measured, capsys):
    assert command.main(["--only", "image-small", "--peer", "exact", "--peer", "tf.layers"]) == 0
    assert "noise" not in capsys.readouterr().out


def test_json_is_everything(measured, tmp_path, capsys):
    path = tmp_path / "all.json"
    assert command.main(["--only", "image-small", "--json", str(path)]) == 0
    assert "exact" in capsys.readouterr().out
    assert command.main(["--only", "image-small", "--json", "-"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(path.read_text()) and os.listdir(str(tmp_path)) == ["all.json"]
    assert printed["options"] == {"rounds": 7, "seconds": 0.5, "threads": 2, "onednn": "on", "mode": "function"}
    assert printed["rows"][0]["peers"]["exact"]["median"] == 0.002 and printed["machine"]["cores"]


@pytest.mark.parametrize("name, start", [("c.svg", b"<?xml"), ("c.png", b"\x89PNG"), ("c.PDF", b"%PDF")])
def test_chart_is_of_the_kind_that_its_name_says_and_replaces_the_one_before(name, start, measured, tmp_path, capsys):
    (tmp_path / name).write_bytes(b"old")
    assert command.main(["--only", "image*", "--plot", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(start) and os.listdir(str(tmp_path)) == [name]


def results(names=("image", "image-small")):
    rows = [summary.row(named(name), cells(), 1e9, "function") for name in names]
    return {"rows": rows, "peers": dict.fromkeys(cells(), "")}


def test_chart_has_a_bar_for_each_peer_that_ran_and_the_limit():
    axes = plot.figure(results()).axes[0]
    assert sorted(round(bar.get_width(), 3) for bar in axes.patches) == [0.5, 0.5, 1.0, 1.0, 5.0, 5.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["image", "image-small"]
    assert [text.get_text() for text in axes.texts] == ["5.0", "5.0"], "bars that are cut off have their number"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        *("limit of the memory", "exact", "tf.layers", "pytorch")
    ]


def test_chart_of_nothing_is_drawn_all_the_same():
    row = summary.row(named("image"), {"exact": {"unavailable": "no"}}, 1e9, "function")
    assert plot.rendered({"rows": [row], "peers": {"exact": ""}}, "c.svg")


def test_page_gets_the_tables_between_its_marks(measured, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    for _ in range(2):
        assert command.main(["--only", "image-small", "--write", str(page)]) == 0
        text = page.read_text()
        assert text.startswith("before\n\n" + report.BEGIN) and text.endswith(report.END + "\n\nafter\n")
        assert text.count("| image-small |") == 2 and "not measured yet" not in text
    assert os.listdir(str(tmp_path)) == ["page.md"]


@pytest.mark.parametrize("page", ["", report.BEGIN, report.END + report.BEGIN, PAGE + report.END])
def test_page_without_its_two_marks_is_refused(page, tmp_path):
    (tmp_path / "page.md").write_text(page)
    with pytest.raises(UsageError, match="needs one line"):
        report.in_place(str(tmp_path / "page.md"), "text")


def test_place_that_cannot_be_written_after_all_is_told(measured, tmp_path, monkeypatch, capsys):
    def full(path, content):
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(command, "write_atomically", full)
    assert command.main(["--json", str(tmp_path / "all.json")]) == 2
    assert "cannot be written: [Errno 28] No space left on device" in capsys.readouterr().err


def test_user_who_stops_it_gets_no_traceback(monkeypatch, capsys):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "measure", stop)
    assert command.main([]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "value, text", [(0, "0"), (1234.5, "1234"), (12.345, "12.3"), (0.00012345, "0.000123"), (999.6, "1000")]
)
def test_numbers_have_three_digits(value, text):
    assert report.number(value) == text


def test_tiny_workload_from_end_to_end(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    words = ["--only", "tiny-train", "--peer", "exact", "--rounds", "2", "--seconds", "0.01"]
    words += ["--threads", "1", "--onednn", "off", "--json", str(tmp_path / "all.json"), "--write", str(page)]
    words += ["--plot", str(tmp_path / "chart.svg")]
    run = [sys.executable, "-m", "benchmarks", *words]
    done = subprocess.run(run, cwd=processes.ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "all.json").read_text())["rows"]
    assert row["base"] == "exact" and row["mode"] == "eager"
    for cell in row["peers"].values():
        assert len(cell["rounds"]) == 2 and cell["median"] > 0 and cell["first_call"] > 0 and cell["ratio"] > 0
        assert cell["steps"] >= 2 and (cell["peak"] is None or cell["peak"] >= 0)
    assert "tiny-train" in done.stdout and "3/3" in done.stderr
    assert "| tiny-train |" in page.read_text() and (tmp_path / "chart.svg").exists()
