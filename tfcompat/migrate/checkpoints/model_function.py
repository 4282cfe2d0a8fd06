"""Finds the function that builds a user's model."""

import importlib
import importlib.util
import os
import sys
from typing import Any, Callable

from tfcompat.errors import InputError


def find(text: str) -> Callable[[], Any]:
    """The function named by `package.module:function` or `path/to/file.py:function`.

    Modules are looked for in the current folder, too.

    Raises:
      InputError: no such module, file or function, or it is no function.
    """
    place, colon, name = text.rpartition(":")
    if not colon or not place or not name:
        raise InputError(
            "{!r} names no function; write package.module:function or path/to/file.py:function".format(text)
        )
    module = _of_file(place) if place.endswith(".py") else _of_package(place)
    function = getattr(module, name, None)
    if not callable(function):
        kind = "has no {}".format(name) if function is None else "has {}, which is no function".format(name)
        raise InputError("{} {}; name the function that gives the built model".format(place, kind))
    return function


def _of_file(path: str) -> Any:
    if not os.path.isfile(path):
        raise InputError("{}: no such file".format(path))
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError("{}: no Python file".format(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError) as error:
        raise InputError("{}: cannot be imported ({})".format(path, error)) from error
    finally:
        sys.path.pop(0)
    return module


def _of_package(name: str) -> Any:
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError, ValueError) as error:
        raise InputError("{}: cannot be imported ({})".format(name, error)) from error
    finally:
        sys.path.pop(0)
