"""From the arguments of contrib's `batch_norm` to those of tf.layers."""

from typing import Callable, List, Optional, Sequence, Tuple

import libcst as cst

from tfcompat.migrate.rewrite.arguments import Named, bind, by_name, is_name, literal, new, source_of
from tfcompat.migrate.rewrite.names import Resolver, dotted
from tfcompat.migrate.rewrite.report import Remark, note, reason
from tfcompat.migrate.rewrite.signatures import (
    CONTRIB_AXES,
    CONTRIB_DEFAULTS,
    CONTRIB_DICTS,
    CONTRIB_NAMES,
    CONTRIB_ONLY,
    CONTRIB_ORDER,
)

_CURES = {
    "activation_fn": "call it on the result",
    "zero_debias_moving_mean": "the averages of tfcompat are not debiased",
}


def veto(named: Sequence[Named], is_update_ops: Callable[[cst.BaseExpression], bool]) -> Optional[Remark]:
    """Why arguments have no equivalent in tf.layers, if one has none."""
    for name, arg in named:
        if name in CONTRIB_ONLY and not is_name(arg.value, CONTRIB_ONLY[name]):
            return reason("argument", name=name, cure=_CURES.get(name, "take it out of the call first"))
        if name == "updates_collections" and not (is_name(arg.value, "None") or is_update_ops(arg.value)):
            return reason("collections", value=source_of(arg.value))
        if name == "data_format" and literal(arg.value) not in CONTRIB_AXES:
            return reason("data-format", value=source_of(arg.value))
        if name in CONTRIB_DICTS and _items(name, arg.value) is None:
            return reason("dict", name=name, keys=", ".join(CONTRIB_DICTS[name][1]))
        if name == "scope" and literal(arg.value) == "":
            return reason("argument", name="an empty scope", cure="give a name")
    return None


def translated(named: Sequence[Named]) -> List[Named]:
    """Arguments by the names of tf.layers, contrib's other defaults written out."""
    found = [one for given in named for one in _translated(given)]
    names = [one.name for one in found]
    return found + [new(name, value) for name, value in CONTRIB_DEFAULTS if name not in names]


def has_scope(named: Sequence[Named]) -> bool:
    """Whether the call names its variable scope."""
    return any(one.name == "scope" and not is_name(one.arg.value, "None") for one in named)


def notes(named: Sequence[Named]) -> List[Remark]:
    """What to know about the call after the translation."""
    found = [] if _never_fused(named) else [note("contrib-rank-2")]
    if any(one.name == "updates_collections" and is_name(one.arg.value, "None") for one in named):
        found.append(note("contrib-immediate"))
    found.append(note("contrib-collection"))
    if not any(one.name == "scope" and _is_string(one.arg.value) for one in named):
        found.append(note("contrib-scope"))
    return [*found, note("contrib-arg-scope")]


def _never_fused(named: Sequence[Named]) -> bool:
    never = {"fused": "False", "renorm": "True"}
    return any(one.name in never and is_name(one.arg.value, never[one.name]) for one in named)


def _translated(one: Named) -> List[Named]:
    name, arg = one
    if name == "updates_collections":
        return [new("updates", '"immediate"')] if is_name(arg.value, "None") else []
    if name in CONTRIB_ONLY or (name == "fused" and is_name(arg.value, "None")):
        return []
    if name in CONTRIB_DICTS:
        ending = CONTRIB_DICTS[name][0]
        return [new("{}_{}".format(key, ending), value) for key, value in _items(name, arg.value) or ()]
    if name == "data_format":
        axis = CONTRIB_AXES.get(literal(arg.value) or "")
        return [Named("axis", by_name(Named("axis", arg.with_changes(value=cst.Integer(axis)))))] if axis else []
    if name == "scope":
        return [] if is_name(arg.value, "None") else [Named("name", arg.with_changes(value=_name_of(arg.value)))]
    return [Named(CONTRIB_NAMES.get(name, name), arg)]


def _name_of(scope: cst.BaseExpression) -> cst.BaseExpression:
    """A scope as a name: contrib says BatchNorm for a None, tf.layers would say batch_normalization."""
    if _is_string(scope):
        return scope
    return cst.BooleanOperation(_in_parentheses(scope), cst.Or(), cst.SimpleString('"BatchNorm"'))


def _is_string(node: cst.BaseExpression) -> bool:
    """Whether an expression is a string that is put together here, and so not None."""
    if isinstance(node, cst.BinaryOperation):
        return _is_string(node.left) or _is_string(node.right)
    function = node.func if isinstance(node, cst.Call) else None
    formats = isinstance(function, cst.Attribute) and literal(function.value) is not None
    return formats or isinstance(node, (cst.BaseString, cst.FormattedString))


def _in_parentheses(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression as an operand."""
    if isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Subscript)) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _items(name: str, value: cst.BaseExpression) -> Optional[List[Tuple[str, cst.BaseExpression]]]:
    """Keys and values of a dict that is written out with keys that contrib knows, else None."""
    if is_name(value, "None"):
        return []
    if not isinstance(value, cst.Dict):
        return None
    found = []
    for element in value.elements:
        key = literal(element.key) if isinstance(element, cst.DictElement) else None
        if key not in CONTRIB_DICTS[name][1]:
            return None
        found.append((str(key), element.value))
    return found


class ContribCalls(cst.CSTVisitor):
    """Looks for calls without a scope, and for an `arg_scope` that sets defaults of batch_norm, or may."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__()
        self._resolver = resolver
        self.arg_scope = False
        self.unscoped: List[cst.Call] = []

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 -- LibCST's name
        """Every call tells what it is."""
        if self._resolver.meaning(node.func).kind == "contrib":
            named = bind(node, CONTRIB_ORDER, "")
            if isinstance(named, Remark) or not has_scope(named):
                self.unscoped.append(node)
        elif (dotted(node.func) or "").split(".")[-1] == "arg_scope" and node.args:
            self.arg_scope = self.arg_scope or self._is_over_batch_norm(node.args[0].value)

    def _is_over_batch_norm(self, over: cst.BaseExpression) -> bool:
        """Whether the list has batch_norm, or it is a scope that was made elsewhere."""
        if not isinstance(over, (cst.List, cst.Tuple)):
            return True
        return "contrib" in [self._resolver.meaning(element.value).kind for element in over.elements]
