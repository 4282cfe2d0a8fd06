#!/usr/bin/env python
"""Converts a synthetic TF1 checkpoint of 1 GB to Keras files and back, and says how much memory that takes.

The peak of resident memory is compared with that of the same conversions of a checkpoint of a few bytes, made before,
which is what TensorFlow and Keras take themselves.  The values are compared bit by bit after the whole way.
The status is 1 where a conversion takes more than the limit or a value is not the same.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

#: Width of every kernel but for its rows.
COLUMNS = 1024
CONVERSIONS = ("weights.h5", "keras", "ckpt")


def rows_of(options):
    """Rows of each kernel of float32."""
    return max(1, options.megabytes * (1 << 20) // options.tensors // COLUMNS // 4)


def kernel(options, number):
    """The values of a kernel, the same in every process."""
    import numpy as np

    return np.random.RandomState(number).random_sample((rows_of(options), COLUMNS)).astype("float32")


def make(options, folder):
    """Writes the checkpoint, one kernel in memory at a time."""
    from tfcompat.migrate.checkpoints.saver import CheckpointWriter
    from tfcompat.migrate.checkpoints.writing import folder_beside

    prefix = os.path.join(folder, "large")
    with folder_beside(prefix) as beside:
        writer = CheckpointWriter(beside, prefix)
        for number in range(options.tensors):
            writer.add("dense_%d/kernel" % number if number else "dense/kernel", kernel(options, number))
        writer.finish()


def model(options):
    """As many dense layers beside each other, and their sum."""
    import tensorflow as tf

    layers = tf.keras.layers
    inputs = layers.Input((rows_of(options),))
    outputs = [layers.Dense(COLUMNS, use_bias=False)(inputs) for _ in range(options.tensors)]
    return tf.keras.Model(inputs, layers.Add()(outputs) if len(outputs) > 1 else outputs[0])


def convert(options, folder, kind):
    """Makes `large.KIND` in the folder."""
    from tfcompat.commands.terminal import progress_of_bytes
    from tfcompat.migrate.checkpoints.exporting import Exporting
    from tfcompat.migrate.checkpoints.loading import Loading

    prefix = os.path.join(folder, "large")
    if kind == "ckpt":
        work = Exporting(prefix + ".weights.h5", lambda: model(options))
    else:
        work = Loading(prefix, lambda: model(options), None)
    with progress_of_bytes() as progress:
        progress.disable = options.quiet
        task = progress.add_task(kind, total=work.size)
        work.write(prefix + "." + kind, True, lambda done: progress.advance(task, done))


def compare(options, folder):
    """Refuses a checkpoint that went to Keras and back and is not what it was."""
    import numpy as np

    from tfcompat.migrate.checkpoints.reader import Checkpoint

    first, last = (Checkpoint(os.path.join(folder, name)) for name in ("large", "large.ckpt"))
    if first.variables != last.variables or len(first.variables) != options.tensors:
        raise SystemExit("the names are not the same")
    for variable in first.variables:
        if not np.array_equal(first.read(variable.name), last.read(variable.name)):
            raise SystemExit("{} is not the same".format(variable.name))


def peak():
    """The most memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def run(options, folder):
    """Makes, converts and compares one checkpoint in a folder; tells the peak after each, in MB."""
    os.makedirs(folder)
    make(options, folder)
    peaks = []
    for kind in CONVERSIONS:
        start = time.time()
        convert(options, folder, kind)
        peaks.append((kind, peak(), time.time() - start))
    compare(options, folder)
    return peaks


def measure(options, folder):
    """The largest memory above that of a checkpoint of a few bytes, in MB."""
    few = argparse.Namespace(**dict(vars(options), megabytes=0, quiet=True))
    own = run(few, os.path.join(folder, "few"))[-1][1]
    print("TensorFlow and Keras themselves: {:.0f} MB".format(own))
    peaks = run(options, os.path.join(folder, "many"))
    for kind, memory, seconds in peaks:
        print("to {}: {:.0f} MB above, {:.1f} s".format(kind, memory - own, seconds))
    return peaks[-1][1] - own


def main(argv=None):
    """See the module."""
    parser = argparse.ArgumentParser(prog="convert_large_checkpoint.py", description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=1024, help="of the checkpoint (%(default)s)")
    parser.add_argument("--tensors", type=int, default=16, help="in it (%(default)s)")
    parser.add_argument("--limit", type=float, default=600, help="of memory, in MB (%(default)s)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.add_argument("--folder", default=None, help="where to work (a temporary one)")
    options = parser.parse_args(argv)
    from tfcompat.migrate.checkpoints import saver

    # As many parts for any size.
    saver.BYTES_PER_PART = min(saver.BYTES_PER_PART, options.megabytes * (1 << 20) // 16)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    folder = tempfile.mkdtemp(dir=options.folder)
    try:
        worst = measure(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("{} MB in {} tensors: at most {:.0f} MB".format(options.megabytes, options.tensors, worst))
    return int(worst > options.limit)


if __name__ == "__main__":
    sys.exit(main())
