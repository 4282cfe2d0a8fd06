"""Loads every legacy checkpoint on the Keras of this process, runs it, and writes all outputs as .npz."""

import os
import sys
import tempfile

import legacy
import numpy as np

from tfcompat.migrate import fold_model, load_h5_model, load_tf1_checkpoint
from tfcompat.migrate.checkpoints.exporting import Exporting
from tfcompat.migrate.checkpoints.loading import Loading
from tfcompat.migrate.checkpoints.reader import Checkpoint


def outputs(name):
    """Site, `net` or `mapped` -> array."""
    model, norms = legacy.build(name)
    plan = load_tf1_checkpoint(model, legacy.checkpoint(name), shadows=name == "shadows")
    expected, training = legacy.expected(name), name == "training-served"
    made = {"mapped": np.int64(len(plan.mapped)), "net": model(expected["input"], training=training).numpy()}
    # Training moves the averages, and its outputs do not depend on them.
    for site, layer in norms.items():
        if site + "/input" in expected:
            made[site] = layer(expected[site + "/input"], training=training).numpy()
    return made


def of_h5(name):
    """What the model of an HDF5 file gives; the kernels of its batch normalizations."""
    model = load_h5_model(str(legacy.MODELS / name / "model.h5"))
    expected = legacy.expected(name)
    batch = [expected["input"], expected["input-2"]] if "input-2" in expected else expected["input"]
    kernels = [layer.plan.kernel for layer in model.layers if hasattr(layer, "plan")]
    return {"net": model(batch).numpy(), "kernels": np.array(kernels)}


def there_and_back(name):
    """How many values of a checkpoint are the same after a way to Keras and back; how far a folded net is apart."""
    options = {"shadows": name == "shadows"}
    with tempfile.TemporaryDirectory() as folder:
        weights, back = os.path.join(folder, "model.weights.h5"), os.path.join(folder, "back.ckpt")
        Loading(legacy.checkpoint(name), lambda: legacy.build(name)[0], None, **options).write(weights)
        Exporting(weights, lambda: legacy.build(name)[0], like=legacy.checkpoint(name)).write(back)
        old, new = Checkpoint(legacy.checkpoint(name)), Checkpoint(back)
        same = sum(new.read(v.name).tobytes() == old.read(v.name).tobytes() for v in new.variables)
        model = legacy.build(name)[0]
        model.load_weights(weights)
    x = legacy.expected(name)["input"]
    folded = fold_model(model)
    assert not [one for one in folded.layers if hasattr(one, "moving_mean")]
    return {"same": np.int64(same), "folded": folded(x).numpy()}


def main(target):
    arrays = {name + "|" + key: value for name in legacy.EXPECTED for key, value in outputs(name).items()}
    arrays.update(("back|" + key, value) for key, value in there_and_back("resnet").items())
    for name in legacy.H5:
        arrays.update(("h5|" + name + "|" + key, value) for key, value in of_h5(name).items())
    np.savez(target, keras=np.int64(3 if legacy.keras3() else 2), **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
