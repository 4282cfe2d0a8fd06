"""`python -m benchmarks.scale`: how long graphs and models of many layers take to build, and the package to import.

A v1 graph of as many `batch_normalization` in a row, of tfcompat and of the real tf.layers; a functional Keras model of
as many layers, of tfcompat and of Keras 3; each in a process of its own, in turns.
"""

import argparse
import gc
import json
import subprocess
import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.errors import UsageError
from benchmarks.options import above_zero
from benchmarks.processes import ROOT, environment
from golden.progress import Progress

#: What is built by whom; ratios are to the second of each.
SUBJECTS = [("v1 graph", "exact"), ("v1 graph", "tf.layers"), ("Keras model", "exact"), ("Keras model", "keras3")]
_REAL = dict(SUBJECTS)
#: Milliseconds that `import tfcompat` may take.
IMPORT_TARGET = 30.0
_REPEATS = 9


def _layers(subject):
    """Where `BatchNormalization` of a subject is."""
    import importlib

    homes = {"exact": "tfcompat.layers", "tf.layers": "tf_keras.api._v1.keras.__internal__.legacy.layers"}
    return importlib.import_module(homes.get(subject, "keras.layers"))


def build(kind, subject, count):
    """Seconds to build `count` layers."""
    import tensorflow as tf

    layers = _layers(subject)
    gc.collect()  # else Python does it in the middle, for what was built before
    start = time.perf_counter()
    if kind == "v1 graph":
        with tf.Graph().as_default():
            x = tf.compat.v1.placeholder(tf.float32, [None, 8, 8, 16])
            for number in range(count):
                x = layers.BatchNormalization(name="bn{}".format(number))(x, training=True)
        return time.perf_counter() - start
    x = inputs = tf.keras.layers.Input((8, 8, 16))
    for _ in range(count):
        x = layers.BatchNormalization()(x)
    tf.keras.Model(inputs, x)
    return time.perf_counter() - start


def child(kind, subject, counts):
    """Prints the seconds for each count, after a small one that does not count."""
    import tensorflow as tf

    if kind == "v1 graph":
        tf.compat.v1.disable_v2_behavior()
    sys.setrecursionlimit(1000 + 10 * max(counts))  # Keras 3 follows a model layer by layer
    build(kind, subject, 3)
    print(json.dumps([build(kind, subject, count) for count in counts]))


def seconds_of(kind, subject, counts):
    """The seconds that a process takes for each count.

    Raises:
      UsageError: it ended with an error.
    """
    words = [sys.executable, "-m", "benchmarks.scale", "--child", kind, subject, "--layers"]
    words += [str(count) for count in counts]
    options = argparse.Namespace(threads=2, onednn="on")
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment(options),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["ended with {}".format(done.returncode)]
        raise UsageError("{} of {}: {}".format(kind, subject, said[-1]))
    return json.loads(done.stdout.splitlines()[-1])


def linearity(counts, seconds):
    """What a layer of the largest takes, relative to one of the smallest: 1 where time grows as the layers do."""
    by_count = sorted(zip(counts, seconds))
    (few, first), (many, last) = by_count[0], by_count[-1]
    return (last / many) / (first / few)


def import_milliseconds(repeats=_REPEATS):
    """What `import tfcompat` adds to the interpreter's start: the difference of medians, measured in turns."""
    taken = {"import tfcompat": [], "pass": []}
    for _ in range(repeats):
        for program, times in taken.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
            times.append(time.perf_counter() - start)
    ours, bare = (float(np.median(times)) * 1e3 for times in taken.values())
    return ours - bare


def measured(counts, rounds):
    """All results, JSON-ready: medians of the rounds, and of the ratios in each round."""
    progress, taken = Progress(rounds * len(SUBJECTS) + 1), {subject: [] for subject in SUBJECTS}
    for _ in range(rounds):
        for kind, subject in SUBJECTS:
            taken[kind, subject].append(seconds_of(kind, subject, counts))
            progress.step("{} of {}".format(kind, subject))
    rows = []
    for (kind, subject), times in taken.items():
        seconds = np.median(times, axis=0).tolist()
        ratios = np.median(np.divide(times, taken[kind, _REAL[kind]]), axis=0).tolist()
        row = {"builds": kind, "of": subject, "seconds": seconds, "ratios": ratios}
        rows.append(dict(row, linearity=linearity(counts, seconds)))
    imported = import_milliseconds()
    progress.step("import")
    progress.close()
    return {"layers": counts, "rounds": rounds, "rows": rows, "import_ms": imported, "import_target_ms": IMPORT_TARGET}


def tell(results):
    """Prints a table."""
    columns = ["builds", "of"] + ["{} layers, s (ratio)".format(count) for count in results["layers"]] + ["growth"]
    made = Table(*columns)
    for row in results["rows"]:
        cells = ["{:.2f} ({:.2f})".format(*each) for each in zip(row["seconds"], row["ratios"])]
        made.add_row(row["builds"], row["of"], *cells, "x {:.2f}".format(row["linearity"]))
    out = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=120)
    out.print(made)
    out.print("ratio: to tf.layers and to Keras 3, in the same round; medians of {rounds}".format(**results))
    out.print("growth: what a layer of the largest takes, relative to one of the smallest")
    out.print("import tfcompat: {import_ms:.0f} ms (at most {import_target_ms:.0f})".format(**results))


def parser():
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.split("\n")[0])
    made.add_argument(
        "--layers", type=above_zero(int), nargs="+", default=[50, 200, 1000], help="how many (50 200 1000)"
    )
    made.add_argument("--rounds", type=above_zero(int), default=3, help="of all, in turns (3)")
    made.add_argument("--json", action="store_true", help="print everything for programs")
    made.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    return made


def main(argv=None):
    """See the module."""
    options = parser().parse_args(argv)
    if options.child:
        child(options.child[0], options.child[1], options.layers)
        return 0
    try:
        results = measured(options.layers, options.rounds)
    except UsageError as error:
        print("python -m benchmarks.scale: {}".format(error), file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        tell(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
