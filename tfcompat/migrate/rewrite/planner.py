"""Finds what names batch normalization in a file, and decides what becomes of it."""

import dataclasses
from typing import Dict, List, Mapping, Optional

import libcst as cst
from libcst.metadata import ExpressionContext

from tfcompat.migrate.rewrite.arguments import comments_of, literal, source_of
from tfcompat.migrate.rewrite.calls import Decision, Rewrite, from_contrib, from_layers_to_keras, kept, lost
from tfcompat.migrate.rewrite.contrib import ContribCalls
from tfcompat.migrate.rewrite.imports import FromImport, existing_prefix, free_prefix, place, targets_of
from tfcompat.migrate.rewrite.names import HOMES, REPLACEMENTS, TARGETS, UPDATE_OPS, Meaning, Resolver, dotted
from tfcompat.migrate.rewrite.plan import Plan, Surroundings
from tfcompat.migrate.rewrite.report import Remark, reason
from tfcompat.migrate.rewrite.signatures import Release

_BY_STRING = ("getattr", "hasattr", "setattr", "delattr")


@dataclasses.dataclass(frozen=True)
class Options:
    """How to rewrite: the style, and the release whose positional order the calls have (None: today's)."""

    style: str = "graph"
    release: Optional[Release] = None


class Planner(cst.CSTVisitor):
    """Visits a module once, and makes the plan of it."""

    def __init__(
        self,
        module: cst.Module,
        resolver: Resolver,
        where: Surroundings,
        contexts: Mapping[cst.CSTNode, Optional[ExpressionContext]],
        options: Options,
    ) -> None:
        super().__init__()
        self._module, self._resolver, self._where, self._options = module, resolver, where, options
        self._contexts = contexts
        self._existing = existing_prefix(module)
        self._plan = Plan(self._existing or free_prefix(resolver))
        self._uses: Dict[str, List[bool]] = {}
        self._imports: List[cst.ImportFrom] = []
        self._update_ops: List[cst.CSTNode] = []
        self._first_use = len(module.body)
        self._contrib = ContribCalls(resolver)
        module.visit(self._contrib)

    def plan(self) -> Plan:
        """Everything that is to be done in the module."""
        self._module.visit(self)
        for statement in self._imports:
            self._plan_import(statement)
        self._plan_added_import()
        if self._options.style == "keras" and self._plan.calls:
            for node in self._update_ops:
                self._leave(node, reason("update-ops"))
        self._plan.sites.sort(key=lambda site: (site.line, site.column))
        return self._plan

    def visit_Import(self, node: cst.Import) -> bool:  # noqa: N802 -- LibCST's name
        """What is imported is seen where it is used."""
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: N802
        """Imports are decided last, when all uses are known."""
        if targets_of(node):
            self._imports.append(node)
        return False

    def visit_Assign(self, node: cst.Assign) -> None:  # noqa: N802
        """A name in `__all__` is used by others."""
        if any(dotted(target.target) == "__all__" for target in node.targets):
            for element in node.value.elements if isinstance(node.value, (cst.List, cst.Tuple)) else ():
                self._uses.setdefault(literal(element.value) or "", []).append(False)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802
        """A string that is a full name, for example for `mock.patch`."""
        kind = TARGETS.get(literal(node) or "")
        if kind:
            self._leave(node, reason("dynamic", target=REPLACEMENTS[kind]))

    def visit_Call(self, node: cst.Call) -> bool:  # noqa: N802
        """A call of one of the functions, or of the class, or one that finds them by a string."""
        meaning = self._resolver.meaning(node.func)
        by_string = self._by_string(node)
        if by_string:
            self._leave(node, reason("dynamic", target=REPLACEMENTS[by_string]))
        elif meaning.kind:
            self._call(node, meaning)
        else:
            return True
        for arg in node.args[2 if by_string else 0 :]:
            arg.visit(self)
        return False

    def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: N802
        """A dotted name that is not called."""
        self._reference(node)
        node.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802
        """A name that is not called."""
        if self._contexts.get(node) is ExpressionContext.LOAD:
            self._reference(node)

    def _call(self, node: cst.Call, meaning: Meaning) -> None:
        bare = isinstance(node.func, cst.Name)
        decision = self._decision(node, meaning, bare)
        if isinstance(decision, Rewrite) and not meaning.sure and not (bare and decision.same):
            decision = self._ambiguous(node.func, meaning)
        self._used(node.func, isinstance(decision, Rewrite))
        if isinstance(decision, Remark):
            self._leave(node, decision, node.func)
            return
        if not (bare and decision.same):
            self._plan.calls[node] = decision
        if not bare or decision.names_module:
            self._first_use = min(self._first_use, self._where.top(node))
        if node in self._plan.calls or decision.notes:
            self._rewritten(node, node.func, decision.target, *decision.notes)

    def _decision(self, node: cst.Call, meaning: Meaning, bare: bool) -> Decision:
        prefix, style, release = self._plan.prefix, self._options.style, self._options.release
        if meaning.kind == "contrib":
            return self._contrib_decision(node)
        if meaning.kind == "function" and style == "keras":
            return from_layers_to_keras(node, prefix, release)
        kind = str(meaning.kind)
        callee = node.func if bare else cst.parse_expression("{}.{}".format(prefix, REPLACEMENTS[kind]))
        return kept(node, kind, callee, release)

    def _contrib_decision(self, node: cst.Call) -> Decision:
        if self._contrib.arg_scope:
            return reason("arg-scope")
        decision = from_contrib(node, self._plan.prefix, self._options.style, self._is_update_ops)
        if isinstance(decision, Remark) or node not in self._contrib.unscoped:
            return decision
        block, repeated = self._where.block(node)
        others = [other for other in self._contrib.unscoped if self._where.block(other)[0] is block]
        return reason("default-scope") if repeated or len(others) > 1 else decision

    def _reference(self, node: cst.BaseExpression) -> None:
        meaning = self._resolver.meaning(node)
        star = None if meaning.names else self._resolver.from_star(node)
        if star:
            self._leave(node, reason("star-import"))
        elif meaning.kind and self._contexts.get(node) is not ExpressionContext.LOAD:
            self._leave(node, reason("assigned"))
        elif meaning.kind:
            self._named(node, meaning)
        elif meaning.names & UPDATE_OPS and self._where.called(node) == "get_collection":
            self._update_ops.append(node)
        elif meaning.names & HOMES and self._is_passed(node):
            self._leave(node, reason("module-passed", source=source_of(node)))

    def _named(self, node: cst.BaseExpression, meaning: Meaning) -> None:
        bare, usage = isinstance(node, cst.Name), self._where.usage(node)
        why = None
        if meaning.kind == "contrib":
            why = reason("not-called", usage=usage)
        elif meaning.kind == "function" and self._options.style == "keras":
            why = reason("not-called-keras", usage=usage)
        elif not meaning.sure and not bare:
            why = self._ambiguous(node, meaning)
        self._used(node, why is None)
        if why is not None:
            self._leave(node, why)
        elif not bare:
            target = REPLACEMENTS[str(meaning.kind)]
            self._plan.references[node] = target
            self._first_use = min(self._first_use, self._where.top(node))
            self._rewritten(node, node, target)

    def _plan_import(self, node: cst.ImportFrom) -> None:
        taken, dropped, kinds = [], [], dict(targets_of(node))
        for alias, kind in kinds.items():
            uses = self._uses.get(alias.evaluated_alias or alias.evaluated_name, [])
            if kind != "contrib" and (kind == "class" or self._options.style == "graph"):
                taken.append(alias)
            elif uses and all(uses):
                dropped.append(alias)
            elif not uses:
                code = "not-called" if kind == "contrib" else "not-called-keras"
                self._leave(alias, reason(code, usage="imported"))
        if taken or dropped:
            names = () if isinstance(node.names, cst.ImportStar) else node.names
            stay = [alias for alias in names if alias not in taken and alias not in dropped]
            self._plan.imports[node] = FromImport(node, tuple(stay), tuple(taken), tuple(dropped))
            for alias in taken + [alias for alias in dropped if comments_of(alias)]:
                comments = comments_of(alias) if stay or alias in dropped else []
                self._rewritten(alias, alias.name, REPLACEMENTS[kinds[alias]], *lost(comments))

    def _plan_added_import(self) -> None:
        if self._existing or self._first_use == len(self._module.body):
            return
        for node, done in self._plan.imports.items():
            line = self._where.parent(node)
            on_top = isinstance(self._where.parent(line), cst.Module)
            if on_top and not done.kept and not done.taken and self._where.top(node) < self._first_use:
                self._plan.carrier = done.node
                return
        self._plan.added = place(self._module, self._first_use)

    def _by_string(self, node: cst.Call) -> Optional[str]:
        """The kind of what `getattr(tf.layers, "...")` and the like get."""
        if not (isinstance(node.func, cst.Name) and node.func.value in _BY_STRING and len(node.args) > 1):
            return None
        text = literal(node.args[1].value)
        names = ["{}.{}".format(home, text) for home in self._resolver.names(node.args[0].value) & HOMES]
        return next((TARGETS[name] for name in names if name in TARGETS), None)

    def _is_passed(self, node: cst.BaseExpression) -> bool:
        """Whether a module goes where its use is not followed."""
        parent = self._where.parent(node)
        if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
            return not self._resolver.is_alias(parent.targets[0].target)
        if isinstance(parent, cst.AnnAssign):
            return not self._resolver.is_alias(parent.target)
        return not isinstance(parent, cst.Attribute)

    def _is_update_ops(self, node: cst.BaseExpression) -> bool:
        return bool(self._resolver.names(node) & UPDATE_OPS)

    def _ambiguous(self, node: cst.BaseExpression, meaning: Meaning) -> Remark:
        names = sorted(name.replace("<file>.", "") for name in meaning.names)
        return reason("ambiguous", source=source_of(node), names=", ".join(names))

    def _used(self, node: cst.BaseExpression, rewritten: bool) -> None:
        if isinstance(node, cst.Name):
            self._uses.setdefault(node.value, []).append(rewritten)

    def _leave(self, node: cst.CSTNode, why: Remark, source: Optional[cst.CSTNode] = None) -> None:
        self._plan.sites.append(self._where.site(node, source_of(source or node), None, why))

    def _rewritten(self, node: cst.CSTNode, source: cst.CSTNode, target: str, *notes: Remark) -> None:
        self._plan.sites.append(self._where.site(node, source_of(source), "tfcompat." + target, *notes))
