"""What becomes of one call: how it is rewritten, or why it is left."""

import dataclasses
from typing import Callable, List, Optional, Tuple, Union

import libcst as cst

from tfcompat.migrate.rewrite import contrib
from tfcompat.migrate.rewrite.arguments import (
    Named,
    bind,
    by_name,
    comments_of,
    graph_call,
    is_name,
    keras_call,
    literal,
    source_of,
)
from tfcompat.migrate.rewrite.names import REPLACEMENTS
from tfcompat.migrate.rewrite.report import Remark, note, reason
from tfcompat.migrate.rewrite.signatures import (
    CONTRIB_ORDER,
    CURRENT,
    ORDERS,
    Release,
    function_order,
    same_in_all,
    same_until,
)

Build = Callable[[cst.Call], cst.BaseExpression]


@dataclasses.dataclass(frozen=True)
class Rewrite:
    """How to write a call: `build` makes the new one of the old one, whose arguments may be rewritten already.

    `target` is the name of tfcompat that the call uses now, without the package; `same` says that only the callee's
    name changes, `names_module` that the callee becomes a name of the module tfcompat even if it was a bare name.
    """

    target: str
    build: Build
    notes: Tuple[Remark, ...] = ()
    same: bool = False
    names_module: bool = False


Decision = Union[Rewrite, Remark]


def kept(call: cst.Call, kind: str, callee: cst.BaseExpression, release: Optional[Release]) -> Decision:
    """A call of tf.layers with the arguments that it has; as an earlier `release` reads them, where that is given."""
    positional = sum(arg.keyword is None and not arg.star for arg in call.args)
    limit = same_until(kind, release) if release else same_in_all(kind)
    stars = tuple(note("star-arguments", given=source_of(arg.value, arg.star)) for arg in call.args if arg.star)
    if positional <= limit:
        return Rewrite(REPLACEMENTS[kind], lambda new: new.with_changes(func=callee), stars, same=True)
    if release is None:
        notes = (note("positional-order", first=limit + 1),) + stars
        return Rewrite(REPLACEMENTS[kind], lambda new: new.with_changes(func=callee), notes, same=True)
    order = ORDERS[kind](min(release, CURRENT))
    if positional > len(order):
        return reason("unknown-argument", name="position {}".format(len(order) + 1), source=source_of(call.func))
    if any(arg.star == "*" for arg in call.args):
        return reason("passed-unnamed", given="*")

    def build(updated: cst.Call) -> cst.Call:
        named = [
            by_name(Named(order[index], arg)) if limit <= index < positional else arg
            for index, arg in enumerate(updated.args)
        ]
        return updated.with_changes(func=callee, args=named)

    written = note("positional-renamed", first=limit + 1, release="{}.{}".format(*release))
    return Rewrite(REPLACEMENTS[kind], build, (written,) + stars)


def from_contrib(
    call: cst.Call, prefix: str, style: str, is_update_ops: Callable[[cst.BaseExpression], bool]
) -> Decision:
    """A call of contrib's `batch_norm`."""
    named = bind(call, CONTRIB_ORDER, source_of(call.func))
    if isinstance(named, Remark):
        return named
    why = contrib.veto(named, is_update_ops)
    if why is not None:
        return why

    def rename(updated: cst.Call) -> List[Named]:
        again = bind(updated, CONTRIB_ORDER, "")
        return contrib.translated([] if isinstance(again, Remark) else again)

    notes = contrib.notes(named)
    if style == "keras":
        return as_keras(call, prefix, rename, notes)
    callee = cst.parse_expression(prefix + ".batch_normalization")
    return _checked(call, "batch_normalization", lambda updated: graph_call(callee, rename(updated), updated), notes)


def from_layers_to_keras(call: cst.Call, prefix: str, release: Optional[Release]) -> Decision:
    """A call of `tf.layers.batch_normalization` as a layer that is made and called."""
    order = function_order(min(release or CURRENT, CURRENT))
    named = bind(call, order, source_of(call.func))
    if isinstance(named, Remark):
        return named
    notes, limit = [], same_in_all("function")
    positional = sum(arg.keyword is None for arg in call.args)
    if release is None and positional > limit:
        notes.append(note("positional-order", first=limit + 1))
    if not any(one.name == "training" for one in named):
        notes.append(note("keras-training"))

    def rename(updated: cst.Call) -> List[Named]:
        again = bind(updated, order, "")
        return [] if isinstance(again, Remark) else again

    return as_keras(call, prefix, rename, notes)


def as_keras(call: cst.Call, prefix: str, rename: Callable[[cst.Call], List[Named]], notes: List[Remark]) -> Decision:
    """A call, whose arguments `rename` gives by the names of tf.layers, as a layer that is made and called."""
    named = {one.name: one.arg.value for one in rename(call)}
    if not is_name(named.get("reuse", cst.Name("None")), "None", "False"):
        return reason("reuse")
    if "/" in (literal(named.get("name", cst.Name("None"))) or ""):
        return reason("keras-name")
    callee = cst.parse_expression(prefix + ".BatchNormalization")
    before = [value for name, value in named.items() if name not in ("inputs", "training", "reuse")]
    after = [named["inputs"], named.get("training", cst.Name("False"))]
    if _calls_something(before) and _calls_something(after):
        notes = [*notes, note("evaluation-order")]
    notes = [*notes, note("keras-layer")]
    return _checked(call, "BatchNormalization", lambda updated: keras_call(callee, rename(updated), updated), notes)


def _checked(call: cst.Call, target: str, build: Build, notes: List[Remark]) -> Rewrite:
    """The rewriting, with a note where it drops a comment."""
    remain = comments_of(build(call))
    notes = notes + lost([text for text in comments_of(call) if text not in remain])
    return Rewrite(target, build, tuple(notes), names_module=True)


def lost(comments: List[str]) -> List[Remark]:
    """A note if there are comments that could not be kept."""
    return [note("comment-lost", comments=" ".join(comments))] if comments else []


def _calls_something(values: List[cst.BaseExpression]) -> bool:
    finder = _Calls()
    for value in values:
        value.visit(finder)
    return finder.any


class _Calls(cst.CSTVisitor):
    def __init__(self) -> None:
        self.any = False

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 -- LibCST's name
        self.any = True
