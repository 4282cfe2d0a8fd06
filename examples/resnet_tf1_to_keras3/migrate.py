"""From source and checkpoint of TensorFlow 1.15 to a Keras 3 model, and the proof that it computes the same.

python examples/resnet_tf1_to_keras3/migrate.py [--to resnet.keras]
"""

import argparse
import os
import sys

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # TensorFlow 1.15 had none, and it rounds convolutions otherwise

import numpy as np
import resnet_keras3
import tensorflow as tf

import tfcompat.__main__
from tfcompat import migrate

HERE = os.path.dirname(os.path.abspath(__file__))

#: Trained, and its results computed, by real TensorFlow 1.15.5: `scripts/make_legacy_models.py resnet`.
TRAINED = os.path.normpath(os.path.join(HERE, "..", "..", "tests", "migrate", "models", "resnet"))

#: What logits may be apart, in float32 eps of the largest: convolutions of another release and CPU may round otherwise.
BOUND = 16


def main(argv=None):
    """Migrates and compares; returns 0, or 1 where the model computes something else."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", default="resnet.keras", help="where to save the model (%(default)s)")
    options = parser.parse_args(argv)
    checkpoint = os.path.join(TRAINED, "model.ckpt")

    print("1. What is in the checkpoint?\n")
    run("audit", checkpoint)
    print("\n2. What becomes of the source? The other layers have the same names in Keras; see resnet_keras3.py.\n")
    run("rewrite", "--style", "keras", os.path.join(HERE, "resnet_tf1.py"))
    print("\n3. The variables go to the model.\n")
    model = resnet_keras3.resnet()
    plan = migrate.load_tf1_checkpoint(model, checkpoint)
    print("{} mapped, {} skipped, {} unmatched".format(len(plan.mapped), len(plan.skipped), len(plan.unmatched)))
    model.save(options.to)
    print("\n4. The saved model, given what TensorFlow 1.15 was given.\n")
    return compare(tf.keras.models.load_model(options.to), plan)


def run(*words):
    """Runs a command of tfcompat; what it finds is shown, and is no reason to stop."""
    words = [os.path.relpath(word) if os.path.isabs(word) else word for word in words]
    print("$ tfcompat " + " ".join(words))
    tfcompat.__main__.main(words)


def compare(model, plan):
    """Prints how far the model is from the recorded results; 1 where it is too far."""
    with np.load(os.path.join(TRAINED, "expected.npz")) as recorded:
        expected = dict(recorded)
    names = {row.target.split("/")[0]: row.sources[0] for row in plan.mapped if row.target.endswith("/moving_mean")}
    wrong = False
    for layer, variable in sorted(names.items()):
        name = variable.rsplit("/", 1)[0]
        got = model.get_layer(layer)(expected[name + "/input"], training=False).numpy()
        same = got.tobytes() == expected[name + "/output"].tobytes()
        wrong = wrong or not same
        print("{:38} {}".format(name, "bit for bit the same" if same else "differs"))
    logits = model(expected["input"], training=False).numpy()
    largest = np.finfo(np.float32).eps * np.abs(expected["output"]).max()
    apart = np.abs(logits - expected["output"]).max() / largest
    print("{:38} {:.3g} eps apart, allowed are {}".format("logits", apart, BOUND))
    return int(wrong or apart > BOUND)


if __name__ == "__main__":
    sys.exit(main())
