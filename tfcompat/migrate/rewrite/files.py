"""Finds, reads and replaces source files."""

import os
import tempfile
from typing import Iterator, List, NamedTuple, Sequence, Set

from tfcompat.errors import InputError


class Found(NamedTuple):
    """A source file; `asked` is True where the user named it, and False where it was found in a folder."""

    path: str
    asked: bool


def find(paths: Sequence[str]) -> List[Found]:
    """The files of `paths`, and the `*.py` in its folders: sorted, each once, links to folders not followed.

    Folders that begin with a dot and `__pycache__` are passed by.

    Raises:
      InputError: a path does not exist, or is a notebook.
    """
    found: List[Found] = []
    seen: Set[str] = set()
    for path in paths:
        if not os.path.exists(path):
            raise InputError("{}: there is no such file or folder".format(path))
        if path.endswith(".ipynb"):
            raise InputError("{}: is a notebook; make a script of it first: jupyter nbconvert --to script".format(path))
        inside = [Found(name, False) for name in _walk(path)] if os.path.isdir(path) else [Found(path, True)]
        for one in inside:
            if os.path.realpath(one.path) not in seen:
                seen.add(os.path.realpath(one.path))
                found.append(one)
    return found


def _walk(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(names):
            if name.endswith(".py") and os.path.isfile(os.path.join(parent, name)):
                yield os.path.join(parent, name)


def _refuse(error: OSError) -> None:
    raise InputError("{}: cannot be read: {}".format(error.filename, error.strerror))


def read(path: str) -> bytes:
    """The bytes of a file.

    Raises:
      InputError: it cannot be read.
    """
    try:
        with open(path, "rb") as source:
            return source.read()
    except OSError as error:
        raise InputError("{}: cannot be read: {}".format(path, error.strerror)) from None


def replace(path: str, before: bytes, after: bytes) -> None:
    """Replaces a file at once: whoever reads it, at whatever moment, reads the old bytes or the new ones.

    The file keeps its mode; where `path` is a link, the file that it leads to is replaced.

    Raises:
      InputError: the file is not `before` any more, or cannot be written.
    """
    target = os.path.realpath(path)
    if read(target) != before:
        raise InputError("{}: changed while it was rewritten; run the command again".format(path))
    try:
        _replace(target, after)
    except OSError as error:
        raise InputError("{}: cannot be written: {}".format(path, error.strerror)) from None


def _replace(target: str, after: bytes) -> None:
    folder = os.path.dirname(target)
    handle, beside = tempfile.mkstemp(prefix=".{}.".format(os.path.basename(target)), suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(after)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(beside, os.stat(target).st_mode & 0o7777)
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Makes the new name last; systems that cannot open a folder do it themselves."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
