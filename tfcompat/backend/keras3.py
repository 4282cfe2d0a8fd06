"""Keras 3 as host: variables, losses, saving."""

import contextlib
import inspect
import os
import shutil
import sys
import weakref
import zipfile
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

import keras

from tfcompat.backend import ops
from tfcompat.backend.ops import tf, tf1

if keras.backend.backend() != "tensorflow":
    raise RuntimeError(
        "Keras runs on {}, and tfcompat is made of TensorFlow operations; set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported.".format(keras.backend.backend())
    )


class Layer(keras.layers.Layer):  # type: ignore[misc]
    """A Keras 3 layer that leaves inputs as they are and knows its output without tracing."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """A Keras tensor of the input's shape, of the dtype that the layer casts to."""
        plan = getattr(self, "plan", None)
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype if plan is None else plan.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return input_shape


def add_weight(
    layer: Any,
    name: str,
    shape: Sequence[int],
    dtype: str,
    initializer: Any,
    regularizer: Optional[Callable[[Any], Any]] = None,
    constraint: Optional[Callable[[Any], Any]] = None,
    trainable: bool = True,
    statistic: bool = False,
) -> Any:
    """Adds a variable to a layer; a statistic is kept on each replica and averaged on reading.

    Raises:
      RuntimeError: a statistic, under a strategy, where this Keras cannot do that.
    """
    initializer = initializer if initializer is not None else "glorot_uniform"
    if statistic:
        with keras.name_scope(layer.name, caller=layer):
            variable = keras.Variable(
                initializer, tuple(shape), dtype, trainable=False, autocast=False, name=name, **_on_read()
            )
        layer._track_variable(variable)  # `layer.add_weight` cannot say when replicas synchronize
    else:
        variable = layer.add_weight(
            name=name,
            shape=tuple(shape),
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            constraint=constraint,
            trainable=trainable,
            autocast=False,
        )
    # A `tf.train.Checkpoint` knows attributes only, and this variable is none.
    layer._track_trackable(variable, name, overwrite=True)
    return variable


#: Whether variables of this Keras can be kept on each replica: from Keras 3.10 on.
_KEPT_ON_REPLICAS = "synchronization" in inspect.signature(keras.Variable.__init__).parameters


def _on_read() -> Dict[str, str]:
    if _KEPT_ON_REPLICAS:
        return {"aggregation": "mean", "synchronization": "on_read"}
    if tf.distribute.has_strategy():
        raise RuntimeError(
            "Keras {} cannot keep the averages of each replica apart, as the layer does under a strategy; it takes "
            "Keras 3.10 or later, or Keras 2 (TF_USE_LEGACY_KERAS=1).".format(keras.__version__)
        )
    return {"aggregation": "mean"}


def tensor(weight: Any) -> Any:
    """What a kernel reads of a variable: TensorFlow's, read where it is used, or what a stateless scope has instead."""
    return weight.value


def assign(weight: Any, kind: str, value: Any) -> None:
    """Changes a variable, in one operation as in Keras 2; inside of a stateless scope Keras keeps the change."""
    if _keras_state("stateless_scope") is None:
        ops.assign(weight.value, kind, value)
    else:
        weight.assign(weight.value - value if kind == "subtract" else value)


def losses(layer: Any, own: Sequence[Any]) -> List[Any]:
    """The layer's losses; those of regularizers also while it is frozen, which Keras 3 would leave out."""
    frozen = () if layer.trainable else [v for v in layer.weights if getattr(v, "regularizer", None) is not None]
    return list(own) + [variable.regularizer(variable) for variable in frozen]


def compute_dtype(layer: Any) -> Any:
    """The dtype of the arithmetic of a layer that was given one."""
    return layer.compute_dtype


def default_training() -> Any:
    """What `training=None` means outside of v1 graphs."""
    return False


_PHASES: "weakref.WeakKeyDictionary[Any, Any]" = weakref.WeakKeyDictionary()


def graph_training() -> Any:
    """What `training=None` means in a v1 graph: a placeholder of the graph that is false where nothing is fed."""
    graph = tf1.get_default_graph()
    if graph not in _PHASES:
        with tf1.name_scope(None):
            _PHASES[graph] = tf1.placeholder_with_default(False, shape=(), name="keras_learning_phase")
    return _PHASES[graph]


def is_symbolic(inputs: Any) -> bool:
    """Whether the input is a Keras tensor of a functional model under construction."""
    return bool(keras.backend.is_keras_tensor(inputs))


