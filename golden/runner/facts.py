"""Structural facts of a graph or of eager variables, JSON-ready."""

import collections

from golden.runner.host import tf1

#: Collections whose members are variables; of every other one the facts keep the op types.
_VARIABLE_COLLECTIONS = (
    "variables",
    "trainable_variables",
    "local_variables",
    "model_variables",
    "moving_average_variables",
)


def bare_name(variable):
    """A variable's name without its output number."""
    return variable.name.split(":")[0]


def shape_list(shape):
    """A TensorShape as a list with None for unknown, or None for unknown rank."""
    return None if shape.ndims is None else [None if n is None else int(n) for n in shape.as_list()]


def describe_variable(variable):
    """[name, dtype, shape, class] of a `tf.Variable`."""
    return [
        bare_name(variable),
        variable.dtype.base_dtype.name,
        shape_list(variable.get_shape()),
        _class_name(variable),
    ]


def _class_name(variable):
    """`ref` or `resource`: what a checkpoint and an optimizer see."""
    return "ref" if variable.dtype._is_ref_dtype else "resource"


def of_graph(graph):
    """Collections and BatchNorm operations of a graph."""
    collections_ = {}
    for key in graph.get_all_collection_keys():
        if not isinstance(key, str) or key.startswith("_") or key in ("cond_context", "while_context"):
            continue
        members = graph.get_collection(key)
        if key in _VARIABLE_COLLECTIONS:
            collections_[key] = [bare_name(v) for v in members]
        else:
            collections_[key] = [_op_type(member) for member in members]
    return {"collections": collections_, "batch_norm_ops": batch_norm_ops(graph.as_graph_def(add_shapes=False))}


def _op_type(member):
    operation = getattr(member, "op", member)
    return str(getattr(operation, "type", type(member).__name__))


def batch_norm_ops(graph_def):
    """Sorted types of the fused batch normalization operations, forward and gradient, functions included."""
    types = {node.op for node in graph_def.node}
    for function in graph_def.library.function:
        types.update(node.op for node in function.node_def)
    return sorted(kind for kind in types if "BatchNorm" in kind)


def of_tensor(tensor):
    """[dtype, static shape] of an output."""
    return [tensor.dtype.base_dtype.name, shape_list(tensor.get_shape())]


def of_layer(layer):
    """What the class form shows of itself in a graph."""
    facts = collections.OrderedDict()
    facts["variables"] = [bare_name(v) for v in layer.variables]
    facts["trainable_variables"] = [bare_name(v) for v in layer.trainable_variables]
    facts["updates"] = len(layer.updates)
    facts["losses"] = len(layer.losses)
    facts["scope_name"] = layer.scope_name if hasattr(type(layer), "scope_name") else None
    return facts


def regularization_losses():
    """The tensors of the collection of regularization losses of the default graph."""
    return tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES)
