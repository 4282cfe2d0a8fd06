"""What the catalogue writes in JSON, as plain Python and NumPy values.

`golden.runner.values` does the same for TensorFlow.
"""

import numpy as np

from golden import inputs
from golden.conformance import Unsuitable


class Regularizer:
    """scale * sum(weight ** 2), and its gradient."""

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, weight):
        """The loss, a scalar."""
        return self.scale * np.sum(weight**2)

    def gradient(self, weight):
        """By the weight, of its shape."""
        return 2.0 * self.scale * weight


def decode(value, case_id):
    """The plain value that a JSON value of the catalogue stands for.

    Raises:
      Unsuitable: it stands for something that only TensorFlow has.
    """
    if isinstance(value, dict) and "$" in value:
        if value["$"] not in _DECODERS:
            raise Unsuitable("the case is about a TensorFlow %s" % value["$"])
        return _DECODERS[value["$"]](value, case_id)
    if isinstance(value, dict):
        return {key: decode(item, case_id) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item, case_id) for item in value]
    return value


def training_of(spec):
    """How a case gives `training`, see `Case`, and its value where that is fixed (else None).

    Raises:
      Unsuitable: something that is not a scalar bool.
    """
    if spec == "fed":
        return "fed", None
    if spec in ("omitted", None):
        return "fixed", False
    value = decode(spec, None)
    if np.ndim(value) or not isinstance(value, (bool, int, np.bool_)) or value not in (0, 1):
        raise Unsuitable("training is no bool")
    kind = {"tensor": "constant", "tf-variable": "fed"}.get(spec["$"], "fixed") if isinstance(spec, dict) else "fixed"
    return kind, bool(value)


def arguments_of(call, case_id):
    """The arguments of a call by name; initializers are functions of a shape.

    Raises:
      Unsuitable: an argument stands for something that only TensorFlow has.
    """
    if "positional" in call:
        raise Unsuitable("the case is about the order of arguments")
    arguments = {name: decode(value, case_id) for name, value in call.items()}
    for name in [name for name in arguments if name.endswith("_initializer") and not callable(arguments[name])]:
        named = arguments.pop(name)
        if named is None:
            raise Unsuitable("TensorFlow's random numbers")  # its default initializer is glorot_uniform
        arguments[name] = {"zeros": np.zeros, "ones": np.ones}[named]
    return arguments


def _tensor(spec, case_id):
    return np.asarray(spec["value"], spec.get("dtype", "float32"))[()]


def _initializer(spec, case_id):
    def dyadic_initializer(shape):
        return inputs.dyadics((case_id, spec["key"]), tuple(shape), spec.get("low", 0.5), spec.get("high", 2.0))

    return dyadic_initializer


def _tf1_initializer(spec, case_id):
    if spec["name"] == "zeros_initializer":
        return np.zeros
    if spec["name"] == "constant_initializer":
        return lambda shape: np.broadcast_to(np.asarray(spec["args"]["value"], np.float64), shape)
    raise Unsuitable("TensorFlow's random numbers")


def _adjustment(spec, case_id):
    if spec["name"] not in _ADJUSTMENTS:
        raise Unsuitable("TensorFlow's random numbers")
    return _ADJUSTMENTS[spec["name"]]


def _per_example(shape):
    position = np.arange(shape[0], dtype=np.float64).reshape((-1,) + (1,) * (len(shape) - 1))
    return 1.0 + 0.125 * position, -0.5 * position


_ADJUSTMENTS = {
    "named": lambda shape: (1.5, -0.25),
    "lambda": lambda shape: (0.5, 2.0),
    "per-example": _per_example,
    "scale-only": lambda shape: (0.5, 0.0),
}

_DECODERS = {
    "tuple": lambda spec, case_id: tuple(decode(spec["of"], case_id)),
    "range": lambda spec, case_id: list(range(*spec["of"])),
    "numpy": lambda spec, case_id: np.dtype(spec["dtype"]).type(spec["value"]),
    "float": lambda spec, case_id: float(spec["value"]),
    "tensor": _tensor,
    "fed-tensor": _tensor,
    "tf-variable": lambda spec, case_id: spec["value"],
    "dtype": lambda spec, case_id: spec["name"],
    "initializer": _initializer,
    "tf1-initializer": _tf1_initializer,
    "regularizer": lambda spec, case_id: Regularizer(spec["scale"]),
    "constraint": lambda spec, case_id: lambda weight: np.clip(weight, spec["low"], spec["high"]),
    "adjustment": _adjustment,
}
