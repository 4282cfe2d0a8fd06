"""Which TensorFlow and which Keras this Python environment has, found without importing them."""

import re

_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-rocm", "tensorflow-macos", "tf-nightly")


class NotInstalled(RuntimeError):
    """There is no TensorFlow here."""


def version(distribution):
    """The installed version of a distribution, or None."""
    try:
        from importlib import metadata
    except ImportError:  # before Python 3.8
        import pkg_resources

        try:
            return pkg_resources.get_distribution(distribution).version
        except pkg_resources.DistributionNotFound:
            return None
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def release():
    """The version of the installed TensorFlow.

    Raises:
      NotInstalled: none is.
    """
    for distribution in _TENSORFLOWS:
        found = version(distribution)
        if found:
            return found
    raise NotInstalled("no TensorFlow is installed here: pip install tensorflow")


def is_there():
    """Whether a TensorFlow is installed."""
    return any(version(distribution) for distribution in _TENSORFLOWS)


def minor(of_release):
    """`2.21.0` -> (2, 21)."""
    return tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", of_release).groups())


def kerases(of_release):
    """The Kerases that tf.keras can be here: Keras 3 from TF 2.16 on, where tf-keras brings back Keras 2."""
    if minor(of_release) < (2, 16):
        return ["keras2"]
    return ["keras3"] + (["keras2"] if version("tf-keras") else [])
