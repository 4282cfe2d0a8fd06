"""Changes tfcompat in every way that the operators of mutmut and cosmic-ray know, and tells what no test finds.

Takes hours, and may be stopped: what was found stays, and the next run goes on from there. Ends with 1 where less than
95 % of the mutants are killed, where one survives without a reason, or where a reason is no longer needed.
"""

import argparse
import glob
import json
import os
import queue
import random
import sys
import threading

from golden import pins
from golden.progress import Progress
from mutation import mutants, report, survivors
from mutation.hunt import Hunter, Learned
from mutation.places import PLACES
from mutation.reach import Reach
from mutation.results import Results

#: What is changed, in this order.
TARGETS = ("tfcompat/kernels", "tfcompat/plan.py", "tfcompat/config.py", "tfcompat/releases.py", "tfcompat/backend")


def main(argv=None):
    """Runs; returns 0 if all is well, 1 if not, 2 with one line for bad input, or 130 when interrupted."""
    options = _parser().parse_args(argv)
    sources = {path: _read(path) for target in TARGETS for path in _files(target)}
    wanted = [path for path in sources if not options.only or path.startswith(tuple(options.only))]
    if not wanted:
        print(
            "mutate: nothing is called %s; there are %s" % (", ".join(options.only), ", ".join(sources)),
            file=sys.stderr,
        )
        return 2
    try:
        made = [mutant for path in wanted for mutant in mutants.of_file(path, sources[path])]
    except ImportError as error:
        print("mutate: %s; install the extra: pip install '.[mutation]'" % error, file=sys.stderr)
        return 2
    if options.sample:
        made = random.Random(0).sample(made, min(options.sample, len(made)))
    os.makedirs(options.work, exist_ok=True)
    results = Results(os.path.join(options.work, "results.jsonl"))
    todo = (
        [] if options.report else [mutant for mutant in made if _is_open(results.by_id.get(mutant.id), options.again)]
    )
    try:
        _hunt(todo, sources, results, options)
    except KeyboardInterrupt:
        print("\nmutate: stopped; what was found stays, and the next run goes on from there", file=sys.stderr)
        return 130
    outcomes = [results.by_id[mutant.id] for mutant in made if mutant.id in results.by_id]
    return _tell(outcomes, whole=not (options.only or options.sample), as_json=options.json)


def _tell(outcomes, whole, as_json):
    """Prints the report; returns the status."""
    reasons = survivors.load()
    explained = survivors.explained(outcomes, reasons)
    failed = report.failures(outcomes, explained, survivors.unneeded(outcomes, reasons) if whole else [])
    if as_json:
        print(json.dumps(report.as_json(outcomes, explained, failed), indent=1))
    else:
        lines = report.survivors(outcomes, explained) + [""] + report.table(outcomes, explained)
        print("\n".join(lines + [""] + report.reasons(outcomes, explained) + failed))
    return int(bool(failed))


def _is_open(outcome, again):
    """Whether a mutant is still to be hunted."""
    return outcome is None or (again and outcome.status == "survived")


def _hunt(todo, sources, results, options):
    """Hunts all mutants, side by side in as many threads as there are jobs, each with processes of its own."""
    if not todo:
        return
    reach, learned = Reach(options.work, list(sources)), Learned()
    hunters = [Hunter(reach, learned, sources) for _ in range(options.jobs)]
    try:
        _find_reach(reach, hunters[0])
        progress, waiting, errors = Progress(len(todo)), queue.Queue(), []
        for mutant in todo:
            waiting.put(mutant)
        threads = [threading.Thread(target=_work, args=(h, waiting, results, progress, errors)) for h in hunters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        progress.close()
    finally:
        for hunter in hunters:
            hunter.close()
    if errors:
        raise errors[0]


def _find_reach(reach, hunter):
    """Finds what every trial runs; tells which are not used."""
    progress = Progress(len(PLACES))
    for place in PLACES:
        reach.find(place, hunter.ask)
        progress.step("looked at %s %s %s %s" % (place.keras, place.kind, place.mode, ", ".join(place.paths)))
        for trial, reason in reach.left_out[place]:
            print("not used: %s %s, %s" % (place.keras, trial.id, reason.splitlines()[-1]), file=sys.stderr)


def _work(hunter, waiting, results, progress, errors):
    """Hunts until nothing waits any more."""
    while not errors:
        try:
            mutant = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            outcome = hunter.hunt(mutant)
        except Exception as error:
            errors.append(error)
            return
        results.add(outcome)
        progress.step("%s %s:%d" % (outcome.status, outcome.path, outcome.line))


def _files(target):
    """The files of a target, from the root of the project."""
    if target.endswith(".py"):
        return [target]
    found = glob.glob(os.path.join(pins.ROOT, target, "*.py"))
    return sorted(os.path.relpath(path, pins.ROOT) for path in found)


def _read(path):
    with open(os.path.join(pins.ROOT, path), encoding="utf-8") as source:
        return source.read()


def _parser():
    parser = argparse.ArgumentParser(prog="mutate.py", description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", metavar="PATH", help="only files whose path begins so; repeatable")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many mutants, the same ones in every run")
    parser.add_argument("--again", action="store_true", help="hunt survivors of former runs again")
    parser.add_argument("--report", action="store_true", help="only tell what former runs found")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="mutants at a time (%(default)s)")
    parser.add_argument("--work", default=os.path.join(pins.ROOT, ".mutation"), help="folder of what was found")
    return parser
