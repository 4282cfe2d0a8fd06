"""What the installed TensorFlow and its Keras can do; tests are chosen by it when they are collected."""

import importlib.util
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import tensorflow as tf

keras = tf.keras
RELEASE = tuple(int(part) for part in tf.__version__.split(".")[:2])
#: tf-keras, and Keras up to 2.15, have the number of their TensorFlow; before 2.5 Keras wrote another one.
KERAS = RELEASE
if str(getattr(keras, "__version__", "2")).startswith("3."):
    import keras

    KERAS = tuple(int(part) for part in keras.__version__.split(".")[:2])

#: Feature -> whether it is here.
HERE = {
    "keras2": KERAS < (3, 0),
    "keras3": KERAS >= (3, 0),
    "tf-keras": importlib.util.find_spec("tf_keras") is not None,
    "tf1": RELEASE < (2, 0),
    "tf2": RELEASE >= (2, 0),
    # Keras 2.12 wrote the .keras archive and the .weights.h5 file first.
    "keras-archive": KERAS >= (2, 12),
    "export": KERAS >= (2, 13),
    "pickle": KERAS >= (2, 13),
    "masks": RELEASE >= (2, 12),
    "casts-input": RELEASE >= (2, 12),
    "axis-tuple": RELEASE >= (2, 2),
    "bfloat16": RELEASE >= (2, 14),
    "registry": hasattr(keras.utils, "register_keras_serializable") or hasattr(keras, "saving"),
    # The flag of tf.function is in 1.15 and, but for 2.0, in all later releases.
    "xla": RELEASE != (2, 0),
    "jit-compile": RELEASE >= (2, 5),
    "checkpoint-read": RELEASE >= (2, 1),
    # A policy that is an object: from 2.1 on.
    "policy": RELEASE >= (2, 1),
    # Keras 2 models keep thread locals that cannot be copied up to 2.7.
    "deepcopy": RELEASE >= (2, 8),
    # TF 2.4 loads every layer of a SavedModel as one that trains, its own too; 2.8 does not.
    "savedmodel-keeps-frozen": RELEASE >= (2, 8),
    # Virtual batches of unknown height and width: the trait virtual_batch_of_unknown_shape.
    "unknown-virtual-batch": RELEASE >= (2, 3),
    # What a layer of a functional model was told wins, and again from Keras 3.16 on; between, the model's own does.
    "functional-training-fixed": not (3, 0) <= KERAS < (3, 16),
    "functional-training-open": (3, 0) <= KERAS < (3, 16),
    "rank5-fused": RELEASE >= (2, 6),
    "fused-nchw-cpu": RELEASE >= (2, 1),
}

try:
    from golden.runner.host import real_layers

    REAL = real_layers()
except ImportError:
    REAL = None
HERE["real"] = REAL is not None
# Brings onnx, whose reference evaluator runs the graph.
HERE["tf2onnx"] = importlib.util.find_spec("tf2onnx") is not None
# The package of random cases, which stands beside the sources, and what it draws with.
HERE["fuzz"] = None not in map(importlib.util.find_spec, ("fuzz", "hypothesis"))
