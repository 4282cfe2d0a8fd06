"""Which numerics a layer has: those it is given, those chosen around it, or the exact ones."""

from typing import ContextManager, Optional

from tfcompat.choice import Choice
from tfcompat.config import checked_numerics

#: Environment variable with the numerics of a process; `set_numerics` goes before it.
VARIABLE = "TFCOMPAT_NUMERICS"

_CHOICE = Choice(VARIABLE, checked_numerics)


def numerics(chosen: str) -> ContextManager[None]:
    """Layers made inside have these numerics, unless they are given others.

    Args:
      chosen: `exact`, the bits of the followed release, or `fast`, the same mathematics rounded otherwise.

    Raises:
      ValueError: it is neither.
    """
    return _CHOICE.around(chosen)


def set_numerics(chosen: Optional[str]) -> None:
    """Makes these the numerics of the layers of this process; None: exact, again.

    Raises:
      ValueError: neither `exact` nor `fast`.
    """
    _CHOICE.set(chosen)


def resolved(given: Optional[str]) -> str:
    """The numerics of a layer.

    Args:
      given: what the layer was given, or None.

    Raises:
      ValueError: what was chosen is neither `exact` nor `fast`.
    """
    return _CHOICE.chosen(given) or "exact"
