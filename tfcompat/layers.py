"""`BatchNormalization` and `batch_normalization`, with the whole signature of `tf.layers` as of TensorFlow 1.5."""

import contextlib
import dataclasses
import re
import threading
from typing import Any, Dict, List, Mapping, Optional

from tfcompat import following, kernels, rounding
from tfcompat.backend import host as _host
from tfcompat.backend import ops, serial
from tfcompat.backend.ops import tf
from tfcompat.backend.v1_graph import Scoped
from tfcompat.config import Config, check_training
from tfcompat.explanation import explanation
from tfcompat.kernels.moments import batch_moments
from tfcompat.kernels.replicas import synchronized_moments
from tfcompat.plan import Plan, Variable, resolve
from tfcompat.state import WEIGHTS, CurrentWeights, State

host = _host.choose()

#: Held while a layer makes its variables: Keras lets two threads that call a layer first both build it.
_BUILDING = threading.RLock()


@host.register
class BatchNormalization(host.Layer):  # type: ignore[misc, name-defined]
    """Batch normalization as `tf.layers.BatchNormalization` does it, as a layer of the Keras that `tf.keras` is.

    Runs in eager mode, in `tf.function`, in Keras models, and in v1 graphs, where variable scopes and collections work
    as they did.  It follows the TensorFlow release that runs, or any that is chosen: variables, updates, arithmetic and
    accepted arguments are then those of that release.

    Args:
      axis: int, or list of ints: the axes to keep, each with statistics of its own.
      momentum: of the moving averages; a number or a scalar tensor.
      epsilon: added to the variance; a number.
      center: whether there is a `beta`.
      scale: whether there is a `gamma`.
      beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: whatever Keras takes
        for an initializer, or one of `tf.compat.v1`; None: what the variable scope says, else glorot uniform.
      beta_regularizer, gamma_regularizer: None, or a function of the variable that gives a scalar loss.
      beta_constraint, gamma_constraint: None, or a function that gives what the variable becomes after an optimizer
        step.
      renorm: batch renormalization (Ioffe 2017).
      renorm_clipping: dict with any of `rmax`, `rmin`, `dmax`: bounds on the correction.
      renorm_momentum: of the renorm averages.
      fused: None or True: the fused kernel where it can be used; False: never.
      trainable: whether gamma and beta train, and whether the averages move.  A layer that is not trainable still uses
        the batch's statistics while training.
      virtual_batch_size: None, or how many examples share statistics; must divide the batch.
      adjustment: None, or a function of the input's dynamic shape that gives scale and bias of the normalized values,
        broadcastable to the input; used while training.
      name: name of the layer, and in v1 graphs of its variable scope.
      freeze_statistics: normalize with the moving averages, which stand still, whatever `training` says; gamma and beta
        may train all the same.
      freeze_affine: gamma and beta do not train; the averages move as they did.
      updates: what becomes of the updates of the averages while training.  `collection`: in v1 graphs they are
        operations in `UPDATE_OPS`, elsewhere they happen at once; `immediate`: in v1 graphs they run whenever the
        output is computed, also inside of `tf.cond`, and are in no collection; `skip`: there are none, and the batch's
        statistics are used.
      numerics: `exact`: the bits of the release that is followed.  `fast`: the same mathematics, summed in another
        order; `layer.plan.fast_vetoes` tells why not, and with a mask it is not done.  None: see `tfcompat.numerics`.
      synchronized: under a `tf.distribute` strategy, take the moments over the batches of all replicas while training,
        each element counting once; the averages are then the same on every replica.  Elsewhere the layer is the
        ordinary unfused one.  Not with `virtual_batch_size`.
      empty_batch: what becomes of the averages where a batch that trains has no elements.  `nan`: they are NaN from
        then on, as in TensorFlow; `keep`: nothing changes; `error`: `tf.errors.InvalidArgumentError` when the batch
        comes (not under XLA, which leaves assertions out).
      release: the TensorFlow release to follow, for example `1.4`; None: see `tfcompat.release`.

    Raises:
      TypeError: `axis` is neither an int nor a list (from TF 2.2 on: nor a tuple) of ints.
      ValueError: an unknown key in `renorm_clipping`, an unknown initializer name, unknown `updates`, `numerics`
        or `empty_batch`; `synchronized` with `virtual_batch_size`.
    """

    built: bool

    def __init__(
        self,
        axis: Any = -1,
        momentum: Any = 0.99,
        epsilon: Any = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Optional[Mapping[str, Any]] = None,
        renorm_momentum: Any = 0.99,
        fused: Any = None,
        trainable: bool = True,
        virtual_batch_size: Optional[int] = None,
        adjustment: Any = None,
        name: Any = None,
        *,
        freeze_statistics: bool = False,
        freeze_affine: bool = False,
        updates: str = "collection",
        numerics: Optional[str] = None,
        synchronized: bool = False,
        empty_batch: str = "nan",
        release: Optional[str] = None,
        **kwargs: Any,
    ) -> None:
        given = dict(locals(), numerics=rounding.resolved(numerics))
        config = Config(**{field.name: given[field.name] for field in dataclasses.fields(Config)})
        # Keras reads properties of ours while it initializes, and must not wrap this.
        object.__setattr__(self, "_state", State(host, config, following.chosen(release)))
        scope, reuse = kwargs.pop("_scope", None), kwargs.pop("_reuse", None)
        in_graph = ops.in_v1_graph()
        super().__init__(trainable=bool(trainable), name=_keras_name(name, in_graph), **kwargs)
        self.supports_masking = True
        if kwargs.get("dtype") is not None:
            self._state.dtype_given = True
            if not self._state.behaviour.float32_only:
                self._state.dtype = tf.as_dtype(host.compute_dtype(self)).name
        if in_graph:
            base_name = getattr(name, "name", name) or _snake_case(type(self).__name__)
            behaviour = self._state.behaviour
            self._state.life = Scoped(host, base_name, scope, reuse, behaviour.reuse_finds_unnamed)
            self._state.affine_trains = behaviour.trainable_none_trains if trainable is None else bool(trainable)
            self._name = name if name and isinstance(name, str) else self.name

    @property
    def config(self) -> Config:
        """What the layer was asked for; building does not change it."""
        return self._state.config

    @property
    def plan(self) -> Optional[Plan]:
        """What runs and why; None until the layer is built."""
        return self._state.plan

    def explain(self) -> None:
        """Prints what runs and why, and in which releases of TensorFlow the same call would do something else.

        Raises:
          ValueError: the layer has not been built yet; `tfcompat.explain` needs no layer.
        """
        state = self._state
        if state.shape is None or state.plan is None:
            raise ValueError(
                "layer {!r} is not built: the first input decides what runs. Call it first, or use "
                "tfcompat.explain(shape, ...).".format(self.name)
            )
        print(explanation(state.config, state.shape, state.plan.dtype, state.behaviour.release))

    def build(self, input_shape: Any) -> None:
        """Makes the variables for inputs of this shape, once, however many threads ask for it.

        Args:
          input_shape: a `TensorShape` or a sequence with None where unknown.

        Raises:
          ValueError: see `tfcompat.plan.resolve`.
        """
        with _BUILDING:
            if not self.built:
                self._build(input_shape)
                self.built: bool = True

    def _build(self, input_shape: Any) -> None:
        state = self._state
        state.shape = ops.as_shape(input_shape)
        own_moments = type(self)._moments is not BatchNormalization._moments
        state.plan = resolve(state.config, state.behaviour, state.shape, state.dtype or "float32", own_moments)
        for variable in state.plan.variables:
            with state.life.no_partitioner() if variable.statistic else contextlib.nullcontext():
                self._make(variable)
        sizes = dict(zip(state.plan.axes, state.plan.axis_sizes))
        self.input_spec = host.keras.layers.InputSpec(ndim=state.plan.rank, axes=sizes)

    def _make(self, variable: Variable) -> None:
        state, name = self._state, variable.name
        how = {"statistic": True}
        if not variable.statistic:
            how = {kind: state.objects["{}_{}".format(name, kind)] for kind in ("regularizer", "constraint")}
            trains = not state.config.freeze_affine
            how["trainable"] = trains and state.affine_trains
            how["thaws"] = trains and state.behaviour.thawed_layer_trains
            how["replaces_regularizer"] = not state.behaviour.regularizers_add_up
        initializer = self._initializer(variable.initializer)
        state.life.add_weight(self, name, variable.shape, state.plan.param_dtype, initializer, **how)

    def _initializer(self, name: str) -> Any:
        """The initializer that a plan's variable names."""
        variance = self._state.objects["moving_variance_initializer"]

        def stddev(shape: Any, dtype: Any = None, partition_info: Any = None, **kwargs: Any) -> Any:
            return tf.sqrt(variance(shape, dtype=dtype, **kwargs))

        made = {"stddev": stddev, "zeros": tf.zeros_initializer()}
        return made[name] if name in made else self._state.objects[name]

    @tf.autograph.experimental.do_not_convert
    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Normalizes `inputs`.

        Args:
          inputs: float tensor, or what becomes one.
          training: bool, 0, 1 or scalar bool tensor; False by default, None: what Keras says.
          mask: None, or which elements count (TF 2.12), shape of `inputs` without its last axis.
          scope: in v1 graphs, the variable scope of the first call.

        Returns:
          Tensor of the shape and dtype of `inputs`.
        """
        state = self._state
        # Keras passes masks on by itself, also where the followed release knew none.
        if kwargs.get("mask") is not None and not state.behaviour.masks and not host.is_symbolic(inputs):
            raise TypeError(
                "a mask is given; tf.layers takes one from TensorFlow 2.12 on, and the layer follows {}. Leave it "
                "out.".format(state.behaviour.release)
            )
        if not hasattr(inputs, "dtype"):
            inputs = tf.convert_to_tensor(inputs)
        if not self.built and state.dtype is None:
            state.dtype = ops.dtype_name(inputs)
        with state.life.entered(kwargs.pop("scope", None), built=self.built):
            if not state.life.takes(self, inputs, self._is_plain_call(args, kwargs)):
                return super().__call__(inputs, *args, **state.life.for_keras(args, kwargs))
            inputs = tf.convert_to_tensor(inputs)
            if not self.built:
                self.build(ops.shape_of(inputs))
            return self.call(inputs, *args, **kwargs)

    apply = __call__

    def _is_plain_call(self, args: Any, kwargs: Mapping[str, Any]) -> bool:
        """Whether `training` is told, there is no mask, and nothing but `call` as it is here is to be called."""
        told = list(kwargs) == ["training"] and kwargs["training"] is not None and not args
        return told and type(self).call is BatchNormalization.call

    def call(self, inputs: Any, training: Any = False, mask: Any = None) -> Any:
        """What `__call__` does once the variables are there."""
        state = self._state
        state.plan.check(ops.shape_of(inputs))
        if not ops.is_tensor(training):
            check_training(training, state.behaviour)
        training = state.life.default_training() if training is None else training
        if state.config.freeze_statistics:
            training = False
        masked = {} if mask is None or not state.behaviour.masks else {"mask": mask}

        def take_moments(x: Any, axes: Any, keep_dims: bool) -> Any:
            return self._moments(x, axes, keep_dims=keep_dims, **masked)

        if state.behaviour.casts_input:
            inputs = tf.cast(inputs, state.plan.dtype)
        weights = CurrentWeights(state.life)
        step = kernels.run(
            inputs,
            weights,
            state.plan,
            state.config,
            training,
            take_moments,
            may_average=state.life.may_average_in_kernel,
            may_round=not masked,
        )
        if state.config.updates == "skip" or (state.behaviour.first_call_updates and self.updates):
            return step.output
        return state.life.apply(self, step, weights, self._moves, wait=state.config.updates == "immediate")

    @property
    def _moves(self) -> bool:
        """Whether the averages move."""
        return bool(self.trainable) or self._state.behaviour.frozen_layer_updates

    def _moments(self, inputs: Any, reduction_axes: Any, keep_dims: bool, mask: Any = None) -> Any:
        """Mean and biased variance of a batch.  Subclasses override it."""
        behaviour = self._state.behaviour
        depends_on_mean = behaviour.variance_depends_on_mean or behaviour.variance_of_shifted_sums
        moments = synchronized_moments if self._state.config.synchronized else batch_moments
        return moments(inputs, reduction_axes, keep_dims, mask, depends_on_mean)

    @property
    def updates(self) -> List[Any]:
        """Update operations in a v1 graph, none while the layer is not trainable; elsewhere updates happen at once."""
        return self._state.life.updates_of(self._moves)

    @property
    def losses(self) -> List[Any]:
        """Regularization losses, scalar tensors."""
        return self._state.life.losses_of(self, super())

    @property
    def trainable_weights(self) -> List[Any]:
        """Variables that an optimizer changes."""
        return self._state.life.weights_of(super(), "trainable_weights")

    @property
    def non_trainable_weights(self) -> List[Any]:
        """The other variables."""
        return self._state.life.weights_of(super(), "non_trainable_weights")

    @property
    def weights(self) -> List[Any]:
        """All variables, trainable ones first."""
        return self._state.life.weights_of(super(), "weights")

    @property
    def trainable_variables(self) -> List[Any]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> List[Any]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def variables(self) -> List[Any]:
        """The same as `weights`."""
        return self.weights

    @property
    def scope_name(self) -> str:
        """Name of the variable scope in a v1 graph.

        Raises:
          ValueError: the layer has not been called yet, or does not live in a v1 graph.
        """
        if self._scope is None:
            raise ValueError(
                "layer {!r} has no variable scope: the first call in a v1 graph decides it. Call it first.".format(
                    self.name
                )
            )
        return str(self._scope.name)

    @property
    def _scope(self) -> Any:
        return self._state.life.scope

    @property
    def _reuse(self) -> Any:
        return self._state.life.reuse

    def get_config(self) -> Dict[str, Any]:
        """All arguments, JSON-ready, as they were given: building changes nothing here but a dtype that was not given.

        Raises:
          ValueError: an argument that cannot be written (a tensor, a function that is not registered with Keras).
        """
        config = super().get_config()
        config["dtype"] = serial.dtype_to_json(config["dtype"]) if self._state.dtype_given else self._state.dtype
        config.update(serial.to_json(host, self.config, self._state.objects), release=self._state.release)
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "BatchNormalization":
        """The layer of a `get_config`."""
        return cls(**serial.from_json(host, dict(config)))


# TensorFlow 2.0 writes the annotations of `call` into a SavedModel, and has no word for `Any`.
BatchNormalization.call.__annotations__.clear()


def _weight_property(name: str) -> property:
    def read(self: BatchNormalization) -> Any:
        return self._state.life.variables.get(name)

    return property(read, doc="The variable `{}`, None where the layer has none.".format(name))


def _argument_property(name: str) -> property:
    def read(self: BatchNormalization) -> Any:
        return self._state.objects.get(name, getattr(self._state.config, name))

    return property(read, doc="The argument `{}`.".format(name))


for _name in WEIGHTS:
    setattr(BatchNormalization, _name, _weight_property(_name))
for _field in dataclasses.fields(Config):
    if _field.name != "updates":  # that name is the operations', as it always was
        setattr(BatchNormalization, _field.name, _argument_property(_field.name))


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: Any = 0.99,
    epsilon: Any = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = "zeros",
    gamma_initializer: Any = "ones",
    moving_mean_initializer: Any = "zeros",
    moving_variance_initializer: Any = "ones",
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: Any = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Optional[Mapping[str, Any]] = None,
    renorm_momentum: Any = 0.99,
    fused: Any = None,
    virtual_batch_size: Optional[int] = None,
    adjustment: Any = None,
    *,
    freeze_statistics: bool = False,
    freeze_affine: bool = False,
    updates: str = "collection",
    numerics: Optional[str] = None,
    synchronized: bool = False,
    empty_batch: str = "nan",
    release: Optional[str] = None,
) -> Any:
    """Batch normalization of `inputs`, in the positional order of TensorFlow 1.5 and later.

    In a v1 graph the variables are found or made in the current variable scope under `name`, and the operations that
    move the averages go to `tf.compat.v1.GraphKeys.UPDATE_OPS`: run them with every training step.  In eager mode every
    call makes new variables; use `BatchNormalization` there.

    Args:
      inputs: float tensor of known rank and known size along `axis`.
      training: bool, 0, 1 or scalar bool tensor: whether to normalize with the batch's own statistics.
      reuse: True to use the variables that a call of the same `name` made, or `tf.compat.v1.AUTO_REUSE`.
      (the others): see `BatchNormalization`.

    Returns:
      Tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: the variables exist and `reuse` is not given, or the other way round; shapes that cannot be
        normalized.
    """
    given = dict(locals())
    arguments = {field.name: given[field.name] for field in dataclasses.fields(Config)}
    layer = BatchNormalization(trainable=trainable, name=name, _reuse=reuse, _scope=name, release=release, **arguments)
    return layer(inputs, training=training)


def _keras_name(name: Any, in_graph: bool) -> Optional[str]:
    """A name that Keras takes: in a v1 graph a scope's name may be one that it would refuse."""
    if not name or not isinstance(name, str):
        return None
    return name.replace("/", "_") if in_graph else name


def _snake_case(name: str) -> str:
    """`BatchNormalization` as `batch_normalization`."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)).lower()
