"""Runs a case on an implementation without TensorFlow, with the names that the recording has."""

import collections
import inspect

import numpy as np

from golden import inputs
from golden.catalogue import LIFE
from golden.conformance import Case, Unsuitable
from golden.conformance.plain import arguments_of, training_of

#: What a variable scope hands over that changes numbers; the rest of scopes is about names and kinds of variables.
_SCOPED = ("initializer", "custom_getter")

#: One call. layer: index; input: index; training: how it is given, see `Case`; value: its value, None where it is fed.
_Call = collections.namedtuple("_Call", "layer input arguments training value")

#: Where the values of a recorded variable are. layer: index; name: of the layer's variable; start, stop: rows of it,
#: since a partitioner makes several variables of one, or None.
_Piece = collections.namedtuple("_Piece", "layer name start stop")


class Replay:
    """One case on one subject.

    Args:
      case: the catalogue's dict.
      variables: the recorded fact: [name, dtype, shape, class] of each variable.
      factory: the subject, see `golden.conformance`.
      release, mode: of the recording.

    Raises:
      Unsuitable: the case is about something that only TensorFlow has.
    """

    def __init__(self, case, variables, factory, release, mode):
        self.case, self.variables, self.eager = case, variables, mode in ("eager", "function")
        self.arrays = collections.OrderedDict()
        self.inputs = [_input(case, i) for i in range(1 + len(case.get("more_inputs", [])))]
        if case.get("inside") or any(key in scope for scope in case.get("scope", []) for key in _SCOPED):
            raise Unsuitable("the case is about TensorFlow's control flow or variable scopes")
        self.pieces = _pieces(variables)
        self.calls = self._calls()
        asked = [self._asked(i, release, mode) for i in sorted({call.layer for call in self.calls})]
        self.layers = self.thawed = [factory(one) for one in asked]
        if "freeze" in case["steps"]:
            self.frozen = [factory(one._replace(arguments=dict(one.arguments, trainable=False))) for one in asked]
        self.state = [dict(layer.variables) for layer in self.layers]
        self.saved = None

    def run(self):
        """All that the subject computes, by the names of the recording.

        Returns:
          OrderedDict of name to NumPy array.
        """
        if self.eager:
            for i, call in enumerate(self.calls):
                weights = np.zeros_like(self.inputs[call.input])
                first = self._call(call, self.state, bool(call.value), weights)
                self.arrays["first/y%d" % i] = first[0]
                self.state[call.layer].update(first[2])
        if self.case["start"] == "set":
            self._set_start()
        else:
            self._record_variables("initial")
        for number, step in enumerate(self.case["steps"]):
            if step in LIFE:
                self._change(step)
            else:
                gradients = self._step("s%d/" % number, number, step == "train")
                if "train_op" in self.case:
                    self._descend(gradients)
            self._record_variables("s%d" % number)
        return self.arrays

    def _change(self, step):
        """Freezes, thaws, saves or restores the layers; a graph goes on as it was built."""
        if step in ("freeze", "thaw") and self.eager:
            self.layers = self.frozen if step == "freeze" else self.thawed
        elif step == "save":
            self.saved = [dict(state) for state in self.state]
        elif step == "restore" and self.saved:
            self.state = [dict(state) for state in self.saved]

    def _step(self, prefix, number, fed):
        """Runs all calls and moves the averages; returns the gradients by (layer, name)."""
        before, gradients, moved = [dict(state) for state in self.state], collections.OrderedDict(), set()
        for i, call in enumerate(self.calls):
            training = fed if call.value is None else call.value
            weights = inputs.weights_like(self.case["id"], i, number, self.inputs[call.input].shape)
            # A graph's calls all read the variables as they were; its updates follow one after the other.
            result = self._call(call, self.state if self.eager else before, training, weights)
            stale = call.layer in moved and not self.eager
            now = self._call(call, self.state, training, weights) if stale else result
            self.arrays["%sy%d" % (prefix, i)] = result[0]
            for name, value in result[1].items():
                key = (call.input if name.endswith("x") else call.layer, name)
                gradients[key] = gradients.get(key, 0.0) + value
            self.state[call.layer].update(now[2])
            moved.add(call.layer)
        for (index, name), value in gradients.items():
            self._record_gradient(prefix, index, name, value)
        return gradients

    def _call(self, call, state, training, weights):
        more = {"second_order": True} if self.case.get("second_order") else {}
        x = self.inputs[call.input]
        if self.case.get("mask"):
            shape = x.shape[:-1]
            more["mask"] = np.arange(int(np.prod(shape))).reshape(shape) % 3 != 0
        step = self.layers[call.layer].step
        for name in set(more) - set(inspect.signature(step).parameters):
            raise NotImplementedError("step takes no %s" % name)
        return step(dict(state[call.layer]), x, training, weights, **more)

    def _record_gradient(self, prefix, index, name, value):
        kind, name = ("d2", name[len("second:") :]) if name.startswith("second:") else ("d", name)
        if name == "x":
            self.arrays["%s%s:x%d" % (prefix, kind, index)] = value
        for recorded, piece in self.pieces.items():
            if (piece.layer, piece.name) == (index, name):
                self.arrays["%s%s:%s" % (prefix, kind, recorded)] = value[piece.start : piece.stop]

    def _record_variables(self, prefix):
        for name, piece in self.pieces.items():
            values = self.state[piece.layer].get(piece.name)
            if values is not None:
                rows = values if np.ndim(values) == 0 else np.asarray(values)[piece.start : piece.stop]
                self.arrays["%s/v:%s" % (prefix, name)] = rows

    def _set_start(self):
        counts = collections.Counter()
        starts = collections.defaultdict(list)
        for name, _, shape, _ in self.variables:
            piece = self.pieces[name]
            start = inputs.start_value(self.case["id"], name, counts[piece.name], tuple(shape))
            counts[piece.name] += 1
            starts[piece.layer, piece.name].append(start)
        for (layer, name), parts in starts.items():
            self.state[layer][name] = parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _descend(self, gradients):
        """Gradient descent on the sum of dy * y, then the constraints."""
        for call in self.calls:
            for name in ("gamma", "beta"):
                if (call.layer, name) in gradients:
                    self.state[call.layer][name] = self._descended(call, name, gradients[call.layer, name])

    def _descended(self, call, name, gradient):
        value = self.state[call.layer][name]
        regularizer = call.arguments.get(name + "_regularizer")
        if regularizer and not self.eager:  # a graph's loss has the regularization losses in it
            gradient = gradient + regularizer.gradient(value)
        value = value - 0.25 * gradient
        return call.arguments.get(name + "_constraint", lambda weight: weight)(value)

    def _calls(self):
        """The calls, each with its layer: as many as the recording has variables for, or one that they all share."""
        raw = self.case.get("calls", [{}])
        one = "shared" if self.case.get("form") == "class" else None
        keys = [call.get("layer") or one or i for i, call in enumerate(raw)]
        order = list(collections.OrderedDict.fromkeys(keys))
        recorded = 1 + max([piece.layer for piece in self.pieces.values()] or [-1])
        if recorded not in (1, len(order)):
            raise Unsuitable("the case is about which calls of TensorFlow share variables")
        calls = []
        for key, call in zip(keys, raw):
            arguments = arguments_of(dict(self.case["args"], **call.get("args", {})), self.case["id"])
            training, value = training_of(call.get("training", self.case["training"]))
            layer = 0 if recorded == 1 else order.index(key)
            calls.append(_Call(layer, call.get("input", 0), arguments, training, value))
        return calls

    def _asked(self, layer, release, mode):
        """The `Case` of a layer, by its first call."""
        call = next(call for call in self.calls if call.layer == layer)
        spec = (([self.case["input"]] + self.case.get("more_inputs", []))[call.input]).get("dtype", "float32")
        return Case(self.inputs[call.input].shape, spec, call.arguments, release, mode, call.training)


def _input(case, index):
    """The values of an input as they are in its dtype; bfloat16 is exact in float32, since all values are dyadic."""
    spec = ([case["input"]] + case.get("more_inputs", []))[index]
    plain = inputs.case_input(case["id"], index, spec)
    dtype = spec.get("dtype", "float32")
    if dtype not in ("float16", "bfloat16", "float32", "float64"):
        raise Unsuitable("the case is about inputs of %s" % dtype)
    with np.errstate(all="ignore"):
        return plain.astype("float32" if dtype == "bfloat16" else dtype).astype(np.float64)


def _pieces(variables):
    """Recorded name -> `_Piece`; layers are counted in the order of their variables."""
    layers, rows, pieces = [], collections.Counter(), collections.OrderedDict()
    for name, _, shape, _ in variables:
        leaf = inputs.leaf_name(name)
        layer = name.split("/" + leaf)[0]
        if layer not in layers:
            layers.append(layer)
        index, start, stop = layers.index(layer), None, None
        if "/part_" in name:
            start, stop = rows[index, leaf], rows[index, leaf] + shape[0]
            rows[index, leaf] = stop
        pieces[name] = _Piece(index, leaf, start, stop)
    return pieces
