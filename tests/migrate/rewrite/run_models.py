"""Runs the models of the cases in v1 graphs, before and after, and prints what they did as JSON.

Neither LibCST nor tfcompat's rewriter is needed: what runs is what the case files say.
"""

import hashlib
import inspect
import json
import sys

import numpy as np
import rewrite_cases
import tensorflow as tf

tf1 = tf.compat.v1


data = np.random.RandomState(7).uniform(-2, 3, [4, 3, 3, 2]).astype("float32")


def loaded(source):
    space = {"__name__": "a_case"}
    exec(compile(source, "a_case", "exec"), space)
    return space["model"]


def run_eagerly(source, python_training):
    """The hash of the output of a first training step."""
    return digest(loaded(source)(tf.constant(data * 2), True).numpy())


def run(source, python_training):
    """Names of variables, number of updates, and hashes of outputs and variables over two training steps."""
    model = loaded(source)
    one_thread = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf1.Graph().as_default(), tf1.Session(config=one_thread) as session:
        tf1.set_random_seed(1)
        x = tf1.placeholder(tf1.float32, data.shape)
        training = True if python_training else tf1.placeholder(tf1.bool, [])
        y = model(x, training)
        updates = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
        variables = tf1.global_variables()
        session.run(tf1.global_variables_initializer())
        found = []
        for step in (True, True, False):
            feed = {x: data * (1 + step)}
            feed.update({} if python_training else {training: step})
            found += [session.run(y, feed)]
            session.run(updates, feed)
            found += session.run(variables)
        names = [variable.name for variable in variables]
        trained = [variable.name for variable in tf1.trainable_variables()]
        losses = session.run(tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES))
    return {
        "variables": names,
        "trainable": trained,
        "updates": len(updates),
        "values": [digest(value) for value in found + losses],
    }


def digest(value):
    return hashlib.sha256(repr((value.dtype.str, value.shape)).encode() + value.tobytes()).hexdigest()[:16]


def attempt(source, python_training, run=run):
    try:
        return run(source, python_training)
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


def on_today(source):
    """A file of a contrib case, with the import that today's TensorFlow needs."""
    if hasattr(tf, "contrib"):
        return source
    return source.replace("import tensorflow as tf", "import tensorflow.compat.v1 as tf")


def main(sides):
    tf1.config.threading.set_intra_op_parallelism_threads(1)
    tf1.config.threading.set_inter_op_parallelism_threads(1)
    cases = rewrite_cases.all_cases("runs") if tf.executing_eagerly() and "before" not in sides else []
    eagerly = {case.name: attempt_eagerly(case) for case in cases}
    tf1.disable_v2_behavior()
    results = {}
    for case in rewrite_cases.all_cases("runs", "contrib"):
        sources = {"before": case.before, "graph": case.after("graph"), "keras": case.after("keras")}
        results[case.name] = {
            side: attempt(on_today(sources[side]), "python-training" in case.options) for side in sides_of(case, sides)
        }
    print(json.dumps({"models": results, "eagerly": eagerly, "contrib_arguments": contrib_arguments()}))


def attempt_eagerly(case):
    if "keras2" in case.options or not case.is_all_rewritten("keras"):
        return None
    return attempt(case.after("keras"), True, run_eagerly)


def sides_of(case, sides):
    """What a process runs: what was before and what runs on Keras 2 alone in one, the rest in the other."""
    only_here = case.kind == "contrib" or "keras2" in case.options
    if "before" in sides:
        return ["before", "graph", "keras"] if only_here else ["before", "graph"]
    return [] if only_here else sides


def contrib_arguments():
    """What contrib's function takes; None where there is no contrib."""
    if not hasattr(tf, "contrib"):
        return None
    return list(inspect.signature(tf.contrib.layers.batch_norm).parameters)


if __name__ == "__main__":
    main(sys.argv[1:])
