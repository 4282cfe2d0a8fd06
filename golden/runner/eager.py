"""Runs a program eagerly or in `tf.function`: the modes `eager` and `function`."""

import contextlib

from golden.catalogue import LIFE
from golden.inputs import leaf_name, start_value, weights_like
from golden.runner import facts
from golden.runner.host import tf
from golden.runner.life import Life
from golden.runner.program import OMITTED, cast, scopes, training_value


def run(program, subject, observe, in_function):
    """Creates the layers, sets their start, and runs the steps.

    Variables are made by a first call with `training=False`, whose output is observed too.

    Args:
      program: a `Program`.
      subject: namespace with `batch_normalization` and `BatchNormalization`.
      observe: the `Recorder` that takes arrays and facts and knows the phase of an error.
      in_function: whether steps run in `tf.function`; the first call is always eager.
    """
    layers = _Layers(program, subject)
    inputs = [tf.constant(program.input_values(i)) for i in range(len(program.input_specs()))]
    with observe.watch("build"):
        first = [layers.call(i, inputs, False) for i in range(len(program.calls))]
    observe.fact("variables", [facts.describe_variable(v) for v in layers.variables()])
    observe.fact("trainable", [facts.bare_name(v) for v in layers.trainable_variables()])
    for i, y in enumerate(first):
        observe.array("first/y%d" % i, y.numpy())
    if program.case["start"] == "set":
        _set_start(program, layers.variables())
    else:
        _record_variables("initial", layers, observe)
    step = _Step(program, layers)
    run_step = step.in_function if in_function else step
    with Life(layers.layers.values(), layers.variables()) as life:
        for number, name in enumerate(program.steps):
            with observe.watch(name if name in LIFE else "run"):
                result = life.change(name) if name in LIFE else run_step(inputs, number, name == "train")
            if name not in LIFE:
                _record(result, number, observe)
                _train(program, layers, result)
            _record_variables("s%d" % number, layers, observe)
    for key, value in step.facts.items():
        observe.fact(key, value)


class _Layers:
    """The layers of a program; in the function form each call has the layer that the function would make."""

    def __init__(self, program, subject):
        self.program, self.subject = program, subject
        self.layers = {}

    def call(self, index, inputs, fed):
        """The output of one call of the program."""
        call = self.program.calls[index]
        layer = self._layer(index, call)
        training = training_value(call["training"], fed)
        at_call = {} if training is OMITTED else {"training": training}
        if self.program.case.get("mask"):
            at_call["mask"] = self.program.mask(call["input"])
        with scopes(call["scope"], self.program.context):
            return layer(inputs[call["input"]], **at_call)

    def _layer(self, index, call):
        key = call["layer"] or ("shared" if self.program.case.get("form") == "class" else index)
        if key not in self.layers:
            positional, args = self.program.arguments(call)
            with scopes(call["scope"], self.program.context):
                self.layers[key] = self.subject.BatchNormalization(*positional, **args)
        return self.layers[key]

    def variables(self):
        """TensorFlow's variables of all layers, in order of creation of the layers."""
        return [_tf_variable(v) for layer in self.layers.values() for v in layer.variables]

    def trainable_variables(self):
        """Those that training changes."""
        return [_tf_variable(v) for layer in self.layers.values() for v in layer.trainable_variables]

    def losses(self):
        """Regularization losses of all layers."""
        return [loss for layer in self.layers.values() for loss in layer.losses]


def _tf_variable(variable):
    """The TensorFlow variable behind a Keras 3 variable, or the variable itself."""
    return variable if isinstance(variable, tf.Variable) else variable.value