def _keras_state(name: str) -> Any:
    """What Keras keeps under a name for this thread, None if nothing; it has no public name."""
    return sys.modules[keras.layers.Layer.__module__].global_state.get_global_attribute(name)


def adds_nothing(layer: Any, inputs: Any) -> bool:
    """Whether Keras would do no more for an eager call than to call the layer, which it has called before."""
    return (
        getattr(layer, "_called", False)
        and layer.activity_regularizer is None
        and not layer.autocast
        and getattr(layer, "_remat_mode", None) is None
        and getattr(inputs, "_keras_mask", None) is None
        and _keras_state("current_call_ctx") is None
        and keras.distribution.distribution() is None
    )


def track_variables(variables: Sequence[Any]) -> None:
    """Keras 3 has no sessions."""


def track_updates(layer: Any, operations: Sequence[Any]) -> None:
    """Keras 3 knows no update operations."""


def serialize(value: Any) -> Any:
    """A JSON-ready form of an initializer, regularizer, constraint or registered function."""
    return keras.saving.serialize_keras_object(value)


def registered_name(function: Any) -> Optional[str]:
    """The name under which a function is registered with Keras, None if it is not."""
    for name, value in keras.saving.get_custom_objects().items():
        if value is function:
            return str(name)
    return None


def registered_object(name: str) -> Any:
    """What is registered under a name, None if nothing is."""
    return keras.saving.get_registered_object(name)


def register(cls: Any) -> Any:
    """Registers a class for saving under `tfcompat>NAME`."""
    return keras.saving.register_keras_serializable(package="tfcompat")(cls)


class _Elsewhere(keras.StatelessScope):  # type: ignore[misc]
    """A scope in which variables keep their values elsewhere: reading asks `value_of`, writing tells `take`."""

    def __init__(self, value_of: Any = None, take: Any = None) -> None:
        super().__init__(initialize_variables=False)
        self._value_of, self._take = value_of, take

    def get_current_value(self, variable: Any) -> Any:
        """The value, None for the initial one."""
        return self._value_of(variable) if self._value_of else super().get_current_value(variable)

    def add_update(self, update: Any) -> None:
        """A new value of a variable."""
        if self._take is None:
            super().add_update(update)
        else:
            self._take(update[0], keras.ops.convert_to_numpy(update[1]))


@contextlib.contextmanager
def without_values() -> Iterator[None]:
    """Models made in here have variables without memory for their values."""
    with _Elsewhere():
        yield


def save_weights(model: Any, path: str, value_of: Callable[[Any], Any]) -> None:
    """Writes a weights file, asking for one value after the other; None for a value that stays as it is."""
    with _Elsewhere(value_of):
        model.save_weights(path)


def save_model(model: Any, path: str, value_of: Callable[[Any], Any]) -> None:
    """Writes a model file, asking for one value after the other.

    Keras would put all weights together in memory, so that they are written first and packed with the rest after.
    """
    rest, weights = path + ".rest.keras", path + ".weights.h5"
    with _Elsewhere(lambda variable: tf.zeros((0,))):
        model.save(rest)
    save_weights(model, weights, value_of)
    with zipfile.ZipFile(rest) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.infolist():
            if member.filename != _WEIGHTS_IN_MODEL:
                target.writestr(member, source.read(member))
        target.write(weights, _WEIGHTS_IN_MODEL)
    os.remove(rest)
    os.remove(weights)


_WEIGHTS_IN_MODEL = "model.weights.h5"


def load_weights(model: Any, path: str, folder: str, take: Callable[[Any, Any], None]) -> None:
    """Reads the weights of a weights file or a model file, and gives away one value after the other.

    Args:
      folder: where what is unpacked can be.
      take: function of a variable and its value, a NumPy array.
    """
    if path.endswith(".keras"):
        with zipfile.ZipFile(path) as source, source.open(_WEIGHTS_IN_MODEL) as packed:
            path = os.path.join(folder, _WEIGHTS_IN_MODEL)
            with open(path, "wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
    with _Elsewhere(take=take):
        model.load_weights(path)


def clone_model(model: Any, copy: Callable[[Any], Any], takes_no_arguments: Callable[[Any], bool]) -> Any:
    """A model of the same wiring.

    Args:
      model: a Sequential or functional model.
      copy: function of a layer that gives the one to be in its place.
      takes_no_arguments: whether such a layer is called on its input alone, whatever the first one was called with.
    """

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return layer(*args, **({} if takes_no_arguments(layer) else kwargs))

    if isinstance(model, keras.Sequential):
        return keras.models.clone_model(model, clone_function=copy)
    return keras.models.clone_model(model, clone_function=copy, call_function=call)
