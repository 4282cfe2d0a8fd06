"""Runs a program in a graph with a session: the modes `graph-v1` and `graph-v2`."""

from golden.catalogue import LIFE
from golden.inputs import leaf_name, start_value, weights_like
from golden.runner import facts
from golden.runner.host import tf, tf1
from golden.runner.life import Life
from golden.runner.program import OMITTED, cast, scopes, training_value


class Built:
    """A built graph: placeholders, outputs, gradients, updates."""

    def __init__(self):
        self.graph = tf.Graph()
        self.inputs, self.outputs, self.weights = [], [], []
        self.layers = {}
        self.fed = None
        self.gradients, self.second = {}, {}
        self.train_op = None


def run(program, subject, observe):
    """Builds the program once and runs its steps.

    A step is three session runs: outputs and gradients, then the updates, then the variables.  An update never runs
      beside
    what reads the same variable.

    Args:
      program: a `Program`.
      subject: namespace with `batch_normalization` and `BatchNormalization`.
      observe: the `Recorder` that takes arrays, facts and the error that ends a case.
    """
    built = Built()
    with built.graph.as_default():
        with observe.watch("build"):
            _build(program, subject, built)
        _state_facts(built, observe)
        with observe.watch("gradient"):
            _differentiate(program, built, observe)
            if "train_op" in program.case:
                built.train_op = _train_op(built)
        with tf1.Session() as session:
            with observe.watch("initialize"):
                _initialize(program, session)
            if program.case["start"] != "set":
                _record_variables("initial", session, observe)
            _run_steps(program, built, session, observe)


def _run_steps(program, built, session, observe):
    with Life(built.layers.values(), tf1.global_variables(), session) as life:
        for number, name in enumerate(program.steps):
            with observe.watch(name if name in LIFE else "run"):
                if name in LIFE:
                    life.change(name)
                else:
                    _step(program, built, session, number, name == "train", observe)
            _record_variables("s%d" % number, session, observe)
    if any(name in LIFE for name in program.steps) and built.layers:
        observe.fact("layers_at_last", [facts.of_layer(built.layers[key]) for key in sorted(built.layers)])


def _build(program, subject, built):
    for index in range(len(program.input_specs())):
        built.inputs.append(
            tf1.placeholder(program.input_dtype(index), program.static_shape(index), name="x%d" % index)
        )
    built.fed = tf1.placeholder(tf.bool, [], name="training")
    for call in program.calls:
        with scopes(call["scope"], program.context):
            built.outputs.append(_inside(program, lambda c=call: _call(program, subject, built, c)))
    for y in built.outputs:
        built.weights.append(tf1.placeholder(y.dtype.base_dtype, None))


def _inside(program, call):
    """The call itself, or the call inside a control flow construct."""
    inside = program.case.get("inside")
    if inside == "cond":
        return tf1.cond(tf.constant(True), call, lambda: tf.zeros(program.case["input"]["shape"]))
    if inside == "while":
        _, result = tf1.while_loop(
            lambda i, y: i < 1,
            lambda i, y: (i + 1, call()),
            [tf.constant(0), tf.zeros(program.case["input"]["shape"])],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape(None)],
        )
        return result
    return call()


def _call(program, subject, built, call):
    x = built.inputs[call["input"]]
    positional, args = program.arguments(call)
    training = training_value(call["training"], built.fed)
    at_call = {} if training is OMITTED else {"training": training}
    if call["layer"] is None and program.case.get("form") != "class":
        return subject.batch_normalization(x, *positional, **dict(args, **at_call))
    key = call["layer"] or 0
    if key not in built.layers:
        built.layers[key] = subject.BatchNormalization(*positional, **args)
    if program.case.get("mask"):
        at_call["mask"] = program.mask(call["input"])
    if program.case.get("call_with") == "apply":
        return built.layers[key].apply(x, **at_call)
    return built.layers[key](x, **at_call)


def _state_facts(built, observe):
    observe.fact("variables", [facts.describe_variable(v) for v in tf1.global_variables()])
    observe.fact("outputs", [facts.of_tensor(y) for y in built.outputs])
    for key, value in facts.of_graph(built.graph).items():
        observe.fact(key, value)
    if built.layers:
        observe.fact("layers", [facts.of_layer(built.layers[key]) for key in sorted(built.layers)])


def _differentiate(program, built, observe):
    targets = built.inputs + tf1.trainable_variables()
    names = ["x%d" % i for i in range(len(built.inputs))] + [facts.bare_name(v) for v in tf1.trainable_variables()]
    gradients = tf.gradients(built.outputs, targets, grad_ys=built.weights)
    observe.fact("no_gradient", [name for name, g in zip(names, gradients) if g is None])
    built.gradients = {name: g for name, g in zip(names, gradients) if g is not None}
    observe.fact("gradient_ops", facts.batch_norm_ops(built.graph.as_graph_def(add_shapes=False)))
    if program.case.get("second_order"):
        dx = built.gradients["x0"]
        second = tf.gradients(dx, targets, grad_ys=tf.ones_like(dx) * built.weights[0])
        built.second = {name: g for name, g in zip(names, second) if g is not None}


def _train_op(built):
    """A step of gradient descent that waits for the update operations, as the function's documentation asks."""
    loss = tf.add_n([tf.reduce_sum(y * w) for y, w in zip(built.outputs, built.weights)])
    losses = facts.regularization_losses()
    if losses:
        loss += tf.add_n(losses)
    with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        return tf1.train.GradientDescentOptimizer(0.25).minimize(loss)


def _initialize(program, session):
    """Initializes every variable; where the case sets its start, from the generated values."""
    feed, counts = {}, {}
    for variable in tf1.global_variables() if program.case["start"] == "set" else ():
        leaf = leaf_name(variable.name)
        position = counts.setdefault(leaf, 0)
        counts[leaf] += 1
        start = start_value(program.id, variable.name, position, tuple(variable.get_shape().as_list()))
        feed[variable.initializer.inputs[1]] = cast(start, variable.dtype.base_dtype)
    session.run(tf1.global_variables_initializer(), feed)


def _step(program, built, session, number, training, observe):
    feed = {x: program.input_values(i) for i, x in enumerate(built.inputs)}
    feed[built.fed] = training
    for i, (call, w) in enumerate(zip(program.calls, built.weights)):
        shape = feed[built.inputs[call["input"]]].shape
        feed[w] = cast(weights_like(program.id, i, number, shape), w.dtype)
    fetches = [("y%d" % i, y) for i, y in enumerate(built.outputs)]
    fetches += [("d:" + name, built.gradients[name]) for name in sorted(built.gradients)]
    fetches += [("d2:" + name, built.second[name]) for name in sorted(built.second)]
    fetches += [("loss%d" % i, loss) for i, loss in enumerate(facts.regularization_losses())]
    for (name, _), value in zip(fetches, session.run([tensor for _, tensor in fetches], feed)):
        observe.array("s%d/%s" % (number, name), value)
    session.run(built.train_op or tf1.get_collection(tf1.GraphKeys.UPDATE_OPS), feed)


def _record_variables(prefix, session, observe):
    variables = tf1.global_variables()
    for variable, value in zip(variables, session.run(variables)):
        observe.array("%s/v:%s" % (prefix, facts.bare_name(variable)), value)
