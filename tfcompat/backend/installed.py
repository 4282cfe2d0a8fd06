"""The TensorFlow that is installed, found where possible without importing it, which takes seconds."""

import sys

#: Distributions that bring the module `tensorflow`.
_DISTRIBUTIONS = (
    *("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly", "tf-nightly-cpu", "tf-nightly-gpu"),
    *("tensorflow-macos", "tensorflow-rocm", "tensorflow-aarch64", "intel-tensorflow"),
)


def release() -> str:
    """The release, as TensorFlow or its distribution writes it.

    Raises:
      ModuleNotFoundError: there is no TensorFlow.
    """
    if "tensorflow" not in sys.modules:
        try:
            from importlib import metadata
        except ImportError:  # before Python 3.8
            pass
        else:
            for name in _DISTRIBUTIONS:
                try:
                    return metadata.version(name)
                except metadata.PackageNotFoundError:
                    pass
    from tfcompat.backend import ops

    return ops.RELEASE
