"""A worker without TensorFlow: what it does with a case follows from the case's id and the environment.

Ids that start with `segfault`, `exit`, `hang` or `mute` do so; every other case gives an observation made from its id.
FAKE_TENSORFLOW: the version that it claims. FAKE_FINGERPRINT: its fingerprint. FAKE_SHIFT: added to the values of cases
on any subject but `real`. FAKE_DRIFT: makes the values depend on the repeat. FAKE_STARTUP: `dies` or `error`.
"""

import argparse
import json
import os
import signal
import sys
import time

import numpy as np

from golden import integrity
from golden.observation import Array, Observation
from golden.stream import Writer
from samples import RELEASE, make_case


def observe(case_id, subject, repeat):
    """The observation of one case."""
    values = np.float32([1.0, 2.0, len(case_id)])
    if subject != "real":
        values += np.float32(os.environ.get("FAKE_SHIFT", "0"))
    drift = np.float32(repeat if "FAKE_DRIFT" in os.environ else 0)
    facts = {"length": len(case_id), "inputs": integrity.input_hashes(make_case(case_id), RELEASE)}
    return Observation([("s0/y0", Array.of(values)), ("s0/drift", Array.of(drift))], facts)


def misbehave(case_id):
    """Does what the id of a case asks for."""
    if case_id.startswith("segfault"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if case_id.startswith("exit"):
        sys.exit("gave up on " + case_id)
    if case_id.startswith("hang"):
        time.sleep(600)


def main():
    """Runs the cases as `golden.worker` would."""
    parser = argparse.ArgumentParser()
    for name in ("subject", "mode", "cases", "out", "device"):
        parser.add_argument("--" + name)
    parser.add_argument("--repeats", type=int)
    options = parser.parse_args()
    if os.environ.get("FAKE_STARTUP") == "dies":
        sys.exit("there is no such thing as TensorFlow")
    if os.environ.get("FAKE_STARTUP") == "error":
        print("@error TensorFlow sees no GPU here", flush=True)
        sys.exit(3)
    with open(options.cases) as source:
        case_ids = json.load(source)
    writer = Writer(options.out)
    fingerprint = os.environ.get("FAKE_FINGERPRINT", "f00d")
    writer.provenance({"tensorflow": os.environ["FAKE_TENSORFLOW"], "fingerprint": fingerprint, "gpu": None})
    for case_id in case_ids:
        print("noise\n@start " + case_id, flush=True)
        misbehave(case_id)
        for repeat, subject in enumerate(options.subject.split(",") * options.repeats):
            if not case_id.startswith("mute"):
                writer.observation(case_id, repeat, observe(case_id, subject, repeat))
        print("@done " + case_id, flush=True)
    writer.end()


if __name__ == "__main__":
    main()
