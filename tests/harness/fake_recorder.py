"""Stands for `scripts/record.py` in an environment of its own; FAKE_RELEASE is what is installed there.

`behaviour.json` beside the recordings maps a release to an exit status, or to `wait`; `calls.txt` notes every call.
"""

import argparse
import json
import os
import sys
import time

from golden.store import Key, Recording, Store
from samples import make_observation


def main():
    """Records three cases in every mode that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data")
    parser.add_argument("--configuration")
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--mode", action="append")
    options = parser.parse_args()
    release, beside = os.environ["FAKE_RELEASE"], os.path.dirname(options.data)
    with open(os.path.join(beside, "calls.txt"), "a") as calls:
        calls.write("%s %s %s\n" % (release, "verify" if options.verify else "record", " ".join(options.mode)))
    with open(os.path.join(beside, "behaviour.json")) as source:
        behaviour = json.load(source).get(release, 0)
    if behaviour == "wait":
        time.sleep(60)
    if behaviour:
        sys.exit("the recorder of %s gives up" % release if behaviour != 1 else 1)
    for mode in () if options.verify else options.mode:
        recording = Recording(Store(options.data), Key(release, options.configuration, mode), {"fingerprint": "f00d"})
        for case_id in ("first", "second", "wide"):
            recording.add(case_id, "0" * 12, make_observation())
        recording.write()


if __name__ == "__main__":
    main()
