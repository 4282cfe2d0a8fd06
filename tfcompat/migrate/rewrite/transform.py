"""Carries a plan out; what it does not name keeps every byte."""

from typing import Any, List, Sequence, Union

import libcst as cst

from tfcompat.migrate.rewrite.imports import import_of, is_docstring
from tfcompat.migrate.rewrite.plan import Plan

Small = Union[cst.BaseSmallStatement, cst.FlattenSentinel[cst.BaseSmallStatement], cst.RemovalSentinel]


class Transformer(cst.CSTTransformer):
    """Rewrites the nodes that a plan names."""

    def __init__(self, plan: Plan, module: cst.Module) -> None:
        super().__init__()
        self._plan, self._module = plan, module

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Puts `import tfcompat` beside the statement that the plan names."""
        result = super().on_leave(original_node, updated_node)
        place = self._plan.added
        if place is None or place.statement is not original_node:
            return result
        line = cst.SimpleStatementLine([import_of(self._plan.prefix)])
        if place.after:
            return cst.FlattenSentinel([*_several(result), line])
        first = self._module.body[0]
        if is_docstring(first) and original_node is self._module.body[1]:
            line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        blank = [cst.EmptyLine(indent=False)] * _blank_lines_before(original_node)
        follow = [one.with_changes(leading_lines=[*blank, *one.leading_lines]) for one in _several(result)[:1]]
        return cst.FlattenSentinel([line, *follow, *_several(result)[1:]])

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        """A call that is rewritten."""
        rewrite = self._plan.calls.get(original_node)
        return updated_node if rewrite is None else rewrite.build(updated_node)

    def leave_Attribute(  # noqa: N802
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        """A name that is not called."""
        target = self._plan.references.get(original_node)
        if target is None:
            return updated_node
        new = cst.Attribute(cst.Name(self._plan.prefix), cst.Name(target))
        return new.with_changes(lpar=updated_node.lpar, rpar=updated_node.rpar)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> Small:  # noqa: N802
        """An import in a line with other statements; one with a line of its own is done with its line."""
        if original_node not in self._plan.imports:
            return updated_node
        statements = self._statements(original_node, updated_node)
        if not statements:
            return cst.RemoveFromParent()
        return statements[0] if len(statements) == 1 else cst.FlattenSentinel(statements)

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        """An import with a line of its own becomes lines."""
        node = original_node.body[0]
        if len(original_node.body) > 1 or not isinstance(node, cst.ImportFrom) or node not in self._plan.imports:
            return updated_node
        statements = self._statements(node, node)
        if not statements:
            return cst.RemoveFromParent()
        lines = [updated_node.with_changes(body=statements[:1])]
        lines += [cst.SimpleStatementLine([statement]) for statement in statements[1:]]
        return lines[0] if len(lines) == 1 else cst.FlattenSentinel(lines)

    def _statements(self, original: cst.ImportFrom, updated: cst.ImportFrom) -> List[cst.BaseSmallStatement]:
        found = self._plan.imports[original].statements(updated)
        return found or ([import_of(self._plan.prefix)] if original is self._plan.carrier else [])


def _blank_lines_before(statement: Any) -> int:
    """How many blank lines a statement needs after an import, beside what it has."""
    if isinstance(statement, cst.SimpleStatementLine) or statement.leading_lines:
        return 0
    return 2 if isinstance(statement, (cst.FunctionDef, cst.ClassDef)) else 1


def _several(result: Any) -> Sequence[Any]:
    """What a visit gave, as a sequence."""
    if isinstance(result, cst.RemovalSentinel):
        return ()
    return tuple(result) if isinstance(result, cst.FlattenSentinel) else (result,)
