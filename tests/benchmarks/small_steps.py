"""Prints what one step of every implementation gives on small workloads: `small_steps.py MODE [PEER...]`, as JSON.

Workload -> peer -> list of flat arrays: output, gradients of x, gamma and beta, moving mean and variance; or a reason.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from benchmarks import peers
from benchmarks.workloads import Workload

SMALL = [
    Workload("image", (4, 3, 3, 5)),
    Workload("first", (4, 5, 3, 3), axis=1),
    Workload("float16", (4, 3, 3, 5), dtype="float16"),
    Workload("sequence", (4, 3, 5)),
    Workload("features", (6, 5)),
    Workload("volume", (2, 3, 3, 3, 5)),
    Workload("inference", (4, 3, 3, 5), step="inference"),
    Workload("renorm", (4, 3, 3, 5), arguments={"renorm": True}),
    Workload("virtual", (4, 3, 3, 5), arguments={"virtual_batch_size": 2}),
    Workload("xla", (4, 3, 3, 5), xla=True),
]


def main(mode, names):
    """Runs them all in this process."""
    chosen, results = [peers.PEERS[name] for name in names], {}
    for home in {peer.home: peers.builder(peer) for peer in chosen}.values():
        home.set_up(mode, 1)
    for workload in SMALL:
        of_peers = results[workload.name] = {}
        for peer in chosen:
            reason = peers.why_not(peer, workload, mode)
            of_peers[peer.name] = reason or values_of(peer, workload, mode)
    print(json.dumps(results))


def values_of(peer, workload, mode):
    step = peers.builder(peer).step_of(peer, workload, mode)
    try:
        step.build()
    except TypeError as error:
        return str(error)
    return [value.astype("float64").ravel().tolist() for value in step.values()]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] or [name for name in peers.PEERS if name != "pytorch"])
