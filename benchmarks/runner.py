"""Measures: one process for each peer, all with the same settings, that take turns."""

import numpy as np

from benchmarks import memory, summary
from benchmarks.peers import PEERS, mode_of, why_not
from benchmarks.processes import PeerError, Team, Worker


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
