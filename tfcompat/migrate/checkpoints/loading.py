"""From a TF1 checkpoint to Keras weights."""

import contextlib
import os
import warnings
import zipfile
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Union

import numpy as np

from tfcompat.errors import InputError, first_line
from tfcompat.migrate.checkpoints import name_map as _name_map
from tfcompat.migrate.checkpoints import planning, sources, values, writing
from tfcompat.migrate.checkpoints.name_map import NameMap
from tfcompat.migrate.checkpoints.reader import Checkpoint
from tfcompat.migrate.checkpoints.targets import Model
from tfcompat.migrate.checkpoints.transfer import Mapped, TransferPlan
from tfcompat.migrate.checkpoints.variables import Variable

#: A name map: a mapping, or the path of a JSON file of one.
Names = Union[None, str, Mapping[str, Optional[str]]]

#: Is told how many bytes more are done.
Progress = Callable[[int], None]

WEIGHTS, MODEL = ".weights.h5", ".keras"

#: What Keras, h5py and zipfile raise of a file that is broken, or of another model.
_BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, MemoryError, zipfile.BadZipFile)


class Target(NamedTuple):
    """A variable that gets a value, and the epsilon of the batch normalization that it is of."""

    variable: Variable
    epsilon: Optional[float]


def load_tf1_checkpoint(
    model: Any, path: str, name_map: Names = None, *, shadows: bool = False, allow_unmatched: bool = False
) -> TransferPlan:
    """Loads a TF1 checkpoint into a built Keras model, of Keras 3 or Keras 2.

    Layers are paired by the names that somebody chose for them, and those with automatic names by their order in each
    scope; what can be more than one thing is left unmatched.  Nothing is loaded unless all can be.

    Args:
      model: any model or layer with variables.
      path: the checkpoint's prefix, one of its files, or its folder.
      name_map: names in the checkpoint -> paths in the model (None: leave it behind), of layers or of variables, exact
        or regular expressions; or the path of a JSON file of that.
      shadows: load what `ExponentialMovingAverage` keeps of a variable, where it keeps something.
      allow_unmatched: leave variables without a counterpart as they are.

    Returns:
      What was done with each variable.

    Raises:
      InputError: the checkpoint or name map cannot be used, the model is not built.
      UnmatchedError: a variable has no counterpart and that is not allowed.
    """
    from tfcompat.backend import models

    loading = Loading(path, lambda: model, name_map, shadows=shadows)
    loading.plan.check(allow_unmatched)
    for row in loading.plan.mapped:
        loading.value(row)  # a broken file is found before the first variable changes
    for row in loading.plan.mapped:
        models.write(loading.model.variables[row.target], loading.value(row))
    return loading.plan


class Loading:
    """A checkpoint, a model, and the plan of what goes where.

    Args:
      path, name_map, shadows: see `load_tf1_checkpoint`.
      make_model: function that gives the built model.

    Attributes:
      plan: the `TransferPlan`.
      model: the model's layers and variables.
    """

    def __init__(self, path: str, make_model: Callable[[], Any], name_map: Names, *, shadows: bool = False) -> None:
        from tfcompat.backend import host

        said = names_of(name_map)
        self._checkpoint = Checkpoint(path)
        with host.choose().without_values():
            self.keras_model = make_model()
        self.model = Model(self.keras_model)
        self.plan = planning.plan_transfer(sources.contents(self._checkpoint.variables, shadows), self.model, said)
        self._variables = by_name(self._checkpoint)
        self._targets = {
            v.name: Target(v, layer.epsilon) for layer in self.model.layers for v in layer.variables.values()
        }

    def value(self, row: Mapped) -> Any:
        """The value for a row of the plan, read from the checkpoint."""
        target, epsilon = self._targets[row.target]
        arrays = [read_whole(self._checkpoint, self._variables[name]) for name in row.sources]
        return values.convert(row.conversion, arrays, target.shape, target.dtype, epsilon)

    @property
    def size(self) -> int:
        """How many bytes the model's variables take."""
        return sum(size_of(self._targets[row.target].variable) for row in self.plan.mapped)

    def write(self, target: str, overwrite: bool = False, progress: Optional[Progress] = None) -> None:
        """Writes the model's file, one tensor at a time where the host is Keras 3.

        Args:
          target: `NAME.weights.h5`, or `NAME.keras`.
          overwrite: whether it may exist.

        Raises:
          InputError: the target has another ending, or exists.
        """
        from tfcompat.backend import host

        check_target(target, overwrite)
        rows = {id(self.model.variables[row.target]): row for row in self.plan.mapped}

        def value_of(variable: Any) -> Any:
            row = rows.get(id(variable))
            if row is None:
                return None
            value = self.value(row)
            if progress is not None:
                progress(value.nbytes)
            return value

        with writing.folder_beside(target) as folder:
            made = os.path.join(folder, os.path.basename(target))
            save = host.choose().save_weights if target.endswith(WEIGHTS) else host.choose().save_model
            save(self.keras_model, made, value_of)
            writing.put_file(made, target)


def check_target(target: str, overwrite: bool) -> None:
    """Refuses a target that is no file of Keras 3, or exists.

    Raises:
      InputError: it is.
    """
    if not target.endswith((WEIGHTS, MODEL)):
        raise InputError("{}: allowed is a name that ends in {} or {}".format(target, WEIGHTS, MODEL))
    writing.refuse_existing(target, overwrite)


def names_of(name_map: Names) -> Optional[NameMap]:
    """What a user says about names, None for nothing.

    Raises:
      InputError: the file cannot be read, or holds no name map.
    """
    if name_map is None:
        return None
    return NameMap(_name_map.read(name_map) if isinstance(name_map, str) else name_map)


def by_name(checkpoint: Checkpoint) -> Dict[str, Variable]:
    """The variables of a checkpoint by name, those in parts by the name of the whole."""
    return {variable.name: variable for variable in sources.joined(checkpoint.variables)}


def read_whole(checkpoint: Checkpoint, variable: Variable) -> Any:
    """The value of a variable of a checkpoint, put together where it is in parts.

    Raises:
      InputError: the data is cut off or broken.
    """
    if not variable.parts:
        return checkpoint.read(variable.name)
    return np.concatenate([checkpoint.read(part.name) for part in variable.parts], sources.axis_of_parts(variable))


@contextlib.contextmanager
def reading(weights: str) -> Iterator[None]:
    """While Keras reads a file of weights into a model: what it warns of is left out, since it is an error afterwards.

    Raises:
      InputError: the file is broken, or of another model.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError("{}: cannot be read into the model ({})".format(weights, first_line(error))) from error


def size_of(variable: Variable) -> int:
    """How many bytes a variable takes."""
    count = 1
    for size in variable.shape:
        count *= size
    return count * (2 if variable.dtype == "bfloat16" else np.dtype(variable.dtype).itemsize)
