"""The batch normalizations of a graph or checkpoint."""

from typing import Any, Dict, List, Optional, Set, Tuple

from tfcompat.migrate.auditing.calls import Call, Training, is_parameter, role_of, shape_of, training_of
from tfcompat.migrate.auditing.flatten import Ref
from tfcompat.migrate.auditing.folded import folded_sites
from tfcompat.migrate.auditing.fused import fused_calls
from tfcompat.migrate.auditing.graph import VARIABLES, Graph
from tfcompat.migrate.auditing.rank import rank_of
from tfcompat.migrate.auditing.renorm import clipping
from tfcompat.migrate.auditing.site import ARGUMENTS, UNKNOWN, Site
from tfcompat.migrate.auditing.unfused import unfused_calls
from tfcompat.migrate.auditing.updates import Update, updates_of
from tfcompat.migrate.auditing.values import Checkpoint
from tfcompat.migrate.names import STATISTICS, layers, parse


def sites_of_graph(graph: Graph) -> List[Site]:
    """All calls of batch normalizations, in the order of the graph; the two branches of a conditional are one call."""
    order = {name: i for i, name in enumerate(graph.nodes)}
    calls = list(fused_calls(graph)) + list(unfused_calls(graph))
    updates = updates_of(graph, calls)
    variables = _variables(graph)
    sites = [_site(graph, pair, updates, variables) for pair in _paired(graph, calls)]
    sites += folded_sites(graph, {site.call for site in sites})
    sites.sort(key=lambda site: order[site.node])
    return _without_copies(graph, _named_alike(sites))


def _named_alike(sites: List[Site]) -> List[Site]:
    """Calls that share variables without a scope are of one layer: the first of them names it."""
    first: Dict[str, str] = {}
    named = []
    for site in sites:
        keys = [site.variables[role] for role in ("beta", "gamma", "moving_mean") if role in site.variables]
        if keys and "/" not in keys[0]:
            site = site._replace(layer=first.setdefault(keys[0], site.layer))
        named.append(site)
    return named


def sites_of_checkpoint(checkpoint: Checkpoint) -> List[Site]:
    """The layers that the names of the variables in a checkpoint say, where there is no graph."""
    found = []
    for layer, roles in layers(checkpoint.names).items():
        if any(role in STATISTICS for role in roles):
            known = {role: checkpoint.shape(name) for role, name in roles.items() if not role.endswith("_weight")}
            arguments = dict.fromkeys(ARGUMENTS, UNKNOWN)  # type: Dict[str, Any]
            if "renorm_mean" not in roles:
                arguments.update(renorm_clipping=None, renorm_momentum=None)
            arguments.update(center="beta" in roles, scale="gamma" in roles, renorm="renorm_mean" in roles)
            sizes = [size for shape in known.values() for size in shape if size != 1]
            nothing = Training("?", None, None)
            site = Site(layer, layer, "variables", arguments, nothing, roles, max(sizes, default=1), None, (), layer)
            found.append(site)
    return found


def _variables(graph: Graph) -> Dict[str, Dict[str, str]]:
    """Layer -> role -> name of the variables, or of the constants that they were frozen to."""
    found: Dict[str, Dict[str, str]] = {}
    for node in graph.of("Const", *VARIABLES):
        parsed = role_of(node.name)
        if parsed is not None:
            found.setdefault(parsed.layer, {}).setdefault(parsed.role, node.name)
    return found


def _paired(graph: Graph, calls: List[Call]) -> List[Tuple[Call, Training, Set[str]]]:
    """The calls with their training and the nodes they were recognised by: two branches of a conditional are one."""
    groups: Dict[Any, List[Call]] = {}
    for call in calls:
        source = graph.source(call.inputs, changed=False)
        predicate = graph.source(source.gates[0][0]).ref if source.gates else None
        key = (source.ref, predicate, _layer_of(graph, call)) if predicate else call.anchor.name
        groups.setdefault(key, []).append(call)
    found = []
    for key, group in groups.items():
        values = {call.training.value for call in group if call.training.kind == "constant"}
        if len(group) == 2 and values == {True, False}:
            first = next(call for call in group if call.training.value)
            found.append((first, training_of(graph, key[1]), {call.anchor.name for call in group}))
        else:
            found.extend((call, call.training, {call.anchor.name}) for call in group)
    return found


def _layer_of(graph: Graph, call: Call) -> str:
    """The layer that the names of its variables tell, else the scope of the call.

    Grappler makes one of equal constants, so that names may be those of several layers: then the scope decides.
    """
    nodes = [call.mean.moving, call.variance.moving]
    nodes += [graph.made_by(ref) for ref in (call.offset, call.scale) if ref is not None]
    named = [role_of(node.name) for node in nodes if node is not None]
    found = [parsed.layer for parsed in named if parsed is not None]
    return call.scope if call.scope in found or not found else found[0]


