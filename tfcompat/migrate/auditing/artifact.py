"""Opens what a path names: checkpoint, MetaGraph, frozen graph or SavedModel. Nothing in it is run."""

import os
from typing import Any, FrozenSet, List, NamedTuple, Optional, Tuple

from tfcompat.errors import InputError
from tfcompat.migrate.auditing.values import Checkpoint, open_checkpoint
from tfcompat.migrate.checkpoints.reader import prefix_of

KINDS = "a checkpoint (prefix, .index or folder), a MetaGraph (.meta), a frozen GraphDef (.pb) or a SavedModel (folder)"


class GraphOf(NamedTuple):
    """One graph of an artifact.

    Attributes:
      definition: its GraphDef.
      train_ops: names of the nodes in its collection `train_op`.
      serving: whether it is meant for inference: a frozen graph, or a SavedModel that is not tagged `train`.
      meta: the MetaGraphDef that it is in, None where it is in none.
    """

    definition: Any
    train_ops: FrozenSet[str]
    serving: bool
    meta: Any


class Artifact(NamedTuple):
    """What was found at a path; `checkpoint` is None where no values are beside the graph."""

    path: str
    kind: str
    graphs: Tuple[GraphOf, ...]
    checkpoint: Optional[Checkpoint]


def open_artifact(path: str) -> Artifact:
    """Opens a path.

    Raises:
      InputError: nothing is there, it cannot be read, it is damaged, or it is something else.
    """
    if not os.path.isdir(path):
        return _open_file(path)
    if os.path.exists(os.path.join(path, "saved_model.pb")):
        return _saved_model(os.path.join(path, "saved_model.pb"))
    return _checkpoint(prefix_of(path))


def _open_file(path: str) -> Artifact:
    name = os.path.basename(path)
    if name == "saved_model.pb":
        return _saved_model(path)
    if name.endswith(".meta"):
        graph = _meta_graph(path)
        prefix = path[: -len(".meta")]
        there = os.path.exists(prefix + ".index") or os.path.isfile(prefix)  # the latter is of version 1
        beside = open_checkpoint(prefix) if there else None
        return Artifact(path, "MetaGraph", (graph,), beside)
    if name.endswith(".pb"):
        return Artifact(path, "frozen graph", (_frozen(path),), None)
    if not (os.path.exists(path) or os.path.exists(path + ".index")):
        raise InputError("{} does not exist; give {}".format(path, KINDS))
    prefix = prefix_of(path)
    return _checkpoint(prefix) if os.path.exists(prefix + ".index") else _checkpoint_of_version_1(path)


def _checkpoint(prefix: str) -> Artifact:
    checkpoint = open_checkpoint(prefix)
    graphs = (_meta_graph(prefix + ".meta"),) if os.path.exists(prefix + ".meta") else ()
    return Artifact(prefix, "checkpoint", graphs, checkpoint)


def _checkpoint_of_version_1(path: str) -> Artifact:
    """A file without the ending of any other: what `Saver(write_version=V1)` wrote, or a wrong format."""
    _read(path)
    try:
        return _checkpoint(path)
    except InputError:
        raise InputError("{} is none of the files that can be read; give {}".format(path, KINDS)) from None


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise InputError("{} does not exist; give {}".format(path, KINDS)) from None
    except OSError as error:
        raise InputError("{} cannot be read: {}; give {}".format(path, error.strerror, KINDS)) from None


def _parse(kind: str, path: str) -> Any:
    from tfcompat.backend import protos

    data = _read(path)
    if not data:
        raise InputError("{} is empty; a {} has at least a graph. Save or copy it again".format(path, kind))
    message = protos.parsed(getattr(protos, kind), data)
    if message is None:
        raise InputError("{} is no {}, or is cut off; copy it again, or give {}".format(path, kind, KINDS))
    return message


def _checked(definition: Any, kind: str, path: str) -> Any:
    """The GraphDef, which a file of another format can look like while it has no nodes."""
    if not definition.node or not all(node.name and node.op for node in definition.node):
        raise InputError("{} holds no graph, so it is no {}; give {}".format(path, kind, KINDS))
    there = {node.name for node in definition.node}
    for node in definition.node:
        gone = [name for name in node.input if node_of(name.lstrip("^")) not in there]
        if gone:
            raise InputError(
                "{} is damaged, {!r} takes {!r}, which is not there; copy it again".format(path, node.name, gone[0])
            )
    return definition


def _frozen(path: str) -> GraphOf:
    definition = _checked(_parse("GraphDef", path), "GraphDef", path)
    return GraphOf(definition, frozenset(), True, None)


def _meta_graph(path: str) -> GraphOf:
    meta = _parse("MetaGraphDef", path)
    _checked(meta.graph_def, "MetaGraphDef", path)
    return _graph_of(meta, False)


def _saved_model(path: str) -> Artifact:
    metas = _parse("SavedModel", path).meta_graphs
    if not metas:
        raise InputError("{} holds no MetaGraph, so it is no SavedModel; give {}".format(path, KINDS))
    for meta in metas:
        _checked(meta.graph_def, "SavedModel", path)
    folder = os.path.dirname(path)
    prefix = os.path.join(folder, "variables", "variables")
    checkpoint = open_checkpoint(prefix) if os.path.exists(prefix + ".index") else None
    graphs = tuple(_graph_of(meta, "train" not in meta.meta_info_def.tags) for meta in metas)
    return Artifact(folder or ".", "SavedModel", graphs, checkpoint)


def _graph_of(meta: Any, serving: bool) -> GraphOf:
    train: List[str] = []
    if "train_op" in meta.collection_def:
        train = [node_of(name) for name in meta.collection_def["train_op"].node_list.value]
    return GraphOf(meta.graph_def, frozenset(train), serving, meta)


def node_of(tensor: str) -> str:
    """The name of the node of a tensor: `a` of `a:0`."""
    return tensor.split(":")[0]
