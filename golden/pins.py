"""The environment of a worker: the pins that make results the same from process to process."""

import collections
import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

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
}

#: What a worker never inherits: a user's setting with one of these prefixes could change results.
_UNSAFE = ("TF_", "XLA_", "KERAS_", "ONEDNN_", "DNNL_", "MKL_", "OMP_", "KMP_", "CUDNN_", "NVIDIA_TF32")


def environment(subject, keras=None, configuration="onednn-off", device=None, inherited=None):
    """The environment variables of a worker.

    Args:
      subject: `real`, or the module under test.
      keras: `keras2`, `keras3`, or None to leave the choice to TensorFlow; `real` exists on `keras2` alone.
      configuration: a key of `CONFIGURATIONS`.
      device: None for the CPU with every GPU hidden, or a name such as `GPU:0`.
      inherited: mapping to start from, `os.environ` by default.

    Raises:
      ValueError: an unknown configuration or Keras, or `real` on Keras 3.
    """
    if configuration not in CONFIGURATIONS:
        raise ValueError("configuration is one of %s, got %r" % (", ".join(CONFIGURATIONS), configuration))
    legacy = {None: {}, "keras2": {"TF_USE_LEGACY_KERAS": "1"}, "keras3": {"TF_USE_LEGACY_KERAS": "0"}}
    if keras not in legacy:
        raise ValueError("keras is keras2, keras3 or None, got %r" % (keras,))
    if subject == "real" and keras == "keras3":
        raise ValueError("the real tf.layers does not exist on Keras 3: observe it with keras2")
    inherited = os.environ if inherited is None else inherited
    variables = {key: value for key, value in inherited.items() if not key.startswith(_UNSAFE)}
    variables.update(PINS, **CONFIGURATIONS[configuration])
    variables.update(legacy["keras2" if subject == "real" else keras])
    if not is_gpu(device):
        variables["CUDA_VISIBLE_DEVICES"] = "-1"
    inherited_path = [os.path.abspath(entry) for entry in inherited.get("PYTHONPATH", "").split(os.pathsep) if entry]
    variables["PYTHONPATH"] = os.pathsep.join([ROOT] + inherited_path)
    return variables


def is_gpu(device):
    """Whether a device name, or None, names a GPU."""
    return bool(device) and "GPU" in device.upper()
