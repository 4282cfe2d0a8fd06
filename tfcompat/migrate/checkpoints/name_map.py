"""What a user says about names: exact ones or regular expressions, of variables or of layers."""

import difflib
import json
import re
from typing import Any, Dict, Iterable, Mapping, Optional, Set, Tuple

from tfcompat.errors import InputError


class NameMap:
    r"""Names in the checkpoint -> paths in the model, or None for what is to be left behind.

    Args:
      entries: a mapping; a key is the name of a variable or layer, or a regular expression of all of it, whose groups
        the path may use as `\1`.

    Raises:
      InputError: a key is no regular expression, a value is neither a string nor None.
    """

    def __init__(self, entries: Mapping[str, Optional[str]]) -> None:
        self._exact = dict(entries)
        self._patterns = {key: _compiled(key) for key in entries}
        self._used: Set[str] = set()
        for key, value in entries.items():
            if value is not None and not isinstance(value, str):
                raise InputError("name map: {!r} is mapped to {!r}; allowed is a string or null".format(key, value))

    def find(self, name: str) -> Tuple[bool, Optional[str]]:
        """Whether the map says something about a name, and what."""
        if name in self._exact:
            self._used.add(name)
            return True, self._exact[name]
        for key, pattern in self._patterns.items():
            match = pattern.fullmatch(name)
            if match:
                self._used.add(key)
                value = self._exact[key]
                return True, None if value is None else match.expand(value)
        return False, None

    def check_used(self) -> None:
        """Refuses what the map says about names that are not there.

        Raises:
          InputError: a key matches nothing.
        """
        unused = [key for key in self._exact if key not in self._used]
        if unused:
            raise InputError("name map: {!r} matches no variable or layer of the checkpoint".format(unused[0]))


def _compiled(key: str) -> Any:
    try:
        return re.compile(key)
    except re.error as error:
        raise InputError("name map: {!r} is no regular expression ({})".format(key, error)) from error


def unknown_path(path: str, known: Iterable[str]) -> InputError:
    """The error of a path that the model does not have."""
    near = difflib.get_close_matches(path, list(known), 3, 0.4)
    return InputError(
        "name map: the model has no {!r}; {}".format(path, "near it are " + ", ".join(near) if near else "see its plan")
    )


def read(path: str) -> Dict[str, Optional[str]]:
    """A name map of a JSON file: one object.

    Raises:
      InputError: the file is missing, or no JSON object.
    """
    try:
        with open(path, encoding="utf-8") as source:
            made = json.load(source)
    except OSError as error:
        raise InputError("{}: cannot be read ({})".format(path, error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise InputError("{}: no JSON ({})".format(path, error)) from error
    if not isinstance(made, dict):
        raise InputError('{}: holds a {}; a name map is an object {{"name": "path"}}'.format(path, type(made).__name__))
    return made