def _site(
    graph: Graph,
    pair: Tuple[Call, Training, Set[str]],
    updates: List[Update],
    variables: Dict[str, Dict[str, str]],
) -> Site:
    call, training, anchors = pair
    mine = [update for update in updates if update.anchors & anchors]
    layer = _layer_of(graph, call)
    if layer not in variables and mine:
        layer = parse(mine[0].variable).layer
    mine = [update for update in mine if _is_of(update, layer)]
    own = _own_variables(graph, call, mine)
    roles = dict(variables.get(layer, {}), **own) if layer else own
    return Site(
        layer=layer or call.scope,
        call=call.scope,
        form=call.form,
        arguments=_arguments(graph, call, roles, mine),
        training=training,
        variables=roles,
        size=_size(graph, call, roles),
        rank=rank_of(graph, call.inputs),
        updates=tuple(mine),
        node=call.anchor.name,
    )


def _own_variables(graph: Graph, call: Call, updates: List[Update]) -> Dict[str, str]:
    """Those that the call is seen to use, whatever they are named."""
    found = {update.role: update.variable for update in updates}
    for role, ref in (("gamma", call.scale), ("beta", call.offset)):
        node = graph.made_by(ref) if ref is not None else None
        if node is not None and is_parameter(node):
            found[role] = node.name
    for role, statistic in (("moving_mean", call.mean), ("moving_variance", call.variance)):
        if statistic.moving is not None:
            found[role] = statistic.moving.name
    return found


def _is_of(update: Update, layer: str) -> bool:
    parsed = role_of(update.variable)
    return parsed is not None and parsed.layer == layer


def _arguments(graph: Graph, call: Call, roles: Dict[str, str], updates: List[Update]) -> Dict[str, Any]:
    renorm = _renorm(graph, roles)
    return {
        "axis": UNKNOWN if call.axis is None else call.axis,
        "momentum": _momentum(updates, ("moving_mean", "moving_variance", "moving_stddev")),
        "epsilon": UNKNOWN if call.epsilon is None else call.epsilon,
        "center": _has(graph, call.offset, "beta", renorm),
        "scale": _has(graph, call.scale, "gamma", renorm),
        "renorm": renorm,
        "renorm_clipping": _clipping(graph, call, renorm),
        "renorm_momentum": None if renorm is False else _momentum(updates, ("renorm_mean", "renorm_stddev")),
        "fused": call.form == "fused",
        "virtual_batch_size": call.virtual_batch_size,
    }


def _renorm(graph: Graph, roles: Dict[str, str]) -> Any:
    """Told by the variables, as far as the graph has them all: freezing drops those that inference does not use."""
    if any(role.startswith("renorm_") for role in roles):
        return True
    held = [graph.nodes[name].op != "Const" for name in roles.values()]
    return False if held and all(held) else UNKNOWN


def _clipping(graph: Graph, call: Call, renorm: Any) -> Any:
    """Only a call that trains corrects."""
    if renorm is False:
        return None
    return clipping(graph, call.scale, call.offset) if renorm is True and call.variance.batch else UNKNOWN


def _momentum(updates: List[Update], roles: Tuple[str, ...]) -> Any:
    found = {update.momentum for update in updates if update.role in roles and update.momentum is not None}
    return found.pop() if len(found) == 1 else UNKNOWN


def _has(graph: Graph, ref: Optional[Ref], role: str, renorm: Any) -> bool:
    """Whether a factor or summand has the parameter of this role in it; renorm mixes its correction in."""
    if ref is None or renorm is not True:
        return ref is not None
    behind = graph.backwards([ref], lambda ref, node: node.op not in ("RealDiv", "Rsqrt", "Mean"), limit=60)
    return any((role_of(each.name) or ("", "", ""))[1] == role for each in behind)


def _size(graph: Graph, call: Call, roles: Dict[str, str]) -> Optional[int]:
    shapes = [shape_of(graph.nodes[name]) for name in roles.values()]
    shapes += [shape_of(graph.made_by(ref)) for ref in (call.scale, call.offset) if ref is not None]
    sizes = [size for shape in shapes if shape for size in shape]
    return max(sizes) if sizes else None


def _without_copies(graph: Graph, sites: List[Site]) -> List[Site]:
    """One site for a function that several signatures call."""
    found: Dict[Any, Site] = {}
    for site in sites:
        origin = graph.nodes[site.node].origin
        found.setdefault((origin, site.layer) if origin[0] else site.node, site)
    return list(found.values())
