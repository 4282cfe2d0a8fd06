"""The process of a peer answers every command in a line, whatever happens."""

import io
import json
import sys
import types

import pytest

from benchmarks import peers, worker


class Step:
    """Counts how often it ran; fails from some step on."""

    def __init__(self, fails_at=None):
        self.calls, self.fails_at, self.closed = 0, fails_at, False

    def build(self):
        pass

    def __call__(self):
        self.calls += 1
        if self.calls == self.fails_at:
            raise RuntimeError("out of memory\nin a kernel")

    def batches(self):
        return {"traces": 1, "calls": []}

    def close(self):
        self.closed = True


@pytest.fixture
def made(monkeypatch):
    """The steps that were made, all of a home that imports nothing."""
    steps = []

    def step_of(peer, workload, mode):
        if workload.name == "tabnet":
            raise TypeError("no argument `numerics`")
        steps.append(Step(fails_at=3 if workload.name == "image" else None))
        return steps[-1]

    home = types.SimpleNamespace(set_up=lambda mode, threads: {"numbers": "1.0"}, step_of=step_of)
    monkeypatch.setattr(peers, "builder", lambda peer: home)
    return steps


def steps_of(name="exact"):
    return worker.Steps(name, "function", 2)


def test_first_call_is_one_step_and_a_run_at_least_one_more_after_one_that_does_not_count(made):
    steps = steps_of()
    assert steps.answer({"do": "prepare", "workload": "features"})["seconds"] >= 0 and made[0].calls == 1
    assert len(steps.answer({"do": "run", "seconds": 0.0})["times"]) == 1 and made[0].calls == 3
    times = steps.answer({"do": "run", "seconds": 0.05})["times"]
    assert len(times) == made[0].calls - 4 and len(times) <= 20000 and min(times) >= 0


def test_one_process_may_do_the_steps_of_another_peer(made):
    steps = steps_of()
    steps.answer({"do": "prepare", "workload": "features", "peer": "keras3"})
    assert steps.peer.name == "keras3"


def test_next_workload_takes_the_place_of_the_one_before(made):
    steps = steps_of()
    steps.warm_up()
    for name in ("features", "sequence"):
        steps.answer({"do": "prepare", "workload": name})
    assert [step.closed for step in made] == [True, True, False] and steps.step is made[-1]


def test_what_goes_wrong_is_an_answer_and_the_next_command_works(made):
    steps = steps_of()
    assert steps.answer({"do": "prepare", "workload": "tabnet"}) == {"error": "TypeError: no argument `numerics`"}
    steps.answer({"do": "prepare", "workload": "image"})
    assert steps.answer({"do": "run", "seconds": 1.0}) == {"error": "RuntimeError: out of memory"}
    assert "seconds" in steps.answer({"do": "prepare", "workload": "features"})


@pytest.mark.parametrize(
    "error, line",
    [
        (ValueError(), "ValueError: no message"),
        (ValueError("\n  first \nsecond"), "ValueError: first"),
        (ValueError("x" * 999), "ValueError: " + "x" * 188),
    ],
)
def test_reason_is_one_line_that_is_not_long(error, line):
    assert worker.reason(error) == line


def talk(monkeypatch, capfd, *commands):
    """What a worker answers to commands, each answer read."""
    monkeypatch.setattr(sys, "argv", ["worker", "--peer", "exact", "--mode", "function", "--threads", "1"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(command) + "\n" for command in commands)))
    monkeypatch.setattr(worker.os, "dup2", lambda source, target: None)
    status = worker.main()
    return status, [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_process_says_that_it_is_ready_and_answers_in_order_until_stdin_ends(made, monkeypatch, capfd):
    commands = [{"do": "prepare", "workload": "features"}, {"do": "run", "seconds": 0}, {"do": "batches"}]
    status, (ready, prepared, ran, batches) = talk(monkeypatch, capfd, *commands)
    assert status == 0 and ready == {"ready": {"numbers": "1.0"}}
    assert set(prepared) == {"seconds"} and set(ran) == {"times"} and batches == {"traces": 1, "calls": []}


def test_process_that_cannot_start_says_why(monkeypatch, capfd):
    def missing(peer):
        raise ImportError("No module named 'keras'")

    monkeypatch.setattr(peers, "builder", missing)
    assert talk(monkeypatch, capfd) == (1, [{"error": "ImportError: No module named 'keras'"}])
