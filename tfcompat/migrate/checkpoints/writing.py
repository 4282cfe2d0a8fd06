"""New files beside old ones: whoever looks, and whenever a process is killed, there is the old file or the new one."""

import contextlib
import glob
import os
import shutil
from typing import Iterator, List

from tfcompat.errors import InputError


def refuse_existing(path: str, overwrite: bool, pattern: str = "") -> None:
    """Refuses a target that exists, unless it may be overwritten.

    Args:
      pattern: what is added to the path of a target of several files.

    Raises:
      InputError: it exists, is a folder, or has no folder to be in.
    """
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise InputError("{}: there is no folder {}; make it first".format(path, folder))
    if os.path.isdir(path):
        raise InputError("{}: a folder; name a file".format(path))
    existing = glob.glob(glob.escape(path) + pattern) if pattern else [path] * os.path.exists(path)
    if existing and not overwrite:
        raise InputError("{}: exists; choose another name or allow overwriting".format(existing[0]))


@contextlib.contextmanager
def folder_beside(path: str) -> Iterator[str]:
    """A new empty folder on the file system of a target; gone afterwards.  One that a killed run left is replaced."""
    folder = os.path.join(os.path.dirname(path), ".{}.partial".format(os.path.basename(path)))
    shutil.rmtree(folder, ignore_errors=True)
    try:
        os.mkdir(folder)
    except OSError as error:
        raise InputError("{}: cannot be written beside ({})".format(path, error.strerror)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_file(made: str, path: str) -> None:
    """Moves a file that is ready to its place, after its bytes are on the disk."""
    _sync(made)
    os.replace(made, path)
    _sync(os.path.dirname(path) or ".")


def put_checkpoint(made: str, prefix: str) -> None:
    """Moves a TF1 checkpoint that is ready to its place: data first, index last, as no index means no checkpoint.

    An older checkpoint there loses its index first: for a moment there is none, and never a mixed one.
    """
    data = sorted(glob.glob(glob.escape(made) + ".data-*"))
    for path in [made + ".index", *data]:
        _sync(path)
    for old in _old_files(prefix):
        os.remove(old)
    for path in [*data, made + ".index"]:
        os.replace(path, prefix + path[len(made) :])
    _sync(os.path.dirname(prefix) or ".")


def _old_files(prefix: str) -> List[str]:
    index = [prefix + ".index"] * os.path.exists(prefix + ".index")
    return index + sorted(glob.glob(glob.escape(prefix) + ".data-?????-of-?????"))


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
