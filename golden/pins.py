"""The environment of a worker: the pins that make results the same from process to process."""

import collections
import importlib.util
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

#: The subject that is the tf.layers of the installed TensorFlow.
REAL = "real"

#: Configuration -> what it sets. oneDNN chooses kernels by thread count; with one thread it is reproducible.
CONFIGURATIONS = collections.OrderedDict(
    [("onednn-off", {"TF_ENABLE_ONEDNN_OPTS": "0"}), ("onednn-on", {"TF_ENABLE_ONEDNN_OPTS": "1"})]
)

#: What every worker gets.
PINS = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONHASHSEED": "0",
    # glibc then hands out zeros: TF 1.15 reads memory that its fused kernel never wrote.
    "MALLOC_PERTURB_": "255",
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",
}

#: The variable that tells a subject which release to follow.
FOLLOWS = "TFCOMPAT_RELEASE"

#: What a worker never inherits: a user's setting with one of these prefixes could change results.
_UNSAFE = ("TF_", "TFCOMPAT_", "XLA_", "KERAS_", "ONEDNN_", "DNNL_", "MKL_", "OMP_", "KMP_", "CUDNN_", "NVIDIA_TF32")


def environment(subject, keras=None, configuration="onednn-off", device=None, inherited=None, follows=None):
    """The environment variables of a worker.

    Args:
      subject: `REAL`, the module under test, or several joined by commas: each runs every case.
      keras: `keras2`, `keras3`, or None to leave the choice to TensorFlow; `REAL` by itself always gets `keras2`.
      configuration: a key of `CONFIGURATIONS`.
      device: None for the CPU with every GPU hidden, or a name such as `GPU:0`.
      inherited: mapping to start from, `os.environ` by default.
      follows: None, or the release that the subject is told to follow.

    Raises:
      ValueError: an unknown configuration or Keras, or `real` on Keras 3.
    """
    if configuration not in CONFIGURATIONS:
        raise ValueError("configuration is one of %s, got %r" % (", ".join(CONFIGURATIONS), configuration))
    if keras not in (None, "keras2", "keras3"):
        raise ValueError("keras is keras2, keras3 or None, got %r" % (keras,))
    if subject == REAL and keras == "keras3":
        raise ValueError("the real tf.layers does not exist on Keras 3: observe it with keras2")
    inherited = os.environ if inherited is None else inherited
    variables = {key: value for key, value in inherited.items() if not key.startswith(_UNSAFE)}
    variables.update(PINS, **CONFIGURATIONS[configuration])
    variables.update(_keras_choice("keras2" if subject == REAL else keras))
    variables.update({FOLLOWS: follows} if follows else {})
    if not is_gpu(device):
        variables["CUDA_VISIBLE_DEVICES"] = "-1"
    inherited_path = [os.path.abspath(entry) for entry in inherited.get("PYTHONPATH", "").split(os.pathsep) if entry]
    variables["PYTHONPATH"] = os.pathsep.join([ROOT] + inherited_path)
    return variables


def _keras_choice(keras):
    """The variable that chooses a Keras.

    Up to TF 2.15 Keras 2 is the default, and the variable makes TF 2.15 fail where tf-keras is not installed.
    """
    if keras == "keras2":
        return {"TF_USE_LEGACY_KERAS": "1"} if importlib.util.find_spec("tf_keras") else {}
    return {"TF_USE_LEGACY_KERAS": "0"} if keras == "keras3" else {}


def configuration_key(configuration, provenance, device=None):
    """The configuration under which a run is stored: its own name, or on a GPU one made from the device.

    Args:
      configuration: a key of `CONFIGURATIONS`.
      provenance: what the worker said; `gpu` is None or has name, compute_capability, cuda, cudnn and driver.
      device: see `environment`.

    Returns:
      for example `onednn-off`, or `gpu-nvidia-l4-sm89-cuda12.5.1-cudnn9-driver550.54.15`.
    """
    if not is_gpu(device):
        return configuration
    gpu = provenance["gpu"]
    driver = re.search(r"\d+(\.\d+)+", gpu["driver"])
    parts = ["gpu", gpu["name"], "sm" + gpu["compute_capability"].replace(".", ""), "cuda" + gpu["cuda"]]
    parts += ["cudnn" + gpu["cudnn"]] + (["driver" + driver.group()] if driver else [])
    return re.sub(r"[^a-z0-9.]+", "-", "-".join(parts).lower()).strip("-")


def is_gpu(device):
    """Whether a device name, or None, names a GPU."""
    return bool(device) and "GPU" in device.upper()
