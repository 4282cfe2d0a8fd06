"""TensorFlow as installed: its behaviour for a mode, where the real function lives, what the machine is."""

import hashlib
import importlib
import os
import sys

import numpy as np
import tensorflow

tf1 = tensorflow.compat.v1 if hasattr(tensorflow, "compat") and hasattr(tensorflow.compat, "v1") else tensorflow
tf = tensorflow

GRAPH_MODES = ("graph-v1", "graph-v2")
MODES = GRAPH_MODES + ("eager", "function")


def modes():
    """The modes that this TensorFlow has."""
    has = {
        "graph-v1": True,
        "graph-v2": hasattr(tf1, "enable_v2_behavior"),
        "eager": hasattr(tf, "GradientTape") and not tf.__version__.startswith("1.8."),  # whose tape takes one output
        "function": hasattr(tf, "function"),
    }
    return [mode for mode in MODES if has[mode]]


def choose_behaviour(mode):
    """Switches the process to the TensorFlow behaviour of a mode; call once, first."""
    if mode not in modes():
        raise RuntimeError("TensorFlow %s has no mode %s, only %s" % (tf.__version__, mode, ", ".join(modes())))
    if mode == "graph-v1":
        if hasattr(tf1, "disable_v2_behavior"):
            tf1.disable_v2_behavior()
    elif hasattr(tf1, "enable_v2_behavior"):
        tf1.enable_v2_behavior()
    else:
        tf1.enable_eager_execution()  # before TensorFlow 1.13 there is nothing else of TF2
    if hasattr(tf1, "logging"):
        tf1.logging.set_verbosity(tf1.logging.FATAL)


def subject(name):
    """The namespace with `batch_normalization` and `BatchNormalization` that a case calls.

    Args:
      name: `real`, or a module path such as `tfcompat.layers`.

    Raises:
      RuntimeError: the installed TensorFlow has no real function.
    """
    if name != "real":
        return importlib.import_module(name)
    if "tfcompat" in sys.modules:
        raise RuntimeError("the real function is not observed in a process that imported tfcompat")
    return real_layers()


def real_layers():
    """The real `tf.layers` of this installation, also beside Keras 3 through tf-keras.

    Releases before 1.4 export the function alone; the class then comes from the module that defines it.
    """
    layers = getattr(tf1, "layers", None)
    try:
        function = layers.batch_normalization
    except (AttributeError, ImportError):
        return importlib.import_module("tf_keras.api._v1.keras.__internal__.legacy.layers")
    if not hasattr(layers, "BatchNormalization"):
        return importlib.import_module(function.__module__)
    return layers


def forget_names():
    """Starts automatic layer names from the beginning again."""
    tf1.reset_default_graph()
    for keras in _keras_modules():
        if getattr(keras, "__version__", "2").startswith("3"):
            keras.utils.clear_session(free_memory=False)  # a collection of garbage takes 0.2 s
        else:
            keras.backend.clear_session()


def _keras_modules():
    loaded = [sys.modules[name] for name in ("keras", "tf_keras") if name in sys.modules]
    if not loaded and hasattr(tf, "keras"):
        loaded = [tf.keras]
    return [keras for keras in loaded if hasattr(keras, "backend")]


def provenance(mode):
    """What an index says about where its recordings come from, JSON-ready."""
    return {
        "tensorflow": tf.__version__,
        "compiler": str(
            getattr(tf, "__compiler_version__", getattr(getattr(tf, "version", None), "COMPILER_VERSION", ""))
        ),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "numpy": np.__version__,
        "keras": _keras_version(),
        "mode": mode,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
        "threads": os.environ.get("TF_NUM_INTRAOP_THREADS", ""),
        "gpu": gpu(),
        "fingerprint": fingerprint(),
    }


def _keras_version():
    for keras in _keras_modules():
        version = getattr(keras, "__version__", None)
        if version:
            return "%s %s" % (keras.__name__.split(".")[0], version)
    return ""


def gpu():
    """The first GPU and the libraries that drive it, or None."""
    experimental = getattr(getattr(tf, "config", None), "experimental", None)
    if experimental is None or not hasattr(experimental, "list_physical_devices"):
        return None
    devices = experimental.list_physical_devices("GPU")
    if not devices:
        return None
    details = experimental.get_device_details(devices[0]) if hasattr(experimental, "get_device_details") else {}
    build = tf.sysconfig.get_build_info() if hasattr(tf.sysconfig, "get_build_info") else {}
    return {
        "name": str(details.get("device_name", "unknown")),
        "compute_capability": ".".join(str(n) for n in details.get("compute_capability", ())),
        "cuda": str(build.get("cuda_version", "")),
        "cudnn": str(build.get("cudnn_version", "")),
        "driver": _driver(),
    }


def _driver():
    try:
        with open("/proc/driver/nvidia/version") as f:
            return f.readline().strip()
    except OSError:
        return ""


def fingerprint():
    """sha256 over the bits that this CPU and build give for the operations whose rounding is not fixed everywhere.

    rsqrt, sqrt, a sum, the fused kernel and its gradient on float32 vectors of 19 channels: `rsqrtps` is
      vendor-defined.
    """
    from golden import inputs

    x = inputs.dyadics(("fingerprint", "x"), (4, 3, 2, 19)).astype(np.float32)
    positive = inputs.dyadics(("fingerprint", "positive"), (37,), 0.25, 8.0).astype(np.float32)
    with tf.Graph().as_default():
        x_in = tf1.placeholder(tf.float32, x.shape)
        p_in = tf1.placeholder(tf.float32, positive.shape)
        ones, zeros = tf.ones([19]), tf.zeros([19])
        y, mean, variance = tf1.nn.fused_batch_norm(x_in, ones, zeros, epsilon=1e-3)
        fetches = [
            tf1.rsqrt(p_in),
            tf.sqrt(p_in),
            tf.reduce_sum(p_in),
            tf.reduce_mean(x_in, axis=[0, 1, 2]),
            y,
            mean,
            variance,
        ]
        fetches += tf.gradients(tf.reduce_sum(y * x_in), [x_in])
        with tf1.Session() as session:
            results = session.run(fetches, {x_in: x, p_in: positive})
    digest = hashlib.sha256()
    for result in results:
        digest.update(np.asarray(result).tobytes())
    return digest.hexdigest()[:16]
