"""Measures: one process for each peer, all with the same settings, that take turns."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading

import numpy as np

from benchmarks import memory, summary
from benchmarks.peers import PEERS, mode_of, why_not

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: Seconds for any answer of a worker.
TIMEOUT = 300.0


class PeerError(RuntimeError):
    """A peer cannot do what it was told; the message says why."""


class WorkerDied(PeerError):
    """And its process is gone."""


def environment(options):
    """The variables of every worker."""
    threads = str(options.threads)
    variables = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    variables.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), threads))
    variables.update(TF_NUM_INTEROP_THREADS="1", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    variables.update(
        TF_ENABLE_ONEDNN_OPTS=str(int(options.onednn == "on")), PYTHONPATH=ROOT, KERAS_BACKEND="tensorflow"
    )
    return variables


class Worker:
    """The process of a peer; see `benchmarks.worker` for what it is told and answers.

    Args:
      peer: a `Peer`.
      options: of the command.
      variables: of the environment, beside those of every worker.
    """

    def __init__(self, peer, options, variables):
        python = options.torch if peer.name == "pytorch" else sys.executable
        command = [python, "-m", "benchmarks.worker", "--peer", peer.name]
        command += ["--mode", options.mode, "--threads", str(options.threads)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._child = subprocess.Popen(
            command,
            env=dict(environment(options), **variables),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answers = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._child.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def ready(self):
        """The versions of its libraries, once it has loaded them."""
        return self._answer()["ready"]

    def ask(self, **command):
        """The answer to a command.

        Raises:
          PeerError: what the worker says went wrong.
          WorkerDied: it ended, or did not answer in time.
        """
        try:
            self._child.stdin.write(json.dumps(command) + "\n")
            self._child.stdin.flush()
        except OSError:
            pass  # it is gone; the answer says so
        return self._answer()

    def _answer(self):
        try:
            line = self._answers.get(timeout=TIMEOUT)
        except queue.Empty:
            self.close()
            raise WorkerDied("no answer in {:.0f} seconds".format(TIMEOUT)) from None
        if line is None:
            code = self._child.wait()
            self._errors.seek(0)
            said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            raise WorkerDied("ended with {}: {}".format(code, said[-1] if said else "it said nothing"))
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def close(self):
        """Ends the process."""
        self._child.kill()
        self._child.wait()
        self._errors.close()


class Team:
    """The workers of some peers; one that dies is started again when it is needed next."""

    def __init__(self, peers, start):
        self._start, self._peers = start, {peer.name: peer for peer in peers}
        self._workers = {peer.name: start(peer) for peer in peers}
        self._why, self.names = {}, list(self._workers)
        self.versions = {}
        for name in self._workers:
            self._wait_for(name)

    def _wait_for(self, name):
        try:
            self.versions.update(self._workers[name].ready())
        except PeerError as error:
            self._why[name] = str(error)

    def ask(self, peer, **command):
        """The answer of a peer.

        Raises:
          PeerError: it has none.
        """
        if peer in self._why:
            raise PeerError(self._why[peer])
        try:
            return self._workers[peer].ask(**command)
        except WorkerDied:
            self._workers[peer].close()
            self._workers[peer] = self._start(self._peers[peer])
            self._wait_for(peer)
            raise

    def close(self):
        """Ends all processes."""
        for worker in self._workers.values():
            worker.close()


def times(team, peers, workload, options, progress):
    """Measures the peers on one workload, round by round.

    Returns:
      dict of peer -> {"first_call", "rounds": [median of the steps of each round], "steps", perhaps "batches"}, or
      {"unavailable": reason}.
    """
    cells = {}
    for peer in peers:
        cells[peer.name] = _prepared(team, peer, workload, options)
    for number in range(options.rounds):
        for shift in range(len(peers)):  # nobody always runs after the same one
            name = peers[(number + shift) % len(peers)].name
            progress.step("{} {}".format(workload.name, name))
            if "unavailable" not in cells[name]:
                _run(team, name, cells, options.seconds)
    for peer in peers:
        if workload.batches and peer.home.endswith("tf_steps") and mode_of(workload, options.mode) == "function":
            _guarded(cells, peer.name, lambda name: cells[name].update(batches=team.ask(name, do="batches")))
    return cells


def _prepared(team, peer, workload, options):
    reason = why_not(peer, workload, options.mode)
    if reason:
        return {"unavailable": reason}
    try:
        seconds = team.ask(peer.name, do="prepare", workload=workload.name)["seconds"]
    except PeerError as error:
        return {"unavailable": str(error)}
    return {"first_call": seconds, "rounds": [], "steps": 0}


def _run(team, name, cells, seconds):
    def run(name):
        steps = team.ask(name, do="run", seconds=seconds)["times"]
        cells[name]["rounds"].append(float(np.median(steps)))
        cells[name]["steps"] += len(steps)

    _guarded(cells, name, run)


def _guarded(cells, name, work):
    """Does work for a peer that still takes part; from an error on it does not."""
    if "unavailable" not in cells[name]:
        try:
            work(name)
        except PeerError as error:
            cells[name] = {"unavailable": str(error)}


def peaks(team, cells, workloads, progress):
    """Adds to each cell the bytes that a step takes, or None; one process does it for all peers of a framework.

    It frees a step before the next one is made, and nothing here depends on what else the machine does.

    Args:
      team: a worker for the first peer of each framework.
      cells: workload -> peer -> cell.
    """
    for name in {name: None for workload in workloads for name in cells[workload.name]}:
        progress.step("memory of {}".format(name))
        worker = _host(name, team.names)
        for workload in workloads:
            cell = cells[workload.name][name]
            if "unavailable" not in cell:
                cell["peak"] = _peak(team, worker, name, workload)


def _host(name, names):
    """Which of some peers has the same framework."""
    return next((other for other in names if PEERS[other].home == PEERS[name].home), None)


def _peak(team, worker, name, workload):
    try:
        team.ask(worker, do="prepare", workload=workload.name, peer=name)
        return team.ask(worker, do="peak")["bytes"]
    except PeerError:
        return None


def measure(workloads, peers, options, progress, start=Worker):
    """Measures everything.

    Returns:
      (rows, versions, bandwidth): a row for each workload, see `summary.row`; library -> version; bytes a second.
    """
    before = memory.bandwidth(options.threads)
    team, cells = Team(peers, lambda peer: start(peer, options, memory.ENVIRONMENT_OF_TIMES)), {}
    try:
        for workload in workloads:
            cells[workload.name] = times(team, peers, workload, options, progress)
    finally:
        team.close()
    ran = [peer for peer in peers if any("rounds" in found[peer.name] for found in cells.values())]
    hosts = [peer for peer in ran if peer.name == _host(peer.name, [peer.name for peer in ran])]
    team_of_memory = Team(hosts, lambda peer: start(peer, options, memory.ENVIRONMENT))
    try:
        peaks(team_of_memory, cells, workloads, progress)
    finally:
        team_of_memory.close()
    speed = max(before, memory.bandwidth(options.threads))
    return [summary.row(w, cells[w.name], speed, options.mode) for w in workloads], dict(team.versions), speed
