"""Which TensorFlow release a layer follows: the one it is given, one chosen around it, or the one that runs."""

import contextlib
import contextvars
import os
from typing import Iterator, Optional

from tfcompat.releases import RELEASES, parse

#: Environment variable with the release that a process follows; `set_release` goes before it.
VARIABLE = "TFCOMPAT_RELEASE"

_around: "contextvars.ContextVar[Optional[str]]" = contextvars.ContextVar("tfcompat_release", default=None)
_process: Optional[str] = None


@contextlib.contextmanager
def release(followed: str) -> Iterator[None]:
    """Layers made inside follow this release, unless they are given another one.

    Args:
      followed: for example `1.4` or `1.15.5`.

    Raises:
      ValueError: not a release that has `tf.layers.batch_normalization`.
    """
    token = _around.set(checked(followed))
    try:
        yield
    finally:
        _around.reset(token)


def set_release(followed: Optional[str]) -> None:
    """Makes a release the one that the layers of this process follow; None: the release that runs, again.

    Raises:
      ValueError: not a release that has `tf.layers.batch_normalization`.
    """
    global _process
    _process = None if followed is None else checked(followed)


def chosen(given: Optional[str]) -> Optional[str]:
    """The release that a layer follows, None where nobody chose one.

    Args:
      given: what the layer was given, or None.

    Raises:
      ValueError: what was chosen is not a release that has `tf.layers.batch_normalization`.
    """
    followed = given or _around.get() or _process or os.environ.get(VARIABLE)
    return checked(followed) if followed else None


def checked(followed: str) -> str:
    """A release, if it is one that has the function; patch releases stand for their minor."""
    if "{}.{}".format(*parse(followed)) not in RELEASES:
        raise ValueError(
            "release is {!r}; tf.layers.batch_normalization is in the releases {} to 1.15 and 2.0 to {}. Choose one, "
            "for example release='1.15'.".format(followed, RELEASES[0], RELEASES[-1])
        )
    return followed
