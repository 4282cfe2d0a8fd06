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
import queue
import subprocess
import sys
import threading
from importlib import metadata

from golden import catalogue, files, installed, pins, processes
from golden.choices import kerases_for

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

_SUBJECTS = pins.REAL + ",tfcompat.layers"
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
    """Draws; returns 0, 1 if a case differs, 2 with one line for bad input, or 130 when interrupted."""
    options = parser().parse_args(argv)
    kerases = kerases_for(options.subject, options.keras, installed.release())
    places = [(keras, mode) for keras in kerases for mode in options.mode or catalogue.MODES]
    total = QUICK if options.quick else options.examples
    if total < len(places):
        told = total, len(places)
        print("fuzz: --examples is %d; there are %d places, and each draws one at least" % told, file=sys.stderr)
        return 2
    try:
        results = run(places, -(-total // len(places)), options.seed, options.subject, _Lines(total))
    except KeyboardInterrupt:
        print("fuzz: interrupted", file=sys.stderr)
        return 130
    told = as_json(results, options.seed)
    if options.save:
        files.write_atomically(REPORT, (json.dumps(told, indent=1, sort_keys=True) + "\n").encode("utf-8"))
    print(json.dumps(told, indent=1) if options.json else "\n".join(table(results)))
    return int(any(result.found or result.unneeded for result in results))


def run(places, examples, seed, subject="tfcompat.layers", progress=lambda place, counts: None):
    """The `Result` of each (Keras, mode).

    Args:
      places: pairs of a Keras and a mode.
      examples: how many cases each of them draws.
      seed: the same gives the same cases, with the same hypothesis.
      subject: module that is compared with the real function.
      progress: called with place and counts, now and then.

    Raises:
      processes.WorkerFailed: a child ended without a word.
    """
    calls = [functools.partial(_of_place, place, examples, seed, subject, progress) for place in places]
    return [result() for result in processes.side_by_side(calls)]


def _of_place(place, examples, seed, subject, progress):
    keras, mode = place
    command = [sys.executable, "-m", "fuzz.child", "--keras", keras, "--mode", mode, "--subject", subject]
    command += ["--examples", str(examples), "--seed", str(seed), "--database", DATABASE]
    child = subprocess.Popen(
        command,
        env=pins.environment(_SUBJECTS, keras),
        cwd=pins.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    errors = queue.Queue()
    threading.Thread(target=lambda: errors.put(child.stderr.read()), daemon=True).start()
    told = {}
    for line in child.stdout:
        told = json.loads(line) if line.startswith("{") else told
        progress(place, told.get("counts", {}))
    child.wait()
    if not told.get("end"):
        told = keras, mode, errors.get()[-2000:]
        raise processes.WorkerFailed("the child for %s %s said no result; its stderr ends:\n%s" % told)
    counts = {name: told["counts"].get(name, 0) for name in _COLUMNS}
    return Result(keras, mode, counts, told["found"], told["unneeded"])


class _Lines:
    """Progress: how many cases all children have drawn, in a line on stderr for every tenth of them."""

    def __init__(self, total):
        self._total, self._drawn, self._told, self._lock = total, {}, 0, threading.Lock()

    def __call__(self, place, counts):
        with self._lock:
            self._drawn[place] = counts.get("cases", 0) + counts.get("known", 0)
            drawn = sum(self._drawn.values())
            if drawn * 10 // self._total > self._told:
                self._told = drawn * 10 // self._total
                print("fuzz: %d of %d cases" % (drawn, self._total), file=sys.stderr)


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
