"""Life of a layer in a v1 graph: variable scopes, names, collections, update operations.

`Scoped` here and `Eager` in `eager` have the same names and signatures.  One implementation for every Keras: Keras 3
knows no variable scopes, and Keras 2 keeps them in a base class that is no longer shipped with TensorFlow.
"""

import contextlib
import inspect
from types import ModuleType
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

from tfcompat.backend.ops import keeping_intermediates, smart_cond, tf, tf1
from tfcompat.kernels.step import Step, Update


class Scoped:
    """The variable scope of one layer and what was made in it.

    Args:
      host: `tfcompat.backend.keras2` or `keras3`.
      base_name: default name of the scope, made unique where it is used.
      scope: name or `VariableScope` to enter at once; None or "": the first call decides.
      reuse: None, True, False or `tf.compat.v1.AUTO_REUSE`.
      reuse_finds_unnamed: whether with `reuse` the default name is taken as it is.
    """

    may_average_in_kernel = False

    def __init__(
        self, host: ModuleType, base_name: str, scope: Any = None, reuse: Any = None, reuse_finds_unnamed: bool = True
    ) -> None:
        self._host, self._reuse_finds_unnamed = host, reuse_finds_unnamed
        self.base_name = base_name
        self.reuse = reuse
        self.scope: Any = None
        self.variables: Dict[str, Any] = {}
        self.trainable: Dict[str, bool] = {}
        self.losses: List[Any] = []
        self.updates: List[Any] = []
        self._current: Any = None
        self._in_keras = False
        if scope:
            with tf1.variable_scope(scope) as captured:
                self.scope = captured

    @contextlib.contextmanager
    def entered(self, scope: Any, built: bool) -> Iterator[None]:
        """The layer's variable scope, with reuse once it is built, and its name scope."""
        self._settle(scope)
        reuse = True if built else self.reuse
        with contextlib.ExitStack() as stack:
            context = tf1.variable_scope(self.scope, reuse=reuse, auxiliary_name_scope=False)
            self._current = stack.enter_context(context)
            stack.enter_context(tf1.name_scope(self._current.original_name_scope))
            stack.enter_context(keeping_intermediates())
            yield

    def _settle(self, scope: Any) -> None:
        """Fixes the scope on first use: with reuse the plain name, without one that is not taken."""
        if self.scope is not None:
            return
        if self.reuse and self._reuse_finds_unnamed:
            context = tf1.variable_scope(scope if scope is not None else self.base_name)
        else:
            context = tf1.variable_scope(scope, default_name=self.base_name)
        with context as captured:
            self.scope = captured

    @contextlib.contextmanager
    def no_partitioner(self) -> Iterator[None]:
        """Statistics are never partitioned, whatever the scope says."""
        partitioner = self._current.partitioner
        self._current.set_partitioner(None)
        try:
            yield
        finally:
            self._current.set_partitioner(partitioner)

    def takes(self, layer: Any, inputs: Any, plain: bool) -> bool:
        """Whether the layer is called without Keras: always, but in a Keras model."""
        self._in_keras = self._host.is_symbolic(inputs)
        return not self._in_keras

    def for_keras(self, args: Any, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        """Arguments of a call by a Keras model: where `training` is left out, the model's learning phase decides."""
        return kwargs if args or "training" in kwargs else dict(kwargs, training=None)

    def add_weight(
        self,
        layer: Any,
        name: str,
        shape: Sequence[int],
        dtype: str,
        initializer: Any,
        regularizer: Optional[Callable[[Any], Any]] = None,
        constraint: Optional[Callable[[Any], Any]] = None,
        trainable: bool = True,
        statistic: bool = False,
        replaces_regularizer: bool = False,
        thaws: bool = False,
    ) -> None:
        """Makes or reuses a variable through `get_variable`, with all that the scopes around it ask for; of its
        regularizer, where there is one, `replaces_regularizer` says that it is instead of the scope's; `thaws`: one
        that is made frozen trains once its layer does.
        """
        existing = set() if regularizer is None else {id(v) for v in tf1.global_variables()}
        kwargs: Dict[str, Any] = {}
        if statistic:
            kwargs.update(synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf1.VariableAggregation.MEAN)
        if replaces_regularizer and regularizer is not None:
            kwargs.update(regularizer=lambda weight: None)
        variable = tf1.get_variable(
            name,
            shape=tuple(shape),
            dtype=tf.as_dtype(dtype),
            initializer=_with_partition_info(initializer or self._current.initializer or _glorot_uniform()),
            constraint=constraint,
            trainable=trainable and not statistic,
            use_resource=True if self._in_keras else None,  # Keras' optimizers take no other
            **kwargs,
        )
        parts = _parts(variable)
        self.variables[name] = variable
        if self._in_keras:
            self._host.track_variables(parts)
        # A custom getter may have decided otherwise, or given a tensor.
        trains = all(getattr(v, "trainable", False) for v in parts) if trainable else thaws
        self.trainable[name] = trains and not statistic
        if regularizer is not None and not any(id(v) in existing for v in parts):
            self._add_regularization(name, parts, regularizer)

    def _add_regularization(self, name: str, parts: Sequence[Any], regularizer: Callable[[Any], Any]) -> None:
        for part in parts:
            with tf1.name_scope(name + "/Regularizer"):
                loss = regularizer(part)
            if loss is not None:
                self.losses.append(loss)
                _collect([loss], tf1.GraphKeys.REGULARIZATION_LOSSES)

    def read(self, name: str) -> Optional[Any]:
        """What a kernel reads of a variable, the variable itself; None where there is none."""
        return self.variables.get(name)

    def apply(self, layer: Any, step: Step, weights: Mapping[str, Any], trainable: bool, wait: bool) -> Any:
        """Turns updates into operations and puts those that are not part of another one into `UPDATE_OPS`, or with
        `wait` lets the output, which is returned, wait for them.  Those of a layer that is not trainable are nowhere
        but in its `updates`, once it is thawed.
        """
        operations: Dict[str, Any] = {}
        with tf.control_dependencies(list(step.reads)):
            for update in step.updates if trainable or not wait else ():
                with tf.control_dependencies([operations[name] for name in update.after]):
                    operations[update.weight] = self._operation(update, weights)
        inner = {name for update in step.updates for name in update.after}
        made = [operation for name, operation in operations.items() if name not in inner]
        if wait:
            with tf.control_dependencies(made):
                return tf.identity(step.output)
        self.updates.extend(made)
        if trainable:
            self._host.track_updates(layer, made)
            _collect(self.updates, tf1.GraphKeys.UPDATE_OPS)
        return step.output

    def default_training(self) -> Any:
        """What `training=None` means."""
        return self._host.graph_training()

    def updates_of(self, trainable: bool) -> List[Any]:
        """The update operations; none while the layer is not trainable."""
        return list(self.updates) if trainable else []

    def losses_of(self, layer: Any, keras_layer: Any) -> List[Any]:
        """The regularization losses."""
        return list(self.losses)

    def weights_of(self, keras_layer: Any, kind: str) -> List[Any]:
        """`weights`, `trainable_weights` or `non_trainable_weights`, in order of creation, trainable ones first; none
        trains while the layer is frozen.
        """
        trainable = [part for name in self.variables if self.trainable[name] for part in _parts(self.variables[name])]
        others = [part for name in self.variables if not self.trainable[name] for part in _parts(self.variables[name])]
        if not keras_layer.trainable:
            trainable, others = [], trainable + others
        return {"weights": trainable + others, "trainable_weights": trainable, "non_trainable_weights": others}[kind]

    def _operation(self, update: Update, weights: Mapping[str, Any]) -> Any:
        """The operation that makes one change; what it reads is read inside of the condition."""
        variable = self.variables[update.weight]

        def change() -> Any:
            with tf1.colocate_with(variable):
                assign = tf1.assign_sub if update.kind == "subtract" else tf1.assign
                return assign(variable, update.value(weights))

        if update.when is None:
            return change().op
        return smart_cond(update.when, change, lambda: variable).op


def _parts(variable: Any) -> List[Any]:
    """The variables that make up a possibly partitioned one; a tensor that a custom getter gave stands for itself."""
    return list(variable) if hasattr(variable, "as_tensor") else [variable]


def _glorot_uniform() -> Any:
    return tf1.glorot_uniform_initializer()


def _with_partition_info(initializer: Any) -> Any:
    """An initializer that takes a `partition_info`: before TensorFlow 2.0 `get_variable` gives one to TF2
    initializers, too.
    """
    if inspect.isclass(initializer) or "partition_info" in inspect.signature(initializer).parameters:
        return initializer
    return lambda shape, dtype=None, partition_info=None, **kwargs: initializer(shape, dtype=dtype, **kwargs)


def _collect(elements: Sequence[Any], key: str) -> None:
    """Adds what is not there yet to a collection of the default graph."""
    collection = tf1.get_collection_ref(key)
    known = {id(element) for element in collection}
    collection.extend(element for element in elements if id(element) not in known)
