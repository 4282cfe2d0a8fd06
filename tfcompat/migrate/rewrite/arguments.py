"""Arguments of a call by name, and calls made of them, keeping what is written around each."""

from typing import List, NamedTuple, Optional, Sequence, Union

import libcst as cst
from libcst import matchers

from tfcompat.migrate.rewrite.report import Remark, reason
from tfcompat.migrate.rewrite.signatures import class_order

_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_NO_SPACE = cst.SimpleWhitespace("")
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


class Named(NamedTuple):
    """An argument as it is written, and what it is."""

    name: str
    arg: cst.Arg


def bind(call: cst.Call, order: Sequence[str], source: str) -> Union[List[Named], Remark]:
    """The arguments of a call by name, or why they cannot be told."""
    found: List[Named] = []
    for index, arg in enumerate(call.args):
        if arg.star:
            return reason("passed-unnamed", given=source_of(arg.value, arg.star))
        if arg.keyword is None and index >= len(order):
            return reason("unknown-argument", name="position {}".format(index + 1), source=source)
        name = order[index] if arg.keyword is None else arg.keyword.value
        if name not in order or name in [other.name for other in found]:
            return reason("unknown-argument", name=name, source=source)
        found.append(Named(name, arg))
    return found if "inputs" in [one.name for one in found] else reason("no-inputs")


def by_name(named: Named) -> cst.Arg:
    """The argument, given by name."""
    arg = named.arg
    equal = arg.equal if arg.keyword is not None else _EQUAL
    return arg.with_changes(keyword=cst.Name(named.name), equal=equal)


def new(name: str, value: Union[str, cst.BaseExpression]) -> Named:
    """An argument that was not written."""
    expression = cst.parse_expression(value) if isinstance(value, str) else value
    return Named(name, cst.Arg(expression, keyword=cst.Name(name), equal=_EQUAL))


def graph_call(callee: cst.BaseExpression, named: Sequence[Named], call: cst.Call) -> cst.Call:
    """`callee(inputs, ...)`: inputs as they are written, everything else by name."""
    args = [one.arg if one.name == "inputs" else by_name(one) for one in named]
    return call.with_changes(func=callee, args=joined(args, call))


def keras_call(callee: cst.BaseExpression, named: Sequence[Named], call: cst.Call) -> cst.Call:
    """`callee(...)(inputs, training=...)`."""
    given = {one.name: one for one in named}
    order = class_order()
    layer = [one for one in named if one.name not in ("inputs", "training", "reuse")]
    args = [
        one.arg if one.arg.keyword is None and order[index] == one.name else by_name(one)
        for index, one in enumerate(layer)
    ]
    before = call.whitespace_before_args if args else _NO_SPACE
    made = cst.Call(callee, joined(args, call), whitespace_before_args=before)
    training = by_name(given["training"] if "training" in given else new("training", "False"))
    inputs = given["inputs"].arg.with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT)
    plain = {"whitespace_after_arg": _NO_SPACE, "comma": cst.MaybeSentinel.DEFAULT}
    called = [inputs.with_changes(**{**plain, "comma": _COMMA}), training.with_changes(**plain)]
    return call.with_changes(func=made, args=called, whitespace_before_args=_NO_SPACE)


def joined(args: Sequence[cst.Arg], call: cst.Call) -> List[cst.Arg]:
    """Arguments with what is between them as in `call`, and what ends them as its last one is ended."""
    if not args or not call.args:
        return list(args)
    end, separator = call.args[-1], _separator(call)
    ends = {"comma": end.comma, "whitespace_after_arg": end.whitespace_after_arg}
    *others, last = args
    return [_separated(arg, end, separator) for arg in others] + [last.with_changes(**ends)]


def _separated(arg: cst.Arg, end: cst.Arg, separator: cst.Comma) -> cst.Arg:
    if isinstance(arg.comma, cst.Comma) and arg.comma is not end.comma:
        return arg
    return arg.with_changes(comma=separator, whitespace_after_arg=_NO_SPACE)


def _separator(call: cst.Call) -> cst.Comma:
    """What is between the last two arguments, or before a single one, without its comments."""
    comma = call.args[-2].comma if len(call.args) > 1 else None
    space = comma.whitespace_after if isinstance(comma, cst.Comma) else call.whitespace_before_args
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return _COMMA
    line = cst.TrailingWhitespace(newline=space.first_line.newline)
    return cst.Comma(whitespace_after=space.with_changes(first_line=line, empty_lines=[]))


def source_of(node: cst.CSTNode, before: str = "") -> str:
    """A piece of code on one line, of at most 60 characters."""
    text = before + " ".join(cst.Module([]).code_for_node(node).split())
    return text if len(text) <= 60 else text[:57] + "..."


def literal(node: cst.BaseExpression) -> Optional[str]:
    """The text of a string that is written out, also in pieces; else None."""
    value = node.evaluated_value if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)) else None
    return value if isinstance(value, str) else None


def is_name(node: cst.BaseExpression, *names: str) -> bool:
    """Whether an expression is one of these names, for example None."""
    return isinstance(node, cst.Name) and node.value in names


def comments_of(node: cst.CSTNode) -> List[str]:
    """Comments inside of an expression."""
    return [found.value for found in matchers.findall(node, matchers.Comment()) if isinstance(found, cst.Comment)]
