"""Files of data: read row by row, and either as before or complete whenever their writer is killed."""

import contextlib
import json
import os

#: Ends the names of files that are not written yet.
UNFINISHED = ".tmp"


class DataError(ValueError):
    """Recorded data is missing, damaged or in conflict; the message names the file."""


def read_json(path, kind):
    """The value in a JSON file, of type `kind` (`list` or `dict`).

    Raises:
      DataError: it cannot be read, or is something else.
    """
    try:
        with open(path, "rb") as source:
            value = json.loads(source.read().decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError("%s cannot be read (%s: %s)" % (path, type(error).__name__, error)) from None
    if not isinstance(value, kind):
        raise DataError("%s holds a %s in JSON, not a %s" % (path, type(value).__name__, kind.__name__))
    return value


def rows(path, made):
    """What `made(path, number, raw)` makes of each element of the list in a JSON file, numbered from 0.

    Raises:
      DataError: it is not a list of objects, or `made` raised; the message names the file and the row.
    """
    found = []
    for number, raw in enumerate(read_json(path, list)):
        try:
            found.append(made(path, number, dict(raw)))
        except (TypeError, LookupError, AttributeError) as error:
            told = "%s, row %d: it is not a row (%s: %s)" % (path, number, type(error).__name__, error)
            raise DataError(told) from None
        except ValueError as error:
            raise DataError(str(error)) from None
    return found


def write_atomically(path, content):
    """Replaces the file at `path` by `content` (bytes): written beside it, synced to disk, then renamed.

    A writer that is killed leaves at most a file with `UNFINISHED` after its name, which readers ignore and the next
    write replaces.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    beside = path + UNFINISHED
    with open(beside, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    os.replace(beside, path)
    _sync_folder(folder)


def remove(path):
    """Removes a file, if there is one, and syncs that to disk."""
    if os.path.exists(path):
        os.remove(path)
        _sync_folder(os.path.dirname(path))


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
