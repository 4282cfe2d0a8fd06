"""A batch normalization as PyTorch has it."""

from typing import Any, Dict, NamedTuple

import numpy as np

from tfcompat.errors import InputError
from tfcompat.migrate.folding import layers as folding


class PyTorchState(NamedTuple):
    """Arguments of `torch.nn.BatchNorm1d`, `2d` or `3d`, and its state dict as NumPy arrays."""

    arguments: Dict[str, Any]
    state: Dict[str, Any]


def to_pytorch(layer: Any) -> PyTorchState:
    """The arguments and state of PyTorch's layer that does at inference what a built layer does.

    PyTorch keeps channels in axis 1.  Its momentum is the share of the new value, 1 - momentum here, and its running
    variance is always the unbiased one, which here is so for the fused kernel alone.

    Args:
      layer: as for `tfcompat.migrate.fold`.

    Raises:
      InputError: the layer is not built or keeps several axes.
    """
    if getattr(layer, "moving_mean", None) is None:
        raise InputError("layer {!r} has no moving_mean; call it or build it first".format(layer.name))
    from tfcompat.backend import models

    names = ("gamma", "beta", "moving_mean", "moving_variance")
    found = {name: getattr(layer, name, None) for name in names}
    values = {name: None if one is None else np.asarray(models.read(one)) for name, one in found.items()}
    return state_of(values, folding.epsilon_of(layer), float(layer.momentum), str(layer.name))


def state_of(values: Dict[str, Any], epsilon: float, momentum: float, name: str) -> PyTorchState:
    """As `to_pytorch`, of arrays by role; gamma and beta may be None.

    Raises:
      InputError: several axes are kept.
    """
    shape = values["moving_mean"].shape
    if sum(size != 1 for size in shape) > 1:
        raise InputError("{}: statistics of shape {}; PyTorch keeps one axis".format(name, list(shape)))
    flat = {role: None if value is None else value.reshape(-1) for role, value in values.items()}
    mean: Any = flat["moving_mean"]
    affine = flat.get("gamma") is not None or flat.get("beta") is not None
    state: Dict[str, Any] = {}
    if affine:
        state["weight"] = flat["gamma"] if flat.get("gamma") is not None else np.ones_like(mean)
        state["bias"] = flat["beta"] if flat.get("beta") is not None else np.zeros_like(mean)
    state.update(running_mean=mean, running_var=flat["moving_variance"], num_batches_tracked=np.int64(0))
    # 1 - 0.99 is 0.010000000000000009; what was meant has no more than 15 digits.
    arguments = {"num_features": int(mean.size), "eps": epsilon, "momentum": round(1.0 - momentum, 15)}
    return PyTorchState(dict(arguments, affine=affine, track_running_stats=True), state)
