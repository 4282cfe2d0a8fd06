"""Finds the batch normalizations of an artifact and what is wrong with them."""

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from tfcompat.errors import InputError, first_line
from tfcompat.migrate.auditing.artifact import Artifact, GraphOf, open_artifact
from tfcompat.migrate.auditing.diagnoses import Diagnosis, Evidence, diagnose
from tfcompat.migrate.auditing.functions import calling_functions
from tfcompat.migrate.auditing.graph import Graph
from tfcompat.migrate.auditing.site import Site
from tfcompat.migrate.auditing.sites import sites_of_checkpoint, sites_of_graph
from tfcompat.migrate.auditing.values import Checkpoint
from tfcompat.migrate.names import STATISTICS, parse

FOLDED = (
    "{} of them {} folded, so that the arguments cannot be read: "
    "audit the graph before it was optimized, or the checkpoint"
)
NOTHING = (
    "no batch normalization is left to see; one that was folded into the weights before it leaves nothing: "
    "audit the graph before it was optimized, or the checkpoint"
)
FUNCTIONS = "no signature has a batch normalization in it: these are of the functions beside the signatures"
#: What a look at a graph raises that is not as TensorFlow writes them: inputs, attributes or functions are missing.
_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)

NO_GRAPH = "without a .meta beside it, a checkpoint shows the variables of a layer and not how it is called"


class Report(NamedTuple):
    """What an audit found; `notes` say what it could not see."""

    path: str
    kind: str
    steps: Optional[int]
    sites: Tuple[Site, ...]
    diagnoses: Tuple[Diagnosis, ...]
    notes: Tuple[str, ...]


def audit(path: str) -> Report:
    """Audits a checkpoint, MetaGraph, frozen graph or SavedModel, without running anything in it.

    Raises:
      InputError: the path is none of these, or damaged.
    """
    artifact = open_artifact(path)
    steps = artifact.checkpoint.steps() if artifact.checkpoint else None
    looks = _looks(artifact, path, steps)
    if not artifact.graphs and artifact.checkpoint:
        looks = [_look_at_variables(artifact.checkpoint, steps)]
    sites = [site for look in looks for site in look.sites]
    found = dict.fromkeys(diagnosis for look in looks for diagnosis in look.diagnoses)
    notes = [note for look in looks for note in look.notes] + _notes(artifact, sites)
    return Report(artifact.path, artifact.kind, steps, tuple(sites), tuple(found), tuple(notes))


class _Look(NamedTuple):
    """What was found in one graph."""

    sites: List[Site]
    diagnoses: List[Diagnosis]
    notes: List[str]


def _looks(artifact: Artifact, path: str, steps: Optional[int]) -> List[_Look]:
    """What is found in each graph.

    Raises:
      InputError: a graph is not as TensorFlow writes them.
    """
    from tfcompat.backend import protos

    try:
        return [_look(artifact, each, steps) for each in artifact.graphs]
    except protos.Damaged as error:
        raise InputError("{} is damaged, it has {}; copy it again".format(path, error)) from error
    except InputError:
        raise
    except _DAMAGE as error:
        told = "{} is damaged, no release writes such a graph ({}); copy it again"
        raise InputError(told.format(path, first_line(error))) from error


def _look(artifact: Artifact, each: GraphOf, steps: Optional[int]) -> _Look:
    graph = Graph(each.definition)
    sites = sites_of_graph(graph)
    if sites or each.meta is None or not each.meta.object_graph_def.concrete_functions:
        return _Look(sites, diagnose(sites, _evidence(artifact, each, graph, sites, steps)), [])
    graph = Graph(calling_functions(each.meta))
    sites = sites_of_graph(graph)
    evidence = _evidence(artifact, each._replace(serving=False), graph, sites, steps)  # those of training are there too
    return _Look(sites, diagnose(sites, evidence), [FUNCTIONS] * bool(sites))


def _look_at_variables(checkpoint: Checkpoint, steps: Optional[int]) -> _Look:
    sites = sites_of_checkpoint(checkpoint)
    statistics, missing = _values(sites, checkpoint, None)
    return _Look(sites, diagnose(sites, Evidence(None, False, steps, statistics, missing)), [])


def _evidence(artifact: Artifact, each: GraphOf, graph: Graph, sites: List[Site], steps: Optional[int]) -> Evidence:
    statistics, missing = _values(sites, artifact.checkpoint, graph)
    return Evidence(nodes_of_training(graph, each.train_ops), each.serving, steps, statistics, missing)


def nodes_of_training(graph: Graph, train_ops: Any = ()) -> Optional[Set[str]]:
    """What runs in a step of training; None where the graph does not train.

    Args:
      train_ops: names of the nodes that are known to train; those that apply gradients, and what waits for them, are
        found beside them.
    """
    applying = [node.name for node in graph.nodes.values() if applies_gradient(node.op)]
    roots = graph.descendants(applying) | {name for name in train_ops if name in graph.nodes}
    return graph.ancestors(roots) if roots else None


def applies_gradient(operation: str) -> bool:
    """Whether an operation is the step of an optimizer on a variable."""
    return operation.startswith(("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"))


def _values(
    sites: List[Site], checkpoint: Optional[Checkpoint], graph: Optional[Graph]
) -> Tuple[Dict[str, Dict[str, Any]], Dict[str, List[str]]]:
    """The moving statistics of the layers, and the names of those that the checkpoint does not have."""
    statistics: Dict[str, Dict[str, Any]] = {}
    missing: Dict[str, List[str]] = {}
    for layer, variables in {site.layer: site.variables for site in sites}.items():
        for role, name in variables.items():
            if role in STATISTICS:
                value = _value(name, checkpoint, graph)
                if value is not None:
                    statistics.setdefault(layer, {})[role] = value
                elif checkpoint is not None:
                    missing.setdefault(layer, []).append(name)
    return statistics, missing


def _value(name: str, checkpoint: Optional[Checkpoint], graph: Optional[Graph]) -> Any:
    from tfcompat.backend import protos

    node = graph.nodes[name] if graph is not None else None
    if node is not None and node.op == "Const":
        return protos.array(node.attr["value"].tensor)
    key = checkpoint.key(parse(name).variable) if checkpoint is not None else None
    return checkpoint.value(key) if checkpoint is not None and key is not None else None


def _notes(artifact: Artifact, sites: List[Site]) -> List[str]:
    folded = sum(site.form == "folded" for site in sites)
    notes = [FOLDED.format(folded, "is" if folded == 1 else "are")] if folded else []
    if not sites:
        notes.append(NOTHING)
    elif not artifact.graphs:
        notes.append(NO_GRAPH)
    return notes
