"""Writes a TF1 checkpoint while its tensors arrive, one after the other."""

import os
from typing import Any, List

from tfcompat.migrate.checkpoints import writing

#: Tensors are kept until they have this many bytes together, and then become one data file.
BYTES_PER_PART = 1 << 26


class CheckpointWriter:
    """Collects tensors in data files of about `BYTES_PER_PART`; `finish` makes one checkpoint of them.

    Args:
      folder: an empty folder on the file system of the target.
      prefix: the target.
    """

    def __init__(self, folder: str, prefix: str) -> None:
        self._folder, self._prefix = folder, prefix
        self._names: List[str] = []
        self._arrays: List[Any] = []
        self._bytes = 0
        self._parts: List[str] = []

    def add(self, name: str, array: Any) -> None:
        """Adds a tensor: a NumPy array."""
        self._names.append(name)
        self._arrays.append(array)
        self._bytes += array.nbytes
        if self._bytes >= BYTES_PER_PART:
            self._flush()

    def finish(self) -> None:
        """Puts the checkpoint to its place."""
        from tfcompat.backend import checkpoints

        self._flush()
        made = os.path.join(self._folder, "merged")
        checkpoints.merge_parts(self._parts, made)
        writing.put_checkpoint(made, self._prefix)

    def _flush(self) -> None:
        from tfcompat.backend import checkpoints

        if self._names:
            part = os.path.join(self._folder, "part-{}".format(len(self._parts)))
            checkpoints.write_part(part, self._names, self._arrays)
            self._parts.append(part)
        self._names, self._arrays, self._bytes = [], [], 0
