"""From Keras weights to a TF1 checkpoint."""

import os
from typing import Any, Callable, Dict, Optional

from tfcompat.errors import InputError
from tfcompat.migrate.checkpoints import planning, saver, sources, values, writing
from tfcompat.migrate.checkpoints.loading import (
    MODEL,
    WEIGHTS,
    Names,
    Progress,
    Target,
    by_name,
    names_of,
    reading,
    size_of,
)
from tfcompat.migrate.checkpoints.reader import Checkpoint
from tfcompat.migrate.checkpoints.targets import Model
from tfcompat.migrate.checkpoints.transfer import Mapped, TransferPlan


class Exporting:
    """A model's weights, and the plan of the TF1 checkpoint that they become.

    Args:
      weights: `NAME.weights.h5` or `NAME.keras`.
      make_model: function that gives the built model.
      like: a TF1 checkpoint whose names and shapes are taken; None: the names that `tf.layers` gives.
      name_map: as for the way from that checkpoint to the model.

    Attributes:
      plan: the `TransferPlan`; targets are names in the checkpoint.
    """

    def __init__(
        self, weights: str, make_model: Callable[[], Any], like: Optional[str] = None, name_map: Names = None
    ) -> None:
        from tfcompat.backend import host

        if not weights.endswith((WEIGHTS, MODEL)):
            raise InputError("{}: weights are read from {} or {}".format(weights, WEIGHTS, MODEL))
        if not os.path.isfile(weights):
            raise InputError("{}: no such file".format(weights))
        said = names_of(name_map)
        if said is not None and like is None:
            raise InputError("a name map pairs the names of a checkpoint: name that one, too")
        self._weights = weights
        with host.choose().without_values():
            self._keras_model = make_model()
        self._model = Model(self._keras_model)
        every = {v.name: v for layer in self._model.layers for v in layer.variables.values()}
        if like is None:
            self.plan = planning.tf1_names(self._model)
            self._targets = {
                row.target: Target(every[row.sources[0]]._replace(name=row.target), None) for row in self.plan.mapped
            }
        else:
            template = Checkpoint(like)
            contents = sources.contents(template.variables)
            self.plan = planning.plan_transfer(contents, self._model, said, back=True)
            epsilons = {v.name: layer.epsilon for layer in self._model.layers for v in layer.variables.values()}
            named = by_name(template)
            self._targets = {
                row.target: Target(named[row.target], epsilons[row.sources[0]]) for row in self.plan.mapped
            }

    @property
    def size(self) -> int:
        """How many bytes the checkpoint's tensors take."""
        return sum(size_of(self._targets[row.target].variable) for row in self.plan.mapped)

    def write(self, prefix: str, overwrite: bool = False, progress: Optional[Progress] = None) -> None:
        """Writes the checkpoint, a data file at a time where the host is Keras 3.

        Raises:
          InputError: it exists; the weights' file is broken or of another model.
        """
        from tfcompat.backend import host

        writing.refuse_existing(prefix, overwrite, ".index")
        with writing.folder_beside(prefix) as folder:
            arriving = _Arriving(self.plan, self._targets, saver.CheckpointWriter(folder, prefix), progress)
            paths = {id(variable): path for path, variable in self._model.variables.items()}
            with reading(self._weights):
                host.choose().load_weights(
                    self._keras_model, self._weights, folder, lambda v, value: arriving.take(paths.get(id(v)), value)
                )
            arriving.finish(self._weights)


class _Arriving:
    """Values of a model that come one at a time, and go out as soon as all that a row needs are there."""

    def __init__(
        self,
        plan: TransferPlan,
        targets: Dict[str, Target],
        writer: saver.CheckpointWriter,
        progress: Optional[Progress],
    ) -> None:
        self._targets, self._writer, self._progress = targets, writer, progress
        self._waiting = list(plan.mapped)
        self._kept: Dict[str, Any] = {}

    def take(self, path: Optional[str], value: Any) -> None:
        """Takes a variable's value; one that something else still waits for is kept."""
        if path is None:
            return
        self._kept[path] = value
        for row in [row for row in self._waiting if path in row.sources and self._kept.keys() >= set(row.sources)]:
            self._waiting.remove(row)
            self._write(row)
        if not any(path in row.sources for row in self._waiting):
            del self._kept[path]

    def _write(self, row: Mapped) -> None:
        target, epsilon = self._targets[row.target]
        value = values.convert(
            row.conversion, [self._kept[name] for name in row.sources], target.shape, target.dtype, epsilon
        )
        if not target.parts:
            self._writer.add(target.name, value)
        start, axis = 0, sources.axis_of_parts(target) if target.parts else 0
        for part in target.parts:
            end = start + part.shape[axis]
            self._writer.add(part.name, value.take(range(start, end), axis))
            start = end
        if self._progress is not None:
            self._progress(value.nbytes)

    def finish(self, weights: str) -> None:
        if self._waiting:
            raise InputError("{}: has no {}".format(weights, self._waiting[0].sources[0]))
        self._writer.finish()
