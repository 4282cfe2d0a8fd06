"""The process of one peer: `python -m benchmarks.worker --peer NAME --mode MODE --threads N`.

Reads commands from stdin and answers each on stdout, both one line of JSON:

    {"do": "prepare", "workload": NAME}  {"seconds": from making the layer to the end of the first step}; also "peer"
    {"do": "run", "seconds": S}          {"times": [seconds of each step]}, after a step that does not count
    {"do": "peak"}                       {"bytes": memory of a step, or null}
    {"do": "batches"}                    {"traces": N, "calls": [[batch, first seconds, second seconds]]}

The first line, without a command, is {"ready": versions}.  What goes wrong is answered by {"error": reason}.
"""

import argparse
import gc
import json
import os
import sys
import time

from benchmarks import memory, peers, workloads

#: Runs before everything else, so that the first measured workload does not pay for what is loaded late.
_WARM_UP = workloads.Workload("warm-up", (4, 2, 2, 3))
_MOST_STEPS = 20000


class Steps:
    """What a worker does; one workload at a time."""

    def __init__(self, peer, mode, threads):
        self.peer, self.mode, self.step = peers.PEERS[peer], mode, None
        self.home = peers.builder(self.peer)
        self.versions = self.home.set_up(mode, threads)

    def warm_up(self):
        """Runs a small workload and forgets it."""
        self.start(_WARM_UP)
        self.forget()

    def prepare(self, workload, peer=None):
        """Makes the layer of a workload in place of the one before, and runs the first step.

        `peer`, of the same framework, takes the place of the worker's own.
        """
        self.forget()
        self.peer = peers.PEERS[peer] if peer else self.peer
        return {"seconds": self.start(workloads.named(workload))}

    def start(self, workload):
        """Seconds from making the layer to the end of the first step; the inputs are there before."""
        step = self.home.step_of(self.peer, workload, self.mode)
        start = time.perf_counter()
        step.build()
        step()
        self.step = step
        return time.perf_counter() - start

    def forget(self):
        """Frees what the workload before took."""
        if hasattr(self.step, "close"):
            self.step.close()
        self.step = None
        gc.collect()

    def run(self, seconds):
        """Runs steps for some seconds, at least one."""
        self.step()
        times, step, now = [], self.step, time.perf_counter
        start = before = now()
        while not times or (before - start < seconds and len(times) < _MOST_STEPS):
            step()
            after = now()
            times.append(after - before)
            before = after
        return {"times": times}

    def peak(self):
        """The memory of a step."""
        return {"bytes": memory.peak_of(self.step)}

    def batches(self):
        """What other sizes of the batch cost the first time."""
        return self.step.batches()

    def answer(self, command):
        """The answer to a command."""
        given = dict(command)
        try:
            return getattr(self, given.pop("do"))(**given)
        except Exception as error:
            return {"error": reason(error)}


def reason(error):
    """An error in a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "{}: {}".format(type(error).__name__, lines[0] if lines else "no message")[:200]


def main():
    """Answers until stdin ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__.split("\n")[0])
    parser.add_argument("--peer", required=True)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(answer):
        out.write(json.dumps(answer) + "\n")
        out.flush()

    try:
        steps = Steps(options.peer, options.mode, options.threads)
        steps.warm_up()
    except Exception as error:
        say({"error": reason(error)})
        return 1
    say({"ready": steps.versions})
    for line in sys.stdin:
        say(steps.answer(json.loads(line)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
