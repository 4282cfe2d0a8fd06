"""The values of variables, out of a checkpoint."""

import os
import re
from typing import Any, Dict, List, Optional, Tuple

from tfcompat.errors import InputError

#: The variable that counts the steps of training: of TF1, of optimizers of Keras 2, of Keras 3.
_STEPS = re.compile(r"(^|/)(global_step|iter|iterations?|_iterations)(_\d+)?$")


class Checkpoint:
    """The variables of a checkpoint by name; object-based ones by the full names that variables had in the program."""

    def __init__(self, reader: Any, prefix: str, keys: Dict[str, str]):
        self._reader = reader  # of tfcompat.backend.checkpoints
        self._prefix = prefix
        self._keys = keys

    @property
    def names(self) -> List[str]:
        """All names, sorted."""
        return sorted(self._keys)

    def key(self, name: str) -> Optional[str]:
        """The name here of a variable of a graph; Keras 3 exports `a/beta` as `a/beta_1`.  None: it is not here."""
        if name in self._keys:
            return name
        first = re.sub(r"_\d+$", "", name)
        return first if first in self._keys else None

    def shape(self, name: str) -> Tuple[int, ...]:
        """Of the whole variable, also where it was saved in parts."""
        shape: Tuple[int, ...] = self._reader.entries[self._keys[name]][0]
        return shape

    def value(self, name: str) -> Any:
        """The array of a variable.

        Raises:
          InputError: the file of the values is missing or damaged.
        """
        from tfcompat.backend import checkpoints

        try:
            return self._reader.read(self._keys[name])
        except checkpoints.ERRORS as error:
            raise InputError(_damaged(self._prefix, error)) from None

    def steps(self) -> Optional[int]:
        """How many steps of training the checkpoint has seen; None where it does not say."""
        found = sorted((name for name in self._keys if _STEPS.search(name) and not self.shape(name)), key=len)
        return int(self.value(found[0])) if found else None


def open_checkpoint(prefix: str) -> Checkpoint:
    """Opens a checkpoint.

    Raises:
      InputError: it is missing, damaged, or something else.
    """
    from tfcompat.backend import checkpoints

    try:
        reader = checkpoints.Reader(prefix)
        return Checkpoint(reader, prefix, _names_of_objects(reader) or {name: name for name in reader.entries})
    except checkpoints.ERRORS as error:
        raise InputError(_damaged(prefix, error)) from None


def _damaged(prefix: str, error: Exception) -> str:
    reason = str(getattr(error, "message", error)).strip().split("\n")[0]
    here = "" if os.path.exists(prefix + ".index") else " ({}.index does not exist)".format(prefix)
    return "the checkpoint {} cannot be read{}: {}. Copy all its files again".format(prefix, here, reason)


def _names_of_objects(reader: Any) -> Dict[str, str]:
    """Full names of the variables -> keys of an object-based checkpoint; empty for one that goes by names."""
    from tfcompat.backend import checkpoints, protos

    if checkpoints.OBJECT_GRAPH not in reader.entries:
        return {}
    graph = protos.parsed(protos.TrackableObjectGraph, reader.read(checkpoints.OBJECT_GRAPH))
    found: Dict[str, str] = {}
    for node in graph.nodes if graph else ():
        for attribute in node.attributes:
            if attribute.checkpoint_key in reader.entries:
                found.setdefault(attribute.full_name or attribute.checkpoint_key, attribute.checkpoint_key)
    return found
