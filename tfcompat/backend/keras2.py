"""Keras 2 as host (tf-keras, or `tf.keras` up to 2.15): variables, losses, saving."""

import contextlib
import sys
from typing import Any, Callable, Iterator, List, Optional, Sequence

from tfcompat.backend import ops
from tfcompat.backend.ops import tf, tf1
from tfcompat.errors import InputError

keras = tf.keras


class Layer(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """A Keras 2 layer that leaves inputs as they are."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("autocast", False)
        if str(kwargs.get("dtype")).startswith("mixed_"):  # a policy's name, which Keras takes from 2.5 on
            kwargs["dtype"] = keras.mixed_precision.Policy(kwargs["dtype"])
        super().__init__(**kwargs)

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
    """Adds a variable to a layer; a statistic is kept on each replica and averaged on reading."""
    kwargs = {}
    if statistic:
        kwargs = {"synchronization": tf.VariableSynchronization.ON_READ, "aggregation": tf1.VariableAggregation.MEAN}
    return layer.add_weight(
        name=name,
        shape=tuple(shape),
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        constraint=constraint,
        trainable=trainable and not statistic,
        experimental_autocast=False,
        **kwargs,
    )


def tensor(weight: Any) -> Any:
    """What a kernel reads of a variable: the variable, read where it is used."""
    return weight


def assign(weight: Any, kind: str, value: Any) -> None:
    """Changes a variable."""
    ops.assign(weight, kind, value)


def losses(layer: Any, own: Sequence[Any]) -> List[Any]:
    """The layer's losses."""
    return list(own)


def compute_dtype(layer: Any) -> Any:
    """The dtype of the arithmetic of a layer that was given one."""
    return getattr(layer, "compute_dtype", None) or getattr(layer, "_compute_dtype", None) or layer.dtype


def default_training() -> Any:
    """What `training=None` means outside of v1 graphs: what `set_learning_phase` said, else inference."""
    return keras.backend.learning_phase()


def graph_training() -> Any:
    """What `training=None` means in a v1 graph: Keras' learning phase, a placeholder that is false where nothing is
    fed.
    """
    return keras.backend.learning_phase()


def _engine() -> Any:
    """The module of Keras' base layer; what is taken from it has no public name in every release."""
    return sys.modules[Layer.__mro__[1].__module__]


def _call_context() -> Any:
    """Keras' record of the layer calls that are under way."""
    return _engine().base_layer_utils.call_context()


def is_symbolic(inputs: Any) -> bool:
    """Whether Keras must see the call: it belongs to a model, under construction or being called."""
    return hasattr(inputs, "_keras_history") or bool(_call_context().in_call)


def adds_nothing(layer: Any, inputs: Any) -> bool:
    """Whether Keras would do no more for an eager call than to call the layer, which it has called before."""
    return (
        getattr(layer, "_saved_model_inputs_spec", None) is not None
        and getattr(layer, "_activity_regularizer", None) is None
        and not getattr(layer, "_autocast", False)
        and getattr(inputs, "_keras_mask", None) is None
        and not _call_context().in_call
    )


def track_variables(variables: Sequence[Any]) -> None:
    """Lets Keras' session initialize variables that Keras did not make."""
    for variable in variables:
        _engine().backend.track_variable(variable)


def track_updates(layer: Any, operations: Sequence[Any]) -> None:
    """Tells Keras about update operations, where a model will ask it for them."""
    if _call_context().in_call:
        layer.add_update(list(operations))


def serialize(value: Any) -> Any:
    """A JSON-ready form of an initializer, regularizer, constraint or registered function."""
    return keras.utils.serialize_keras_object(value)


def registered_name(function: Any) -> Optional[str]:
    """The name under which a function is registered with Keras, None if it is not."""
    for name, value in keras.utils.get_custom_objects().items():
        if value is function:
            return str(name)
    return None


def registered_object(name: str) -> Any:
    """What is registered under a name, None if nothing is."""
    if hasattr(keras.utils, "get_registered_object"):
        return keras.utils.get_registered_object(name)
    return keras.utils.get_custom_objects().get(name)  # before TensorFlow 2.1


def register(cls: Any) -> Any:
    """Registers a class for saving under `tfcompat>NAME` (TensorFlow 1.15 has no decorator: under `NAME`)."""
    if hasattr(keras.utils, "register_keras_serializable"):
        return keras.utils.register_keras_serializable(package="tfcompat")(cls)
    keras.utils.get_custom_objects()[cls.__name__] = cls
    return cls


@contextlib.contextmanager
def without_values() -> Iterator[None]:
    """Models made in here have their values: Keras 2 makes no others."""
    yield


def save_weights(model: Any, path: str, value_of: Callable[[Any], Any]) -> None:
    """Writes a weights file of a model that gets its values before; None for a value that stays as it is."""
    _set(model, value_of)
    model.save_weights(path)


def save_model(model: Any, path: str, value_of: Callable[[Any], Any]) -> None:
    """Writes a model file of a model that gets its values before.

    Raises:
      InputError: this Keras writes no such files (before TensorFlow 2.12).
    """
    if not hasattr(keras, "saving"):
        raise InputError("{}: Keras of this TensorFlow writes no .keras files; write .weights.h5".format(path))
    _set(model, value_of)
    model.save(path)


def load_weights(model: Any, path: str, folder: str, take: Callable[[Any, Any], None]) -> None:
    """Reads the weights of a weights file or a model file, and gives away one value after the other.

    Args:
      folder: where what is unpacked can be.
      take: function of a variable and its value, a NumPy array.
    """
    if path.endswith(".keras"):
        loaded = keras.models.load_model(path, compile=False)
        model.set_weights(loaded.get_weights())
    else:
        model.load_weights(path)
    for variable, value in zip(model.weights, model.get_weights()):
        take(variable, value)


def _set(model: Any, value_of: Callable[[Any], Any]) -> None:
    pairs = [(variable, value_of(variable)) for variable in model.weights]
    keras.backend.batch_set_value([(variable, value) for variable, value in pairs if value is not None])


def clone_model(model: Any, copy: Callable[[Any], Any], takes_no_arguments: Callable[[Any], bool]) -> Any:
    """A model of the same wiring.

    Args:
      model: a Sequential or functional model.
      copy: function of a layer that gives the one to be in its place.
      takes_no_arguments: whether such a layer is called on its input alone; Keras 2 records no argument that was not
        given.
    """
    return keras.models.clone_model(model, clone_function=copy)