class _Step:
    """Forward, gradients and moving averages of one step; knows what a traced step looked like."""

    def __init__(self, program, layers):
        self.program, self.layers = program, layers
        self.facts = {}
        self._traced = {}

    def __call__(self, inputs, number, training):
        """Runs eagerly; `training` is a Python bool."""
        weights = self._weights(number, inputs)
        return self._compute(inputs, weights, training)

    def in_function(self, inputs, number, training):
        """Runs in `tf.function`; `training` is a tensor argument."""
        weights = self._weights(number, inputs)
        key = tuple(layer.trainable for layer in self.layers.layers.values())  # traced anew once it is frozen
        if key not in self._traced:
            signature = [
                [tf.TensorSpec(self.program.static_shape(i), x.dtype) for i, x in enumerate(inputs)],
                [tf.TensorSpec(None, w.dtype) for w in weights],
                tf.TensorSpec([], tf.bool),
            ]
            self._traced[key] = tf.function(self._compute, input_signature=signature, autograph=False)
            concrete = self._traced[key].get_concrete_function()
            self.facts["batch_norm_ops"] = facts.batch_norm_ops(concrete.graph.as_graph_def())
            self.facts["outputs"] = self._outputs
        return self._traced[key](inputs, weights, tf.constant(training))

    def _weights(self, number, inputs):
        shapes = [inputs[call["input"]] for call in self.program.calls]
        return [tf.constant(weights_like(self.program.id, i, number, tuple(x.shape))) for i, x in enumerate(shapes)]

    def _compute(self, inputs, weights, training):
        trainable = self.layers.trainable_variables()
        targets = list(inputs) + trainable
        names = ["x%d" % i for i in range(len(inputs))] + [facts.bare_name(v) for v in trainable]
        second_order = self.program.case.get("second_order", False)
        with _tape(inputs, second_order) as outer:
            with _tape(inputs, True) as inner:
                outputs = [self.layers.call(i, inputs, training) for i in range(len(self.program.calls))]
            weights = [tf.cast(w, y.dtype) for w, y in zip(weights, outputs)]
            gradients = inner.gradient(outputs, targets, output_gradients=weights)
        self._outputs = [facts.of_tensor(y) for y in outputs]
        self.facts["no_gradient"] = [name for name, g in zip(names, gradients) if g is None]
        second = outer.gradient(gradients[0], targets, output_gradients=weights[0]) if second_order else []
        return {
            "y": outputs,
            "d": {name: tf.convert_to_tensor(g) for name, g in zip(names, gradients) if g is not None},
            "d2": {name: g for name, g in zip(names, second) if g is not None},
            "loss": [tf.convert_to_tensor(loss) for loss in self.layers.losses()],
        }


@contextlib.contextmanager
def _tape(inputs, wanted):
    """A gradient tape that watches the inputs, or None where none is wanted."""
    if not wanted:
        yield None
        return
    with tf.GradientTape() as tape:
        for x in inputs:
            tape.watch(x)
        yield tape


def _record(result, number, observe):
    for i, y in enumerate(result["y"]):
        observe.array("s%d/y%d" % (number, i), y.numpy())
    for kind in ("d", "d2"):
        for name in sorted(result[kind]):
            observe.array("s%d/%s:%s" % (number, kind, name), result[kind][name].numpy())
    for i, loss in enumerate(result["loss"]):
        observe.array("s%d/loss%d" % (number, i), loss.numpy())


def _train(program, layers, result):
    """Gradient descent on the weighted outputs, then the constraints, as an optimizer does."""
    if "train_op" not in program.case:
        return
    for layer in layers.layers.values():
        for variable in layer.trainable_variables:
            target = _tf_variable(variable)
            target.assign_sub(0.25 * result["d"][facts.bare_name(target)])
            if variable.constraint is not None:
                target.assign(variable.constraint(target))


def _set_start(program, variables):
    counts = {}
    for variable in variables:
        leaf = leaf_name(variable.name)
        position = counts.setdefault(leaf, 0)
        counts[leaf] += 1
        start = start_value(program.id, variable.name, position, tuple(variable.shape.as_list()))
        variable.assign(cast(start, variable.dtype.base_dtype))


def _record_variables(prefix, layers, observe):
    for variable in layers.variables():
        observe.array("%s/v:%s" % (prefix, facts.bare_name(variable)), variable.numpy())
