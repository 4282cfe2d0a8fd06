"""Lays out the functions that a graph calls, so that TF2's control flow and calls look like those of TF1.

A call becomes its body between Identities; `If` becomes Switch and Merge, `While` becomes Enter, as `tf.cond` and
`tf.while_loop` made them in a v1 graph.  The bodies' nodes are named `CALL/NODE`.
"""

from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

_IFS = ("If", "StatelessIf")
_WHILES = ("While", "StatelessWhile")

#: The attributes that name the functions that an operation calls.
_CALLED = {
    **dict.fromkeys(("PartitionedCall", "StatefulPartitionedCall"), ("f",)),
    **dict.fromkeys(_IFS, ("then_branch", "else_branch")),
    **dict.fromkeys(_WHILES, ("cond", "body")),
}

#: The ports of outputs that functions name, where there are several; the first is 0 whatever its name.
_PORTS = {"batch_mean": 1, "batch_variance": 2, "reserve_space_1": 3, "reserve_space_2": 4, "reserve_space_3": 5}


#: What the bodies of functions may take when they are laid out, about as many bytes: functions that call others twice
#: are twice as many nodes at each step, and a small file could ask for any number.
_ROOM, _EACH = 2**26, 256


class Ref(NamedTuple):
    """An output of a node."""

    name: str
    port: int


class Node(NamedTuple):
    """A node of the flat graph.

    Attributes:
      inputs: the outputs that it takes.
      controls: the names of the nodes that run before it.
      attr: the attributes, as in the NodeDef.
      origin: function and name that it has in the function it comes from; the same for all calls of the function.
    """

    name: str
    op: str
    inputs: Tuple[Ref, ...]
    controls: Tuple[str, ...]
    attr: Mapping[str, Any]
    origin: Tuple[str, str]


def flatten(definition: Any) -> Dict[str, Node]:
    """The nodes of a GraphDef by name, with the bodies of the functions it calls.

    Raises:
      ValueError: the functions are too many, laid out, or a node is not as nodes are.
    """
    return _Layout({function.signature.name: function for function in definition.library.function}).of(definition)


class _Place(NamedTuple):
    """Where a call is laid out: its name and inputs in the flat graph, and the functions that it is in."""

    name: str
    inputs: Tuple[Ref, ...]
    controls: Tuple[str, ...]
    stack: Tuple[str, ...]


class _Layout:
    """Nodes, as they are laid out."""

    def __init__(self, functions: Mapping[str, Any]):
        self.functions = functions
        self.nodes: Dict[str, Node] = {}
        self._room = _ROOM

    def of(self, definition: Any) -> Dict[str, Node]:
        for node in definition.node:
            self.add(node, node.name, _ref, ())
        return self.nodes

    def put(self, name: str, op: str, inputs: Iterable[Ref], controls: Iterable[str] = ()) -> Ref:
        """Adds a node that stands between a call and its body."""
        self._take_room(name)
        self.nodes[name] = Node(name, op, tuple(inputs), tuple(controls), {}, ("", name))
        return Ref(name, 0)

    def add(self, node: Any, name: str, ref: Callable[[str], Ref], stack: Tuple[str, ...]) -> None:
        """Adds a node, or what it calls.

        Args:
          name: in the flat graph.
          ref: finds the output that an input of the node names.
          stack: the functions that are being laid out; one that calls itself is left as it is.
        """
        inputs = tuple(ref(text) for text in node.input if not text.startswith("^"))
        controls = tuple(ref(text[1:]).name for text in node.input if text.startswith("^"))
        place = _Place(name, inputs, controls, stack)
        called = [function for function in self.called(node) if function not in stack]
        if node.op in _IFS and len(called) == 2:
            self.conditional(called, place)
        elif node.op in _WHILES and len(called) == 2:
            self.call(called[1], place, "Enter")
        elif node.op not in _IFS + _WHILES and called:
            self.call(called[0], place, "Identity")
        else:
            self._take_room(name if stack else "")
            self.nodes[name] = Node(name, node.op, inputs, controls, node.attr, ((stack or ("",))[-1], node.name))

    def _take_room(self, name: str) -> None:
        """Counts a node that is laid out; those of the graph itself do not count, and come without a name."""
        self._room -= _EACH + len(name) if name else 0
        if self._room < 0:
            raise ValueError("the functions that it calls are too many to be looked at, {} bytes".format(_ROOM))

    def called(self, node: Any) -> List[str]:
        """The functions that a node calls: the body, or then and else, or condition and body."""
        if node.op in self.functions:
            return [node.op]
        found = [node.attr[key].func.name for key in _CALLED.get(node.op, ()) if key in node.attr]
        return [name for name in found if name in self.functions]

    def call(self, function: str, place: _Place, entered_by: str) -> None:
        outputs, ran = self.body(function, place.name, [(entered_by, (each,), 0) for each in place.inputs], place.stack)
        self.put(place.name, "IdentityN", outputs, place.controls + ran)

    def conditional(self, branches: List[str], place: _Place) -> None:
        both, ran = [], place.controls
        for branch, port in zip(branches, (1, 0)):
            arguments = [("Switch", (each, place.inputs[0]), port) for each in place.inputs[1:]]
            prefix = "{}/{}".format(place.name, ("else", "then")[port])
            outputs, also = self.body(branch, prefix, arguments, place.stack)
            both.append(outputs)
            ran += also
        merges = [self.put("{}/merge_{}".format(place.name, i), "Merge", pair) for i, pair in enumerate(zip(*both))]
        self.put(place.name, "IdentityN", merges, ran)

    def body(
        self, name: str, prefix: str, arguments: Sequence[Tuple[str, Tuple[Ref, ...], int]], stack: Tuple[str, ...]
    ) -> Tuple[List[Ref], Tuple[str, ...]]:
        """Lays out a function: its outputs, and what it runs beside them.

        Args:
          arguments: how each enters: by which operation, of what, and at which output of that.
        """
        function = self.functions[name]
        known: Dict[str, Ref] = {}
        for argument, (op, inputs, port) in zip(function.signature.input_arg, arguments):
            known[argument.name] = Ref(self.put("{}/{}".format(prefix, argument.name), op, inputs).name, port)

        def ref(text: str) -> Ref:
            parts = text.split(":")
            if parts[0] in known:
                return known[parts[0]]
            port = _PORTS.get(parts[1], 0) + int(parts[2]) if len(parts) == 3 else 0
            return Ref("{}/{}".format(prefix, parts[0]), port)

        for node in function.node_def:
            self.add(node, "{}/{}".format(prefix, node.name), ref, stack + (name,))
        outputs = [ref(function.ret[output.name]) for output in function.signature.output_arg]
        return outputs, tuple(ref(text).name for text in function.control_ret.values())


def _ref(text: str) -> Ref:
    name, _, port = text.partition(":")
    return Ref(name, int(port) if port else 0)
