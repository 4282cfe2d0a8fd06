"""Files of folded layers and models."""

import json
import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import numpy as np

from tfcompat.errors import InputError, first_line
from tfcompat.migrate.checkpoints import loading as checkpoint
from tfcompat.migrate.checkpoints import sources, writing
from tfcompat.migrate.checkpoints.reader import Checkpoint
from tfcompat.migrate.checkpoints.variables import BATCH_NORMALIZATION
from tfcompat.migrate.folding import layers as folding
from tfcompat.migrate.folding import pytorch
from tfcompat.migrate.folding.models import Folded, fold_with_report


class FoldedFile(NamedTuple):
    """What became of each layer, and how far the outputs are apart: largest difference and largest |output|."""

    layers: List[Folded]
    difference: float
    output: float


def fold_checkpoint(
    path: str,
    target: str,
    *,
    epsilon: float,
    momentum: Optional[float] = None,
    shadows: bool = False,
    overwrite: bool = False,
) -> List[str]:
    """Writes scale and offset of every batch normalization of a TF1 checkpoint.

    Args:
      path: the checkpoint.
      target: `.npz` with `LAYER/scale` and `LAYER/offset`; with `momentum`, `.npz` with `LAYER.weight` and so on, and
        the arguments beside it in `.json`; or `.pt`, where PyTorch is installed.
      epsilon: of the layers: a checkpoint does not keep it.
      momentum: of the layers, to write what PyTorch has.

    Returns:
      The names of the layers.

    Raises:
      InputError: the checkpoint or target cannot be used; there is no batch normalization with statistics.
    """
    _check_ending(target, (".npz",) if momentum is None else (".npz", ".pt"))
    writing.refuse_existing(target, overwrite)
    opened = Checkpoint(path)
    arrays: Dict[str, Any] = {}
    arguments: Dict[str, Any] = {}
    for layer in sources.contents(opened.variables, shadows).layers:
        if layer.kind != BATCH_NORMALIZATION or not {"moving_mean", "moving_variance"} <= set(layer.variables):
            continue
        found = {role: checkpoint.read_whole(opened, variable) for role, variable in layer.variables.items()}
        if momentum is None:
            mean, variance = found["moving_mean"], found["moving_variance"]
            exact = folding.affine(found.get("gamma"), found.get("beta"), mean, variance, epsilon, layer.path)
            made = exact.rounded(mean.dtype)
            arrays.update({layer.path + "/scale": made.scale, layer.path + "/offset": made.offset})
            arguments[layer.path] = {}
        else:
            state = pytorch.state_of(found, epsilon, momentum, layer.path)
            name = layer.path.replace("/", ".")
            arrays.update({"{}.{}".format(name, key): value for key, value in state.state.items()})
            arguments[name] = state.arguments
    if not arguments:
        raise InputError("{}: has no batch normalization with statistics".format(opened.prefix))
    _write_arrays(target, arrays, arguments if momentum is not None else None)
    return list(arguments)


def _write_arrays(target: str, arrays: Dict[str, Any], arguments: Optional[Dict[str, Any]]) -> None:
    with writing.folder_beside(target) as folder:
        made = os.path.join(folder, os.path.basename(target))
        if target.endswith(".pt"):
            _save_torch(made, arrays)
        else:
            np.savez(made, **arrays)
        if arguments is not None:
            beside = os.path.splitext(made)[0] + ".json"
            with open(beside, "w", encoding="utf-8") as written:
                json.dump(arguments, written, indent=1)
            writing.put_file(beside, os.path.splitext(target)[0] + ".json")
        writing.put_file(made, target)


def _save_torch(path: str, arrays: Dict[str, Any]) -> None:
    import importlib

    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        raise InputError("a .pt file is written by PyTorch, which is not installed; write .npz") from error
    torch.save({key: torch.from_numpy(np.array(value)) for key, value in arrays.items()}, path)


def fold_to_file(
    path: str,
    make_model: Callable[[], Any],
    target: str,
    *,
    name_map: checkpoint.Names = None,
    shadows: bool = False,
    inputs: Optional[str] = None,
    overwrite: bool = False,
) -> FoldedFile:
    """Loads weights into a model, folds it, compares both, and writes the folded one.

    Args:
      path: a TF1 checkpoint, or a `.weights.h5` of the model.
      make_model: function that gives the built model.
      target: `.weights.h5` or `.keras`.
      inputs: `.npy` of a batch; None: 4 random examples, uniform in -1 to 1.

    Raises:
      InputError: a file cannot be used; the model has several inputs or unknown sizes and no batch is given.
    """
    checkpoint.check_target(target, overwrite)
    model = make_model()
    if path.endswith(checkpoint.WEIGHTS):
        if not os.path.isfile(path):
            raise InputError("{}: no such file".format(path))
        with checkpoint.reading(path):
            model.load_weights(path)
    else:
        checkpoint.load_tf1_checkpoint(model, path, name_map, shadows=shadows)
    folded = fold_with_report(model)
    batch = _batch(model, inputs)
    before, after = (_outputs(one, batch) for one in (model, folded.model))
    with writing.folder_beside(target) as folder:
        made = os.path.join(folder, os.path.basename(target))
        (folded.model.save_weights if target.endswith(checkpoint.WEIGHTS) else folded.model.save)(made)
        writing.put_file(made, target)
    difference = max(float(np.max(np.abs(a - b))) for a, b in zip(before, after))
    return FoldedFile(folded.layers, difference, max(float(np.max(np.abs(a))) for a in before))


def _batch(model: Any, path: Optional[str]) -> Any:
    if path is not None:
        return _batch_of_file(path, [list(each.shape) for each in getattr(model, "inputs", None) or []])
    shape = list(model.inputs[0].shape)[1:]
    if len(model.inputs) != 1 or None in shape:
        raise InputError("model {!r} has inputs of unknown size or several; give a batch".format(model.name))
    return np.random.RandomState(0).uniform(-1, 1, [4] + [int(size) for size in shape]).astype("float32")


def _batch_of_file(path: str, shapes: List[List[Any]]) -> Any:
    """The batch in a `.npy` file, as a view of the file: one that says that it is huge takes no memory.

    Args:
      shapes: of the model's inputs.

    Raises:
      InputError: it cannot be read, or the model cannot take it.
    """
    try:
        batch = np.load(path, mmap_mode="r")
    except Exception as error:  # its header is Python, and NumPy raises what the parsers of Python do
        raise InputError("{}: cannot be read as .npy ({})".format(path, first_line(error))) from error
    shape = getattr(batch, "shape", None)
    if shape is None:
        raise InputError("{}: holds several arrays; give the .npy of one batch".format(path))
    fits = [len(shape) == len(wanted) and all(a in (None, b) for a, b in zip(wanted, shape)) for wanted in shapes]
    if batch.dtype.kind not in "biuf" or 0 in shape or not all(fits):
        told = "{}: holds {} of shape {}; the model takes numbers of shape {}, and at least one example"
        raise InputError(told.format(path, batch.dtype, list(shape), ", ".join(map(str, shapes))))
    return np.array(batch)


def _outputs(model: Any, batch: Any) -> List[Any]:
    made = model.predict(batch, verbose=0)
    return [np.asarray(one, np.float64) for one in (made if isinstance(made, list) else [made])]


def _check_ending(target: str, allowed: Any) -> None:
    if not target.endswith(allowed):
        raise InputError("{}: allowed is a name that ends in {}".format(target, " or ".join(allowed)))
