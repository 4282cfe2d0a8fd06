"""Draws cases at random and requires of each that tfcompat does what the real tf.layers does in the same process.

Bits, facts and types of errors are compared, on each Keras and in each mode. Where a case differs it is shrunk, and
printed as the catalogue has them.
"""

import argparse
import collections
import datetime
import functools
import json
import os
import sys
import threading
from importlib import metadata

from fuzz.children import said_by
from golden import catalogue, files, installed, pins, processes
from golden.choices import kerases_for
from golden.progress import Progress

#: What the last long run found: date, tools, seed, and a row for each place.
REPORT = os.path.join(pins.ROOT, "fuzz", "report.json")

#: Where hypothesis keeps what failed, to try it first the next time.
DATABASE = os.path.join(pins.ROOT, ".fuzz")

#: Cases in all places together: of the long run, and of the quick one.
LONG, QUICK = 10000, 300

TOOLS = ("hypothesis", "tensorflow", "tf-keras", "keras")

#: What became of one place. counts: see `child.Pair`; found: None, or the case that differs and the report; unneeded:
#: names of rows of `known` that show no difference any more.
Result = collections.namedtuple("Result", "keras mode counts found unneeded")

_COLUMNS = ("cases", "raised", "racy", "known")


def parser():
    """The argument parser of `scripts/fuzz.py`."""
    made = argparse.ArgumentParser(prog="fuzz.py", description=__doc__.split("\n")[0])
    made.add_argument("--examples", type=int, default=LONG, help="in all places together (%(default)s)")
    made.add_argument("--quick", action="store_true", help="as many as the tests draw: %d" % QUICK)
    made.add_argument("--mode", action="append", choices=catalogue.MODES, help="repeat for several (all)")
    made.add_argument("--keras", action="append", choices=("keras2", "keras3"), help="repeat for both (all here)")
    made.add_argument("--seed", type=int, default=0, help="other seeds draw other cases (%(default)s)")
    made.add_argument("--subject", default="tfcompat.layers", help="module that is compared (%(default)s)")
    made.add_argument("--save", action="store_true", help="write fuzz/report.json")
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return made


def main(argv=None):
    """Draws; returns 0, 1 if a case differs, 2 with one line for bad input or a dead child, 130 when interrupted."""
    options = parser().parse_args(argv)
    kerases = kerases_for(options.subject, options.keras, installed.release())
    places = [(keras, mode) for keras in kerases for mode in options.mode or catalogue.MODES]
    total = QUICK if options.quick else options.examples
    if total < len(places):
        told = total, len(places)
        print("fuzz: --examples is %d; there are %d places, and each draws one at least" % told, file=sys.stderr)
        return 2
    examples, lock = -(-total // len(places)), threading.Lock()
    drawn = Progress(examples * len(places))

    def progress(place):
        with lock:
            drawn.step(place)

    try:
        results = run(places, examples, options.seed, options.subject, progress)
    except processes.WorkerFailed as error:
        print("fuzz: %s" % error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("fuzz: interrupted", file=sys.stderr)
        return 130
    drawn.close()
    told = as_json(results, options.seed)
    if options.save:
        files.write_atomically(REPORT, (json.dumps(told, indent=1, sort_keys=True) + "\n").encode("utf-8"))
    print(json.dumps(told, indent=1) if options.json else "\n".join(table(results)))
    return int(any(result.found or result.unneeded for result in results))


def run(places, examples, seed, subject="tfcompat.layers", progress=lambda place: None):
    """The `Result` of each (Keras, mode).

    Args:
      places: pairs of a Keras and a mode.
      examples: how many cases each of them draws.
      seed: the same gives the same cases, with the same hypothesis.
      subject: module that is compared with the real function.
      progress: called with the place for each case that is drawn.

    Raises:
      processes.WorkerFailed: a child ended without a word.
    """
    calls = [functools.partial(_of_place, place, examples, seed, subject, progress) for place in places]
    return [result() for result in processes.side_by_side(calls)]


def _of_place(place, examples, seed, subject, progress):
    keras, mode = place
    words = ["--keras", keras, "--mode", mode, "--subject", subject]
    words += ["--examples", str(examples), "--seed", str(seed), "--database", DATABASE]
    name, environment = "the child for %s %s" % place, pins.environment(subject, keras)
    for told in said_by("fuzz.child", words, environment, name):
        if not told:
            progress(" ".join(place))
    counts = {column: told["counts"].get(column, 0) for column in _COLUMNS}
    return Result(keras, mode, counts, told["found"], told["unneeded"])


def as_json(results, seed):
    """What a program reads, and what `REPORT` keeps."""
    return {
        "date": datetime.date.today().isoformat(),
        "tools": {name: metadata.version(name) for name in TOOLS},
        "seed": seed,
        "places": [result._asdict() for result in results],
    }


def table(results):
    """Lines for people: Markdown, then each case that differs."""
    lines = ["| Keras | mode | %s | differs |" % " | ".join(_COLUMNS), "|---|---|" + "---:|" * 5]
    for result in results:
        counts = [str(result.counts[name]) for name in _COLUMNS]
        lines.append("| %s | %s | %s | %d |" % (result.keras, result.mode, " | ".join(counts), bool(result.found)))
    lines += ["", *("no longer needed: " + name for result in results for name in result.unneeded)]
    for result in results:
        if result.found:
            case = json.dumps(written(result.found["case"]), sort_keys=True)
            lines += ["", "%s %s: %s" % (result.keras, result.mode, case), result.found["report"]]
    return lines


def written(case):
    """A case without what the catalogue completes it with."""
    plain = catalogue.completed({"input": case["input"]}, {"family": case["family"]})
    return {key: value for key, value in case.items() if key == "input" or plain.get(key) != value}
