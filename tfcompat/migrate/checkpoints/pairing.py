"""Which layer of a checkpoint is which layer of a model.

`tf.layers` counts names in every scope: `net/batch_normalization_1` is the second of `net`.  `tf.keras` counts them in
the whole process, so that the second of a model may be `batch_normalization_7`.  Both count in the order of creation.
"""

from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple, Union

from tfcompat.migrate.checkpoints.variables import Layer

#: Says why two layers cannot be the same; None if they can.
Misfit = Callable[[Layer, Layer], Optional[str]]


class Pair(NamedTuple):
    """A layer of the checkpoint and one of the model, and what paired them: `name`, `order` or `name map`."""

    source: Layer
    target: Layer
    by: str


class Pairing(NamedTuple):
    """Pairs, and why the other layers have none, by path."""

    pairs: List[Pair]
    sources: Dict[str, str]
    targets: Dict[str, str]


def pair(sources: List[Layer], targets: List[Layer], root: str, misfit: Misfit) -> Pairing:
    """Pairs layers by their names, and those with automatic names by their order in each scope.

    Args:
      sources: layers of the checkpoint.
      targets: layers of the model.
      root: the model's name, which may be a scope of the checkpoint.
      misfit: asked before layers are paired by order.
    """
    prefix = _scope_to_drop(sources, targets, root)
    named = _by_name(sources, targets, prefix)
    taken = {id(one.source) for one in named} | {id(one.target) for one in named}
    result = Pairing(named, {}, {})
    left = [layer for layer in sources if id(layer) not in taken]
    open_targets = [layer for layer in targets if id(layer) not in taken]
    for key, group in _groups(left, prefix).items():
        _by_order(group, _groups(open_targets, "").get(key, []), misfit, result)
    for layer in open_targets:
        if layer.path not in result.targets and not any(one.target is layer for one in result.pairs):
            result.targets[layer.path] = _no_namesake(layer, "checkpoint", left)
    return result


def _scope_to_drop(sources: List[Layer], targets: List[Layer], root: str) -> str:
    """The outer scope that only the checkpoint has, "" for none: what makes more scopes and names agree."""
    there = {layer.scope for layer in targets} | {_flat(layer.path) for layer in targets}

    def agreement(prefix: str) -> int:
        scopes = {_without(layer.scope, prefix) for layer in sources}
        return len((scopes | {_flat(_without(layer.path, prefix)) for layer in sources}) & there)

    common = _common_scope(layer.scope for layer in sources if layer.path)
    outer = ["/".join(common[:length]) for length in range(len(common) + 1)]
    if root not in outer and any(layer.scope == root for layer in sources):
        outer.append(root)
    return max(outer, key=agreement)


def _common_scope(scopes: Iterable[str]) -> List[str]:
    common: Optional[List[str]] = None
    for scope in scopes:
        parts = scope.split("/") if scope else []
        if common is None:
            common = parts
        length = next((i for i, (a, b) in enumerate(zip(common, parts)) if a != b), min(len(common), len(parts)))
        common = common[:length]
    return common or []


def _without(path: str, prefix: str) -> str:
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        return path[len(prefix) + 1 :]
    return path


def _flat(path: str) -> str:
    return path.replace("/", "_")


def _by_name(sources: List[Layer], targets: List[Layer], prefix: str) -> List[Pair]:
    """Pairs those whose name somebody chose; Keras 3 allows no `/` in it, so that `_` may stand there."""
    pairs: List[Pair] = []
    by_path = {_without(layer.path, prefix): layer for layer in sources}
    flat: Dict[str, List[Layer]] = {}
    for path, layer in by_path.items():
        flat.setdefault(_flat(path), []).append(layer)
    for target in targets:
        if target.number is not None:
            continue
        alike = flat.get(_flat(target.path), [])
        source = by_path.get(target.path) or (alike[0] if len(alike) == 1 else None)
        if source is not None and not any(one.source is source for one in pairs):
            pairs.append(Pair(source, target, "name"))
    return pairs


def _groups(layers: List[Layer], prefix: str) -> Dict[Tuple[str, str], List[Layer]]:
    """(scope, kind) -> the layers that are counted together."""
    groups: Dict[Tuple[str, str], List[Layer]] = {}
    for layer in layers:
        if layer.number is not None:
            groups.setdefault((_without(layer.scope, prefix), layer.kind), []).append(layer)
    return groups


def _by_order(sources: List[Layer], targets: List[Layer], misfit: Misfit, result: Pairing) -> None:
    """Pairs two groups, or tells both why not."""
    rows = _counted(sources, targets)
    reason = rows if isinstance(rows, str) else _first_misfit(rows, misfit)
    if reason is None:
        result.pairs.extend(row for row in rows if isinstance(row, Pair))
        rest = "{} has no layer of this number"
    else:
        rest = reason
    paired = {id(layer) for row in rows if reason is None and isinstance(row, Pair) for layer in row[:2]}
    for where, layers, other in ((result.sources, sources, "the model"), (result.targets, targets, "the checkpoint")):
        where.update((layer.path, rest.format(other)) for layer in layers if id(layer) not in paired)


def _counted(sources: List[Layer], targets: List[Layer]) -> Union[List[Pair], str]:
    """Pairs by number where the numbers are the same, else by order where there are as many; else why not."""
    if not targets:
        return _no_namesake(sources[0], "model", targets)
    for layers, side in ((sources, "checkpoint"), (targets, "model")):
        stems = sorted({layer.stem for layer in layers})
        if len(stems) > 1:
            return "the {} has layers {} in one scope, which are counted apart; use a name map".format(
                side, " and ".join(stems)
            )
    here = {layer.number: layer for layer in sources}
    there = {layer.number: layer for layer in targets}
    if len(here) != len(sources):
        return "the checkpoint has two layers of one number in scopes that the model does not have; use a name map"
    if _from_zero(here) and _from_zero(there):
        return [Pair(here[n], there[n], "name") for n in sorted(set(here) & set(there), key=int)]  # type: ignore[arg-type]
    if len(sources) != len(targets):
        return "the checkpoint has {} layers of this kind in this scope and the model has {}; use a name map".format(
            len(sources), len(targets)
        )
    ordered = zip(sorted(here, key=int), sorted(there, key=int))  # type: ignore[arg-type]
    return [Pair(here[a], there[b], "order") for a, b in ordered]


def _from_zero(numbers: Iterable[Optional[int]]) -> bool:
    return sorted(number for number in numbers if number is not None) == list(range(len(list(numbers))))


def _first_misfit(pairs: Iterable[Pair], misfit: Misfit) -> Optional[str]:
    for one in pairs:
        reason = misfit(one.source, one.target)
        if reason:
            return "in order {} would be {}, but {}; use a name map".format(one.source.path, one.target.path, reason)
    return None


def _no_namesake(layer: Layer, side: str, others: List[Layer]) -> str:
    """Why a layer of the other side has no pair."""
    alike = [other.path for other in others if other.kind == layer.kind]
    hint = "; of its kind are {}".format(", ".join(alike[:3])) if alike else ""
    return "the {} has no layer of this name, and none of this kind in this scope{}; use a name map".format(side, hint)
