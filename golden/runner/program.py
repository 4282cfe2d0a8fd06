"""What a case asks for, decoded: inputs, calls, training argument, steps."""

import contextlib

import numpy as np

from golden import catalogue, inputs
from golden.runner import values
from golden.runner.host import tf, tf1

#: Stands for an argument that the call leaves out.
OMITTED = object()


class Program:
    """A case, ready to run.

    Attributes:
      case: the catalogue's dict.
      calls: list of dicts with `args`, `scope`, `input`, `layer`.
      steps: list of `train`, `infer` (what `training` is fed with), and what `life.Life.change` does.
    """

    def __init__(self, case):
        self.case = case
        self.id = case["id"]
        self.context = values.Context(case["id"])
        self.steps = list(case["steps"])
        self.calls = [self._call(call) for call in case.get("calls", [{}])]

    def _call(self, call):
        args = dict(self.case.get("args", {}))
        args.update(call.get("args", {}))
        return {
            "args": args,
            "scope": call.get("scope", self.case.get("scope", [])),
            "input": call.get("input", 0),
            "layer": call.get("layer"),
            "training": call.get("training", self.case.get("training", "fed")),
        }

    def input_specs(self):
        """The input specs of the case, one per distinct input."""
        return [self.case["input"]] + self.case.get("more_inputs", [])

    def input_dtype(self, index):
        """TensorFlow dtype of an input."""
        return tf.as_dtype(self.input_specs()[index].get("dtype", "float32"))

    def input_values(self, index):
        """NumPy values of an input, in its dtype."""
        plain = inputs.case_input(self.id, index, self.input_specs()[index])
        return cast(plain, self.input_dtype(index))

    def static_shape(self, index):
        """What the graph knows of the shape of an input: a list with None, or None for an unknown rank."""
        spec = self.input_specs()[index]
        unknown = catalogue.unknown_axes(spec)
        return None if unknown is None else [None if i in unknown else n for i, n in enumerate(spec["shape"])]

    def mask(self, index):
        """A bool mask of the leading dimensions of an input: two of three elements count."""
        shape = self.input_specs()[index]["shape"][:-1]
        return tf.constant(np.arange(int(np.prod(shape))).reshape(shape) % 3 != 0)

    def arguments(self, call):
        """Decoded keyword (and positional) arguments of a call."""
        args = {key: values.decode(value, self.context) for key, value in call["args"].items()}
        return tuple(args.pop("positional", ())), args


def cast(array, dtype):
    """A float64 array in a TensorFlow dtype; every generated value is exact in it."""
    with np.errstate(all="ignore"):
        return np.asarray(array).astype(dtype.as_numpy_dtype)


def training_value(spec, fed):
    """The `training` argument of a call.

    Args:
      spec: the catalogue's word: `fed` (given anew at each step), `omitted`, a JSON value or a `$` value.
      fed: what stands for `fed` in this mode.
    """
    if spec == "fed":
        return fed
    if spec == "omitted":
        return OMITTED
    return values.decode(spec, None)


@contextlib.contextmanager
def scopes(specs, context):
    """Enters the scopes around a call, outermost first; yields nothing."""
    if not specs:
        yield
        return
    with _scope(specs[0], context), scopes(specs[1:], context):
        yield


def _scope(spec, context):
    spec = dict(spec)
    kind = spec.pop("in")
    spec = {key: values.decode(value, context) for key, value in spec.items()}
    if kind == "variable_scope":
        return tf1.variable_scope(spec.pop("name"), **spec)
    if kind == "name_scope":
        return tf1.name_scope(spec["name"])
    if kind == "control_dependencies":
        return tf.control_dependencies([tf.constant(0)])
    if kind == "device":
        return tf.device(spec["name"])
    raise ValueError("unknown scope %r" % kind)
