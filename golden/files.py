"""Files of data: read row by row, and either as before or complete whenever their writer is killed."""

import contextlib
import json
import os


class DataError(ValueError):
    """Recorded data is missing, damaged or in conflict; the message names the file."""


def rows(path, made):
    """What `made(path, number, raw)` makes of each element of the list in a JSON file, numbered from 0."""
    with open(path) as source:
        return [made(path, number, raw) for number, raw in enumerate(json.load(source))]


def write_atomically(path, content):
    """Replaces the file at `path` by `content` (bytes): written beside it, synced to disk, then renamed.

    A writer that is killed leaves at most a `.tmp` file, which readers ignore and the next write replaces.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    beside = path + ".tmp"
    with open(beside, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    os.replace(beside, path)
    _sync_folder(folder)


@contextlib.contextmanager
def locked(folder):
    """Holds the one right to write in a folder; waits for it. The system gives it back when the holder dies."""
    import fcntl  # not on Windows, where data can be read all the same

    os.makedirs(folder, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync_folder(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
