"""Opens a TF1 checkpoint by whatever name a user has for it."""

import os
import re
from typing import Any, List

from tfcompat.errors import InputError
from tfcompat.migrate.checkpoints.variables import Variable

_FILE_OF_CHECKPOINT = re.compile(r"(.+)\.(index|meta|data-\d{5}-of-\d{5})$")
_FORM = "PREFIX.index and PREFIX.data-00000-of-00001"


def prefix_of(path: str) -> str:
    """The prefix of a checkpoint, `model.ckpt-300`.

    Args:
      path: the prefix; one of its files; a folder with a `checkpoint` file (its latest), with one checkpoint, or of a
        SavedModel.

    Raises:
      InputError: there is no checkpoint, or there are several.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        return _in_folder(path)
    match = _FILE_OF_CHECKPOINT.match(path)
    prefix = match.group(1) if match else path
    if os.path.lexists(prefix + ".index"):
        return prefix
    if os.path.isfile(path) and not match:
        return path  # the format before TensorFlow 0.12, one file; any other is refused when it is read
    raise InputError("{}: no checkpoint; one is written as {}. {}".format(path, _FORM, _neighbours(prefix)).rstrip())


def _in_folder(folder: str) -> str:
    state = os.path.join(folder, "checkpoint")
    if os.path.isfile(state):
        return _latest(folder, state)
    if os.path.isfile(os.path.join(folder, "variables", "variables.index")):
        return os.path.join(folder, "variables", "variables")
    found = _checkpoints_in(folder)
    if len(found) == 1:
        return os.path.join(folder, found[0])
    if found:
        raise InputError("{} holds several checkpoints; name one: {}".format(folder, ", ".join(found)))
    raise InputError("{}: a folder without a checkpoint; one is written as {}".format(folder, _FORM))


def _latest(folder: str, state: str) -> str:
    try:
        with open(state, encoding="utf-8") as source:
            match = re.search(r'^model_checkpoint_path: "(.*)"', source.read(), re.MULTILINE)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "{}: cannot be read ({}); name the checkpoint itself".format(state, _first_line(error))
        ) from error
    if match is None:
        raise InputError("{}: has no model_checkpoint_path; name the checkpoint itself".format(state))
    # A folder that was moved keeps the path that it had; what is in it now counts.
    for prefix in (os.path.join(folder, match.group(1)), os.path.join(folder, os.path.basename(match.group(1)))):
        if os.path.lexists(prefix + ".index"):
            return prefix
    raise InputError("{} names {}, which is not there; name the checkpoint itself".format(state, match.group(1)))


def _checkpoints_in(folder: str) -> List[str]:
    return sorted(name[: -len(".index")] for name in os.listdir(folder) if name.endswith(".index"))


def _neighbours(prefix: str) -> str:
    folder = os.path.dirname(prefix) or "."
    found = _checkpoints_in(folder)[:3] if os.path.isdir(folder) else []
    return "In {} there is {}".format(folder, ", ".join(found)) if found else ""


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class Checkpoint:
    """An open TF1 checkpoint.

    Args:
      path: see `prefix_of`.

    Attributes:
      prefix: its path without `.index`.
      variables: all in it, in order of names.

    Raises:
      InputError: it is missing, cannot be read, is no checkpoint or one of `tf.train.Checkpoint`.
    """

    def __init__(self, path: str) -> None:
        from tfcompat.backend import checkpoints

        self.prefix = prefix_of(path)
        self._errors = checkpoints.ERRORS
        try:
            self._reader = checkpoints.Reader(self.prefix)
        except self._errors as error:
            raise InputError(
                "{}: not a readable checkpoint of tf.train.Saver ({}); copy it again, or name another".format(
                    self.prefix, _first_line(error)
                )
            ) from error
        if checkpoints.OBJECT_GRAPH in self._reader.entries:
            raise InputError(
                "{}: a checkpoint of tf.train.Checkpoint, which knows objects and no names of variables; restore it "
                "with tf.train.Checkpoint".format(self.prefix)
            )
        entries = self._reader.entries
        self.variables = [Variable(name, *entries[name]) for name in sorted(entries)]

    def read(self, name: str) -> Any:
        """The value of a variable as a NumPy array.

        Raises:
          InputError: the data is cut off or broken.
        """
        try:
            return self._reader.read(name)
        except self._errors as error:
            raise InputError(
                "{}: {} cannot be read, the file is cut off or broken ({}); copy it again".format(
                    self.prefix, name, _first_line(error)
                )
            ) from error
