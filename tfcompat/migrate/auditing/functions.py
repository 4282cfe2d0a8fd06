"""The functions that a TF2 SavedModel has beside its signatures, called from a graph so that they can be looked at."""

from typing import Any, Dict


def calling_functions(meta: Any) -> Any:
    """A copy of the GraphDef of a MetaGraph that calls every concrete function of its object graph.

    What a user gives a function becomes a placeholder; its variables become those of the object graph.
    """
    definition = type(meta.graph_def)()
    definition.CopyFrom(meta.graph_def)
    functions = {function.signature.name: function for function in definition.library.function}
    variables = _Variables(definition, meta.object_graph_def)
    for name, concrete in sorted(meta.object_graph_def.concrete_functions.items()):
        if name in functions:
            _call(definition, functions[name].signature, list(concrete.bound_inputs), variables)
    return definition


class _Variables:
    """The nodes of the variables of an object graph."""

    def __init__(self, definition: Any, objects: Any):
        self._definition = definition
        self._objects = objects
        self._known = {node.name for node in definition.node if node.op != "VarHandleOp"}
        self._there = {node.name for node in definition.node if node.op == "VarHandleOp"}
        self._names: Dict[int, str] = {}

    def node(self, index: int) -> str:
        """The name of the node of what a function is bound to, which is added where it is not there."""
        if index not in self._names:
            variable = self._objects.nodes[index].variable
            name = variable.name or "object"
            name = "{}_{}".format(name, index) if name in self._known else name
            self._known.add(name)
            self._names[index] = name
            if name not in self._there:
                node = self._definition.node.add(name=name, op="VarHandleOp" if variable.name else "Placeholder")
                node.attr["shape"].shape.CopyFrom(variable.shape)
        return self._names[index]


def _call(definition: Any, signature: Any, bound: Any, variables: _Variables) -> None:
    call = definition.node.add(name="function/" + signature.name, op="StatefulPartitionedCall")
    call.attr["f"].func.name = signature.name
    given = len(signature.input_arg) - len(bound)
    for argument in signature.input_arg[:given]:
        name = "input/{}/{}".format(signature.name, argument.name)
        definition.node.add(name=name, op="Placeholder")
        call.input.append(name)
    call.input.extend(variables.node(index) for index in bound)
