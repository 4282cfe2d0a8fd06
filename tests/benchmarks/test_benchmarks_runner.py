"""Peers take turns, numbers are medians, ratios are taken round by round, and a peer that fails fails alone."""

import argparse
import io
import os
import stat

import pytest

from benchmarks import memory, processes, report, runner, summary
from benchmarks.peers import PEERS
from benchmarks.processes import PeerError, WorkerDied
from benchmarks.workloads import Workload, named
from golden.progress import Progress

SMALL, TINY = named("image-small"), named("tiny-train")


class Fake:
    """A worker that answers at once and writes down what it was told."""

    told, scripts = [], {}

    def __init__(self, peer, options, variables):
        self.name, self.variables, self.workload = peer.name, variables, None
        self.script = self.scripts.get(peer.name, {})
        self.told.append((self.name, "start"))

    def ready(self):
        if "ready" in self.script:
            raise PeerError(self.script["ready"])
        return {"library of " + self.name: "1.0"}

    def ask(self, **command):
        do = command["do"]
        self.workload = command.get("workload", self.workload)
        self.told.append((self.name, do))
        answer = self.script.get((self.workload, do), self.script.get(do))
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        usual = {"prepare": {"seconds": 0.25}, "run": {"times": [0.002]}, "peak": {"bytes": 7}}
        usual["batches"] = {"traces": 1, "calls": [[8, 0.5, 0.001]]}
        return answer or usual[do]

    def close(self):
        self.told.append((self.name, "close"))


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(Fake, "told", [])
    monkeypatch.setattr(Fake, "scripts", {})
    monkeypatch.setattr(memory, "bandwidth", lambda threads: 1e9)


def measure(names, workloads=(SMALL,), rounds=3, mode="function"):
    options = argparse.Namespace(rounds=rounds, seconds=0.1, threads=2, mode=mode, onednn="on", torch=None)
    team = [PEERS[name] for name in names]
    progress = Progress(len(workloads) * rounds * len(team) + len(team), out=io.StringIO())
    rows, versions, _ = runner.measure(workloads, team, options, progress, start=Fake)
    assert progress.done == progress.total
    return rows, versions


def scripted(*answers):
    remaining = list(answers)
    return lambda: remaining.pop(0)


def test_peers_take_turns_and_nobody_always_comes_first():
    measure(["exact", "tf.layers", "keras3"])
    runs = [name for name, do in Fake.told if do == "run"]
    assert runs == [
        *("exact", "tf.layers", "keras3"),
        *("tf.layers", "keras3", "exact"),
        *("keras3", "exact", "tf.layers"),
    ]


def test_all_peers_start_before_anything_is_measured_and_end():
    measure(["exact", "keras3"])
    assert Fake.told[:2] == [("exact", "start"), ("keras3", "start")]
    assert [do for _, do in Fake.told].count("start") == [do for _, do in Fake.told].count("close") == 3


def test_numbers_of_a_peer_are_medians_of_medians():
    times = scripted({"times": [1.0, 9.0, 3.0]}, {"times": [4.0]}, {"times": [8.0, 8.0]}, {"times": [2.0, 4.0]})
    Fake.scripts["exact"] = {"run": times}
    (row,), versions = measure(["exact"], rounds=4)
    cell = row["peers"]["exact"]
    assert cell["rounds"] == [3.0, 4.0, 8.0, 3.0] and cell["steps"] == 8
    assert cell["median"] == 3.5 and cell["quartiles"] == [3.0, 5.0]
    assert cell["first_call"] == 0.25 and cell["peak"] == 7 and versions == {"library of exact": "1.0"}


def test_ratio_is_the_median_of_the_ratios_of_the_rounds():
    """The machine is three times as slow in one round: the ratio of the medians would be another."""
    Fake.scripts["exact"] = {"run": scripted(*({"times": [t]} for t in (1.0, 6.0, 3.0)))}
    Fake.scripts["tf.layers"] = {"run": scripted(*({"times": [t]} for t in (2.0, 4.0, 6.0)))}
    (row,), _ = measure(["exact", "tf.layers"])
    assert row["base"] == "tf.layers" and row["peers"]["exact"]["ratio"] == 0.5
    assert row["peers"]["tf.layers"]["ratio"] == 1.0


def test_base_is_the_fastest_that_is_not_ours_and_runs_on_tensorflow():
    cells = {"exact": {"rounds": [1.0]}, "pytorch": {"rounds": [0.5]}, "keras3": {"rounds": [3.0]}}
    assert summary.base_of(dict(cells, tf_keras={"rounds": [2.0]})) == "tf_keras"
    assert summary.base_of(dict(cells, keras3={"unavailable": "no"})) == "exact"
    assert summary.base_of({"pytorch": {"rounds": [1.0]}}) == "pytorch"
    assert summary.base_of({"keras3": {"unavailable": "no"}}) is None


def test_limit_is_what_moving_the_bytes_takes():
    (row,), _ = measure(["exact"])
    assert row["limit"] == pytest.approx(8 * 8 * 14 * 14 * 32 * 4 / 1e9)
    assert row["peers"]["exact"]["over_limit"] == pytest.approx(0.002 / row["limit"])


