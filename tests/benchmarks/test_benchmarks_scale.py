"""`python -m benchmarks.scale`."""

import json
import subprocess
import sys

import pytest

from benchmarks import processes, scale


def test_linearity_is_one_where_time_grows_as_the_layers_do():
    assert scale.linearity([50, 200], [1.0, 4.0]) == 1.0
    assert scale.linearity([200, 50], [16.0, 1.0]) == 4.0
    assert scale.linearity([50], [3.0]) == 1.0


def test_results_are_told_as_a_table_or_for_programs(monkeypatch, capsys):
    monkeypatch.setattr(scale, "seconds_of", lambda kind, subject, counts: [0.1 * count for count in counts])
    monkeypatch.setattr(scale, "import_milliseconds", lambda: 12.3)
    assert scale.main(["--layers", "2", "4"]) == 0
    out, errors = capsys.readouterr()
    assert "import tfcompat: 12 ms (at most 30)" in out and "tf.layers │ 0.20 (1.00)" in out and "13/13" in errors
    assert scale.main(["--layers", "2", "4", "--rounds", "1", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert [(row["builds"], row["of"]) for row in results["rows"]] == scale.SUBJECTS
    assert all(row["linearity"] == pytest.approx(1.0) for row in results["rows"])


def test_ratios_are_taken_round_by_round(monkeypatch):
    """To the real one of the same kind; the medians of the ratios are not the ratios of the medians."""
    rounds = iter([[1, 10, 3, 4], [2, 2, 3, 4], [6, 4, 9, 4]])
    taken = iter([seconds for each in rounds for seconds in each])
    monkeypatch.setattr(scale, "seconds_of", lambda kind, subject, counts: [float(next(taken))])
    monkeypatch.setattr(scale, "import_milliseconds", lambda: 0.0)
    rows = scale.measured([50], 3)["rows"]
    assert [(row["seconds"], row["ratios"]) for row in rows] == [
        ([2.0], [1.0]),
        ([4.0], [1.0]),
        ([3.0], [0.75]),
        ([4.0], [1.0]),
    ]


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--layers", "0"], ["--layers", "many"], ["--layers"]])
def test_counts_that_make_no_sense_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        scale.main(words)
    assert stopped.value.code == 2 and "argument {}".format(words[0]) in capsys.readouterr().err


def test_builder_that_fails_is_told_in_a_line(monkeypatch, capsys):
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="Traceback\nImportError: no tf_keras\n")
    monkeypatch.setattr(scale.subprocess, "run", lambda *args, **how: failed)
    assert scale.main([]) == 2
    assert capsys.readouterr().err == "python -m benchmarks.scale: v1 graph of exact: ImportError: no tf_keras\n"


def test_import_takes_some_time_and_loads_no_tensorflow():
    assert scale.import_milliseconds(repeats=3) < 1000
    program = "import sys, tfcompat; assert 'tensorflow' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=processes.ROOT, check=True)


def test_layers_are_built_in_a_process_of_their_own():
    seconds = scale.seconds_of("v1 graph", "tf.layers", [1, 2])
    assert len(seconds) == 2 and min(seconds) > 0
