"""Damages files of every kind that a user may be given, and requires of each a success or one of our errors.

Not allowed: another error, a crash or a hang of the process, more than a stated memory, and code that a file brings.
A try runs in a process of its own; what found something is kept, with `--keep`, and comes again with the same `--seed`.
"""

import argparse
import collections
import json
import sys

from fuzz.children import said_by
from fuzz.file_kinds import KINDS
from golden import grid, pins, processes
from golden.progress import Progress

#: Tries of the long run, and of the one in the tests.
LONG, QUICK = 5000, 80

#: What may become of a try, and what must not.
ALLOWED = ("read", "refused")
WRONG = ("other error", "no line", "crash", "hang", "memory", "code run")


def parser():
    """The argument parser of `scripts/fuzz_files.py`."""
    made = argparse.ArgumentParser(prog="fuzz_files.py", description=__doc__.split("\n")[0])
    made.add_argument("--tries", type=int, default=LONG, help="of all kinds together, about (%(default)s)")
    made.add_argument("--kind", action="append", choices=list(KINDS), help="repeat for several (all)")
    made.add_argument("--seed", type=int, default=0, help="another seed damages otherwise (%(default)s)")
    made.add_argument("--first", type=int, default=0, help="number of the first try of each kind (%(default)s)")
    made.add_argument("--keep", metavar="FOLDER", help="where to put the files that found something")
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return made


def main(argv=None):
    """Tries; returns 0, 1 if anything was found, 2 with one line for bad input, or 130 when interrupted."""
    options = parser().parse_args(argv)
    try:
        results = run(options.tries, options.seed, options.kind, options.first, options.keep, Progress)
    except processes.WorkerFailed as error:
        print("fuzz_files: %s" % error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("fuzz_files: interrupted", file=sys.stderr)
        return 130
    print(json.dumps(as_json(results, options), indent=1) if options.json else "\n".join(table(results)))
    return int(any(result["outcome"] not in ALLOWED for result in results))


def run(tries, seed, kinds=None, first=0, keep=None, progress=None):
    """What became of each try: dicts of kind, number, outcome, memory in bytes and, where it is wrong, what was said.

    Raises:
      processes.WorkerFailed: there is no such kind, or the child ended without a word.
    """
    words = ["--tries", str(tries), "--seed", str(seed), "--first", str(first)]
    for kind in kinds or ():
        words += ["--kind", kind]
    words += ["--keep", keep] if keep else []
    results, steps = [], progress and progress(tries)
    for result in said_by("fuzz.file_child", words, pins.environment("tfcompat.layers"), "the tries"):
        results.append(result)
        if steps and len(results) <= tries:
            steps.step("%(kind)s: %(outcome)s" % result)
    if not results:
        raise processes.WorkerFailed("the tries ended too early: %s" % kinds)
    if steps:
        steps.close()
    return results


def table(results):
    """Lines for people: a row for each kind, then what was wrong."""
    names = [name for name in ALLOWED + WRONG if name in ALLOWED or any(one["outcome"] == name for one in results)]
    rows = [["kind"] + ["tries"] + names + ["MiB at most"]]
    for kind in collections.OrderedDict.fromkeys(one["kind"] for one in results):
        rows.append([kind] + _row([one for one in results if one["kind"] == kind], names))
    rows.append(["all"] + _row(results, names))
    lines = grid.aligned(rows)
    for one in results:
        if one["outcome"] in WRONG:
            lines += ["", "%(outcome)s: %(kind)s, try %(number)d" % one]
            lines += ["  " + line for line in one.get("said", "").strip().split("\n")[-4:]]
    return lines


def _row(results, names):
    counts = collections.Counter(one["outcome"] for one in results)
    most = max(one["memory"] for one in results)
    return [str(len(results))] + [str(counts[name]) for name in names] + [str(most >> 20)]


def as_json(results, options):
    """What a program reads."""
    counts = collections.Counter((one["kind"], one["outcome"]) for one in results)
    told = collections.OrderedDict()
    for (kind, outcome), number in sorted(counts.items()):
        told.setdefault(kind, {})[outcome] = number
    wrong = [one for one in results if one["outcome"] not in ALLOWED]
    return {"seed": options.seed, "tries": len(results), "counts": told, "wrong": wrong}
