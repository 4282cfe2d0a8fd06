"""Life of a layer outside of v1 graphs: Keras keeps its variables, and updates happen at once.

`Eager` here and `Scoped` in `v1_graph` have the same names and signatures.
"""

import contextlib
import copy
from types import ModuleType
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.kernels.step import Step, Update, Weights


class Eager:
    """Eager execution, `tf.function` and Keras models.

    Args:
      host: `tfcompat.backend.keras2` or `keras3`.
    """

    #: Whether the fused kernel may move the averages itself: its result is assigned, which a graph would not wait for.
    may_average_in_kernel = True
    scope: Any = None
    reuse: Any = None

    def __init__(self, host: ModuleType) -> None:
        self._host = host
        self.variables: Dict[str, Any] = {}

    def __deepcopy__(self, memo: Dict[int, Any]) -> "Eager":
        """A life of copies of the variables, on the same host."""
        twin = Eager(self._host)
        twin.variables = copy.deepcopy(self.variables, memo)
        return twin

    @contextlib.contextmanager
    def entered(self, scope: Any, built: bool) -> Iterator[None]:
        """Nothing to enter."""
        yield

    @contextlib.contextmanager
    def no_partitioner(self) -> Iterator[None]:
        """Nothing is partitioned."""
        yield

    def takes(self, layer: Any, inputs: Any, plain: bool) -> bool:
        """Whether the layer is called without Keras: on a tensor of unknown rank, which Keras 3 cannot look at; and
        eagerly where Keras would add nothing to a plain call but time.
        """
        if not tf.is_tensor(inputs):
            return False
        if plain and ops.is_eager(inputs):
            return bool(layer.built and self._host.adds_nothing(layer, inputs))
        return ops.shape_of(inputs) is None

    def for_keras(self, args: Any, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        """Arguments of a call by way of Keras, which finds out about `training` itself."""
        return kwargs

    def add_weight(
        self,
        layer: Any,
        name: str,
        shape: Sequence[int],
        dtype: str,
        initializer: Any,
        replaces_regularizer: bool = False,
        thaws: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes a variable that Keras tracks, and that trains when its layer does; there is no scope whose
        regularizer could be replaced.
        """
        self.variables[name] = self._host.add_weight(layer, name, shape, dtype, initializer, **kwargs)

    def read(self, name: str) -> Optional[Any]:
        """What a kernel reads of a variable, None where there is none."""
        return self._host.tensor(self.variables[name]) if name in self.variables else None

    def apply(self, layer: Any, step: Step, weights: Mapping[str, Any], trainable: bool, wait: bool) -> Any:
        """Makes the changes of a step, one after the other, in any case before its output, which is returned, is used;
        a layer that is not trainable makes those for frozen layers.
        """
        for update in step.updates:
            if trainable or update.even_frozen:
                self._host.assign(self.variables[update.weight], update.kind, _effective(update, weights))
        return step.output

    def default_training(self) -> Any:
        """What `training=None` means."""
        return self._host.default_training()

    def updates_of(self, trainable: bool) -> List[Any]:
        """No operations: updates have happened."""
        return []

    def losses_of(self, layer: Any, keras_layer: Any) -> List[Any]:
        """The losses that Keras knows; `keras_layer` is the layer seen as its Keras base class."""
        losses: List[Any] = self._host.losses(layer, keras_layer.losses)
        return losses

    def weights_of(self, keras_layer: Any, kind: str) -> List[Any]:
        """`weights`, `trainable_weights` or `non_trainable_weights`, as Keras knows them."""
        return list(getattr(keras_layer, kind))


def _effective(update: Update, weights: Weights) -> Any:
    """The value of an update, or one that changes nothing where its condition is false."""
    value = update.value(weights)
    if update.when is None or ops.static_value(update.when):
        return value
    unchanged = weights[update.weight] if update.kind == "assign" else tf.zeros_like(value)
    return ops.select(update.when, value, unchanged)
