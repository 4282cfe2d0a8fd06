"""Puts together what sources, targets, names and roles say: the plan of a transfer, either way."""

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from tfcompat.migrate import names
from tfcompat.migrate.checkpoints import pairing, roles, sources
from tfcompat.migrate.checkpoints.name_map import NameMap, unknown_path
from tfcompat.migrate.checkpoints.pairing import Pair
from tfcompat.migrate.checkpoints.targets import Model
from tfcompat.migrate.checkpoints.transfer import Mapped, Skipped, TransferPlan, Unmatched
from tfcompat.migrate.checkpoints.variables import Layer, Variable, join

_LEFT_BEHIND = "the name map says so"
_MAPPED = "name map"


class _Said(NamedTuple):
    """What a name map decides: pairs of layers, pairs of variables, and what it leaves behind."""

    pairs: List[Pair]
    variables: List[Tuple[Variable, Variable, str]]
    left: List[Variable]


def plan_transfer(
    contents: sources.Contents, model: Model, name_map: Optional[NameMap] = None, back: bool = False
) -> TransferPlan:
    """The plan of a transfer.

    Args:
      contents: of the checkpoint.
      model: the model.
      name_map: what the user says about names.
      back: from the model to a checkpoint of the names of this one.

    Raises:
      InputError: the name map names what is not there.
    """
    plan = TransferPlan()
    plan.skipped.extend(contents.skipped)
    said = _said(contents.layers, model, name_map)
    plan.skipped.extend(Skipped(variable.name, _LEFT_BEHIND) for variable in said.left)
    for source, target, kind in said.variables:
        _add_variables(plan, *((target, source) if back else (source, target)), kind, _sides(back))
    done = {v.name for v in said.left} | {v.name for pair in said.variables for v in pair[:2]}
    done |= {v.name for one in said.pairs for layer in one[:2] for v in layer.variables.values()}
    rest = pairing.pair(_without(contents.layers, done), _without(model.layers, done), model.name, roles.misfit)
    for one in said.pairs + rest.pairs:
        ends = (one.target, one.source) if back else (one.source, one.target)
        roles.add(plan, ends[0], ends[1], one.by, _sides(back))
    for side, layers, reasons in (
        ("checkpoint", _without(contents.layers, done), rest.sources),
        ("model", _without(model.layers, done), rest.targets),
    ):
        for layer in layers:
            if layer.path in reasons:
                plan.unmatched.extend(Unmatched(side, v.name, reasons[layer.path]) for v in layer.variables.values())
    return plan


def tf1_names(model: Model) -> TransferPlan:
    """The plan of a new checkpoint with the names that `tf.layers` would give, numbers counted in every scope."""
    plan = TransferPlan()
    counted: Dict[Tuple[str, str], int] = {}
    for layer in sorted(model.layers, key=lambda layer: layer.number or 0):
        name = layer.path.rpartition("/")[2]
        if layer.number is not None:
            number = counted.get((layer.scope, layer.stem), 0)
            counted[layer.scope, layer.stem] = number + 1
            name = "{}_{}".format(layer.stem, number) if number else layer.stem
        for role, variable in layer.variables.items():
            target = join(join(layer.scope, name), role)
            plan.mapped.append(Mapped(target, (variable.name,), "copy", "name"))
    plan.mapped.sort()
    return plan


def _sides(back: bool) -> Tuple[str, str]:
    return ("model", "checkpoint") if back else ("checkpoint", "model")


def _without(layers: List[Layer], done: Set[str]) -> List[Layer]:
    """Layers less the variables that are done."""
    left = []
    for layer in layers:
        variables = {role: variable for role, variable in layer.variables.items() if variable.name not in done}
        if variables:
            left.append(layer if len(variables) == len(layer.variables) else layer._replace(variables=variables))
    return left


def _said(layers: List[Layer], model: Model, name_map: Optional[NameMap]) -> _Said:
    said = _Said([], [], [])
    if name_map is None:
        return said
    by_path = {layer.path: layer for layer in model.layers}
    by_variable = {v.name: (v, layer.kind) for layer in model.layers for v in layer.variables.values()}
    for layer in layers:
        found, path = name_map.find(layer.path)
        if found and path in by_path:
            said.pairs.append(Pair(layer, by_path[path], _MAPPED))
            continue
        for variable in layer.variables.values():
            # A shadow is called as the variable that it follows.
            own_found, own = name_map.find(names.parse(variable.name).variable)
            if own_found and own is not None:
                if own not in by_variable:
                    raise unknown_path(own, list(by_variable) + list(by_path))
                said.variables.append((variable, *by_variable[own]))
            elif own_found or (found and path is None):
                said.left.append(variable)
            elif found and path is not None:
                raise unknown_path(path, by_path)
    name_map.check_used()
    return said


def _add_variables(plan: TransferPlan, source: Variable, target: Variable, kind: str, sides: Tuple[str, str]) -> None:
    reason = roles.shape_misfit(source, target, kind)
    if reason:
        plan.unmatched.append(Unmatched(sides[0], source.name, reason))
        plan.unmatched.append(Unmatched(sides[1], target.name, reason))
    else:
        plan.mapped.append(Mapped(target.name, (source.name,), "copy", _MAPPED))