def test_batches_are_tried_in_functions_of_tensorflow_alone():
    (small, tiny), _ = measure(["exact", "pytorch"], (SMALL, TINY))
    assert small["peers"]["exact"]["batches"]["traces"] == 1
    assert "batches" not in small["peers"]["pytorch"] and "batches" not in tiny["peers"]["exact"]
    (row,), _ = measure(["exact"], mode="eager")
    assert "batches" not in row["peers"]["exact"]


def test_peer_that_cannot_be_made_is_unavailable_and_the_others_go_on():
    Fake.scripts["fast"] = {"ready": "TypeError: no numerics"}
    (row,), _ = measure(["exact", "fast"])
    assert row["peers"]["fast"] == {"unavailable": "TypeError: no numerics"}
    assert row["peers"]["exact"]["median"] == 0.002


@pytest.mark.parametrize("do", ["prepare", "run", "batches"])
def test_peer_that_fails_in_one_workload_is_measured_in_the_next(do):
    Fake.scripts["exact"] = {("image-small", do): PeerError("ValueError: too large")}
    (first, second), _ = measure(["exact", "keras3"], (SMALL, TINY))
    assert first["peers"]["exact"] == {"unavailable": "ValueError: too large"}
    assert first["base"] == "keras3" and "median" in second["peers"]["exact"]


def test_peer_that_dies_is_started_again():
    Fake.scripts["exact"] = {("image-small", "run"): WorkerDied("ended with -9: nothing")}
    (first, second), _ = measure(["exact"], (SMALL, TINY))
    assert first["peers"]["exact"] == {"unavailable": "ended with -9: nothing"} and first["base"] is None
    assert "median" in second["peers"]["exact"]


def test_memory_is_measured_after_the_times_by_one_process_of_each_framework():
    (row,), _ = measure(["exact", "keras3", "pytorch"])
    since = len(Fake.told) - Fake.told[::-1].index(("exact", "start")) - 1
    assert "run" not in [do for _, do in Fake.told[since:]]
    assert [name for name, do in Fake.told[since:] if do == "start"] == ["exact", "pytorch"]
    assert [name for name, do in Fake.told[since:] if do == "peak"] == ["exact", "exact", "pytorch"]
    assert [cell["peak"] for cell in row["peers"].values()] == [7, 7, 7]


def test_memory_that_cannot_be_measured_is_none():
    Fake.scripts["exact"] = {"peak": PeerError("MemoryError")}
    (row,), _ = measure(["exact"])
    assert row["peers"]["exact"]["peak"] is None and report.megabytes(None) == "-"


def test_no_process_is_left_when_the_user_stops():
    Fake.scripts["exact"] = {"run": scripted(KeyboardInterrupt())}
    with pytest.raises(KeyboardInterrupt):
        measure(["exact", "keras3"])
    assert [name for name, do in Fake.told if do == "close"] == ["exact", "keras3"]


def options(tmp_path, program):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n" + program)
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return argparse.Namespace(torch=str(python), mode="function", threads=1, onednn="off")


@pytest.mark.parametrize(
    "program, reason",
    [
        ("echo first >&2; echo last >&2; exit 3", "ended with 3: last"),
        ("exit 0", "ended with 0: it said nothing"),
        ("""echo '{"error": "ImportError: no torch"}'""", "^ImportError: no torch"),
    ],
)
def test_real_worker_says_how_it_ended(program, reason, tmp_path):
    worker = processes.Worker(PEERS["pytorch"], options(tmp_path, program), {})
    with pytest.raises(PeerError, match=reason):
        worker.ready()
    worker.close()


def test_real_worker_that_is_silent_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "TIMEOUT", 0.2)
    worker = processes.Worker(PEERS["pytorch"], options(tmp_path, "exec sleep 60"), {})
    with pytest.raises(WorkerDied, match="no answer"):
        worker.ready()
    worker.close()


def test_environment_of_all_workers_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    variables = processes.environment(options(tmp_path, ""))
    assert "TF_USE_LEGACY_KERAS" not in variables and variables["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert variables["OMP_NUM_THREADS"] == "1" and os.path.isdir(variables["PYTHONPATH"])


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="memory is measured on Linux")
def test_peak_is_what_a_step_takes_at_most(tmp_path):
    taken = memory.peak_of(lambda: bytearray(64 << 20))
    assert 60 << 20 < taken < 80 << 20


def test_peak_of_a_system_that_does_not_tell_is_none(monkeypatch):
    def missing(*args):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)
    assert memory.peak_of(lambda: None) is None


def test_bandwidth_is_positive(monkeypatch):
    monkeypatch.undo()
    assert memory.bandwidth(2, megabytes=4, repeats=2) > 0


def test_row_has_what_the_table_needs():
    row = summary.row(Workload("w", (2, 3), xla=True), {"exact": {"rounds": [1.0]}}, 1.0, "function")
    assert row["mode"] == "function, XLA" and row["limit"] == 8 * 24
