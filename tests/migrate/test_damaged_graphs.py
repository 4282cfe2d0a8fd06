"""Graphs that can be parsed and are not as TensorFlow writes them: each is audited, or refused in one line."""

import collections

import legacy
import pytest

from tfcompat.__main__ import main
from tfcompat.backend import protos
from tfcompat.migrate.auditing import flatten

FROZEN = legacy.MODELS / "renorm" / "frozen.pb"


def graph():
    return protos.GraphDef.FromString(FROZEN.read_bytes())


def with_functions(called_twice, length=1):
    """A graph that calls a function, which calls another one twice, and so on."""
    definition = graph()
    for number in range(called_twice):
        function = definition.library.function.add()
        function.signature.name = "f%d" % number
        for call in ("a", "b") if number + 1 < called_twice else ():
            function.node_def.add(name=call * length, op="f%d" % (number + 1))
    definition.node.add(name="call", op="f0")
    return definition


@pytest.fixture
def audited(tmp_path, capsys):
    """A function of a GraphDef: the status of `tfcompat audit`, and the line that refuses it."""

    def run(definition):
        path = tmp_path / "frozen.pb"
        path.write_bytes(definition.SerializeToString())
        status = main(["audit", str(path)])
        told = capsys.readouterr().err
        if status == 2:
            assert told.startswith("tfcompat: %s" % path) and told.count("\n") == 1
        else:
            assert told == ""
        return status, told

    return run


def without_inputs(node):
    del node.input[:]


def without_attributes(node):
    node.attr.clear()


def with_an_input_that_is_no_name(node):
    node.input[:] = ["x:y"] * len(node.input)


def as_its_own_input(node):
    node.input[:] = [node.name] * len(node.input)


def with_other_types_of_attributes(node):
    for value in node.attr.values():
        value.f = 0.5


def of_a_huge_constant(node):
    if node.op == "Const":
        node.attr["value"].tensor.tensor_shape.dim.add(size=2**40)


DAMAGES = (
    *(without_inputs, without_attributes, with_an_input_that_is_no_name, as_its_own_input),
    *(with_other_types_of_attributes, of_a_huge_constant),
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_each_node_may_be_damaged(damage, audited):
    statuses = collections.Counter()
    for number in range(len(graph().node)):
        definition = graph()
        damage(definition.node[number])
        statuses[audited(definition)[0]] += 1
    assert statuses[0] + statuses[1] > 0, "a node that matters to nothing is not looked at"
    assert set(statuses) <= {0, 1, 2}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_all_nodes_may_be_damaged(damage, audited):
    definition = graph()
    for node in definition.node:
        damage(node)
    assert audited(definition)[0] in (0, 2)


def test_input_that_is_not_there_is_told(audited):
    definition = graph()
    with_an_input_that_is_no_name(next(node for node in definition.node if node.input))
    status, told = audited(definition)
    assert status == 2 and "takes 'x:y', which is not there" in told


def test_output_of_a_node_that_is_no_number_is_told(audited):
    definition = graph()
    node = next(node for node in definition.node if node.input)
    node.input[0] += ":y"
    status, told = audited(definition)
    assert status == 2 and "is damaged, no release writes such a graph (invalid literal for int()" in told


def test_functions_that_would_fill_the_memory_are_refused(audited):
    status, told = audited(with_functions(64))
    assert status == 2 and "the functions that it calls are too many to be looked at" in told


def test_long_names_in_functions_count(audited):
    status, told = audited(with_functions(12, length=2**16))
    assert status == 2 and "the functions that it calls are too many to be looked at" in told


def test_functions_that_call_each_other_are_laid_out(audited):
    assert audited(with_functions(8))[0] == audited(graph())[0]
    assert len(flatten.flatten(with_functions(8))) > 2**8


def test_functions_that_are_nested_too_deep_are_refused(audited):
    definition = with_functions(2000)
    for function in definition.library.function:
        del function.node_def[1:]
    assert audited(definition)[0] == 2
