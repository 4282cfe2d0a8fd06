"""A setting that is given, chosen around a block of code, for the process or in the environment: the nearest counts."""

import contextlib
import contextvars
import os
from typing import Callable, Iterator, Optional


class Choice:
    """A setting that layers take when they are made.

    Args:
      variable: environment variable that sets it, last of all.
      checked: function that gives a value back, or raises ValueError.
    """

    def __init__(self, variable: str, checked: Callable[[str], str]) -> None:
        self.variable = variable
        self._checked = checked
        self._process: Optional[str] = None
        self._around: contextvars.ContextVar[Optional[str]] = contextvars.ContextVar(variable, default=None)

    @contextlib.contextmanager
    def around(self, value: str) -> Iterator[None]:
        """Chooses a value for the layers that are made inside, by this thread or task.

        Raises:
          ValueError: not an allowed value.
        """
        token = self._around.set(self._checked(value))
        try:
            yield
        finally:
            self._around.reset(token)

    def set(self, value: Optional[str]) -> None:
        """Chooses a value for the process; None: none any more.

        Raises:
          ValueError: not an allowed value.
        """
        self._process = None if value is None else self._checked(value)

    def chosen(self, given: Optional[str]) -> Optional[str]:
        """What was given, or else the nearest choice; None where there is none.

        Raises:
          ValueError: not an allowed value.
        """
        value = given or self._around.get() or self._process or os.environ.get(self.variable)
        return self._checked(value) if value else None
