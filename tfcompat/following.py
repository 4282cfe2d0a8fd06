"""Which TensorFlow release a layer follows: the one it is given, one chosen around it, or the one that runs."""

from typing import ContextManager, Optional

from tfcompat.choice import Choice
from tfcompat.releases import RELEASES, parse


def checked(followed: str) -> str:
    """A release, if it is one that has the function; patch releases stand for their minor."""
    if "{}.{}".format(*parse(followed)) not in RELEASES:
        raise ValueError(
            "release is {!r}; tf.layers.batch_normalization is in the releases {} to 1.15 and 2.0 to {}. Choose one, "
            "for example release='1.15'.".format(followed, RELEASES[0], RELEASES[-1])
        )
    return followed


#: Environment variable with the release that a process follows; `set_release` goes before it.
VARIABLE = "TFCOMPAT_RELEASE"

_CHOICE = Choice(VARIABLE, checked)


def release(followed: str) -> ContextManager[None]:
    """Layers made inside follow this release, unless they are given another one.

    Args:
      followed: for example `1.4` or `1.15.5`.

    Raises:
      ValueError: not a release that has `tf.layers.batch_normalization`.
    """
    return _CHOICE.around(followed)


def set_release(followed: Optional[str]) -> None:
    """Makes a release the one that the layers of this process follow; None: the release that runs, again.

    Raises:
      ValueError: not a release that has `tf.layers.batch_normalization`.
    """
    _CHOICE.set(followed)


def chosen(given: Optional[str]) -> Optional[str]:
    """The release that a layer follows, None where nobody chose one.

    Args:
      given: what the layer was given, or None.

    Raises:
      ValueError: what was chosen is not a release that has `tf.layers.batch_normalization`.
    """
    return _CHOICE.chosen(given)
