"""A child process: runs cases of one mode and streams what it sees.

Prints `@start CASE` before and `@done CASE` after each case; the observations go to the file of `--out`.
"""

import argparse
import json
import sys


def main(argv=None):
    """Runs the worker; the parent has set the environment (see `golden.processes`)."""
    parser = argparse.ArgumentParser(prog="golden.worker", description=__doc__)
    parser.add_argument("--subject", required=True, help="`real`, a module, or several joined by commas")
    parser.add_argument("--mode", required=True)
    parser.add_argument("--cases", required=True, help="JSON file with a list of case ids")
    parser.add_argument("--out", required=True)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--device", help="for example GPU:0; the CPU when left out")
    options = parser.parse_args(argv)
    with open(options.cases) as f:
        case_ids = json.load(f)

    from golden import catalogue, stream
    from golden.runner import case as runner
    from golden.runner import host

    host.choose_behaviour(options.mode)
    if options.device and options.device.startswith("GPU") and host.gpu() is None:
        print("@error TensorFlow %s sees no GPU here" % host.tf.__version__, flush=True)
        return 3
    subjects = [host.subject(name) for name in options.subject.split(",")] * options.repeats
    cases = catalogue.load()
    writer = stream.Writer(options.out)
    writer.provenance(host.provenance(options.mode))
    for case_id in case_ids:
        print("@start " + case_id, flush=True)
        for repeat, subject in enumerate(subjects):
            writer.observation(case_id, repeat, runner.run(cases[case_id], options.mode, subject))
        print("@done " + case_id, flush=True)
    writer.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
