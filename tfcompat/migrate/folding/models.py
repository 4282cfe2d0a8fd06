"""A Keras model of inference alone: its batch normalizations are gone into the layers before them."""

from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from tfcompat.errors import InputError
from tfcompat.migrate.folding import layers as folding
from tfcompat.migrate.folding.layers import Affine

#: Layers that take a scale and an offset of their output channels, and which of their weights is the kernel.
_TAKERS = {
    "Dense": 0,
    **{"Conv{}D".format(rank): 0 for rank in (1, 2, 3)},
    **{"Conv{}DTranspose".format(rank): 0 for rank in (2, 3)},
    **{"DepthwiseConv{}D".format(rank): 0 for rank in (1, 2)},
    **{"SeparableConv{}D".format(rank): 1 for rank in (1, 2)},
}


class Folded(NamedTuple):
    """What became of a batch normalization: the layer that it went into, or None and why."""

    layer: str
    into: Optional[str]
    reason: str


class FoldedModel(NamedTuple):
    """The model of inference, and what became of each batch normalization, in order."""

    model: Any
    layers: List[Folded]


def fold_model(model: Any) -> Any:
    """A new model that gives at inference what `model` gives, without batch normalization.

    Each goes into the dense, convolution, depthwise, separable or transposed convolution before it, where that feeds
    nothing else and has no activation; any other becomes a `Rescaling`.

    Args:
      model: a built Sequential or functional model, of the Keras that `tf.keras` is; models in it are folded, too.

    Raises:
      InputError: another kind of model; a layer that was called with training=True; broken statistics.
    """
    return fold_with_report(model).model


def fold_with_report(model: Any) -> FoldedModel:
    """As `fold_model`, and tells what became of each layer."""
    from tfcompat.backend import host

    work = _Folding(host.choose())
    return FoldedModel(work.fold(model), work.report)


class _Folding:
    """The work on one model and those in it."""

    def __init__(self, host: Any) -> None:
        self._host, self._keras = host, host.keras
        self.report: List[Folded] = []
        self._takes: Dict[int, Affine] = {}
        self._gone: Dict[int, Any] = {}
        self._instead_of: Dict[int, Any] = {}

    def fold(self, model: Any) -> Any:
        if not _is_sequential(model) and not hasattr(model, "_nodes_by_depth"):
            raise InputError(
                "{!r} is no Sequential or functional model, whose wiring is not known; fold each layer with "
                "tfcompat.migrate.fold".format(model.name)
            )
        for layer in model.layers:
            if _is_batch_normalization(layer):
                self._decide(model, layer)
        made: Dict[int, Any] = {}
        copies: List[Any] = []

        def copy(layer: Any) -> Any:
            if id(layer) not in made:
                made[id(layer)] = self._copy(layer)
                copies.append(layer)
            return made[id(layer)]

        twin = self._host.clone_model(model, copy, lambda layer: id(layer) in self._instead_of)
        for layer in copies:
            if id(layer) not in self._gone and not hasattr(layer, "layers"):
                made[id(layer)].set_weights(self._weights(layer))
        return twin

    def _decide(self, model: Any, layer: Any) -> None:
        if _called_in_training(layer):
            raise InputError(
                "layer {!r} was called with training=True: it uses the statistics of each batch and cannot be folded. "
                "Build the model for inference".format(layer.name)
            )
        folded = folding.exact(layer)
        before = _before(model, layer)
        reason = _refusal(model, layer, before, folded)
        self._gone[id(layer)] = None if reason is None else folded
        if reason is None:
            self._takes[id(before)] = folded._replace(scale=folded.scale.ravel(), offset=folded.offset.ravel())
        self.report.append(Folded(layer.name, before.name if reason is None else None, reason or ""))

    def _copy(self, layer: Any) -> Any:
        if hasattr(layer, "layers"):
            return self.fold(layer)
        if id(layer) in self._gone:
            made = self._instead(layer)
            self._instead_of[id(made)] = layer
            return made
        config = layer.get_config()
        if id(layer) in self._takes:
            config["use_bias"] = True
        return type(layer).from_config(config)

    def _instead(self, layer: Any) -> Any:
        """What is where the batch normalization was."""
        folded = self._gone[id(layer)]
        if folded is None:
            return self._keras.layers.Activation("linear", name=layer.name, dtype=layer.dtype)
        rank = len(layer.input.shape)
        shape = [1] * rank
        axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        for axis in axes:
            shape[axis] = layer.input.shape[axis]
        while len(shape) > 1 and shape[0] == 1:
            del shape[0]
        from tfcompat.backend import models

        one = folded.rounded(np.float32 if layer.dtype is None else models.dtype_name(layer.moving_mean))
        values = [part.reshape(shape).tolist() for part in one]
        return self._keras.layers.Rescaling(*values, name=layer.name, dtype=layer.dtype)

    def _weights(self, layer: Any) -> List[Any]:
        weights = layer.get_weights()
        if id(layer) not in self._takes:
            return list(weights)
        folded, at = self._takes[id(layer)], _TAKERS[type(layer).__name__]
        dtype = weights[at].dtype
        bias = weights[at + 1].astype("float64") * folded.scale if layer.use_bias else 0.0
        weights[at] = folding.into_kernel(type(layer).__name__, weights[at], folded).astype(dtype)
        return [*weights[: at + 1], (bias + folded.offset).astype(dtype)]


def _is_batch_normalization(layer: Any) -> bool:
    return hasattr(layer, "moving_variance") and hasattr(layer, "epsilon")


def _is_sequential(model: Any) -> bool:
    return any(one.__name__ == "Sequential" for one in type(model).__mro__)


def _called_in_training(layer: Any) -> bool:
    for node in layer._inbound_nodes:
        # By Keras: `arguments.kwargs` in 3, `call_kwargs` in 2, `arguments` in TensorFlow 1.15.
        arguments = getattr(node, "arguments", None) or getattr(node, "call_kwargs", None) or {}
        kwargs = getattr(arguments, "kwargs", arguments)
        if kwargs.get("training") not in (None, False):
            return True
    return False


def _before(model: Any, layer: Any) -> Any:
    """The layer that feeds a layer; None where that is not one."""
    if _is_sequential(model):
        place = [id(one) for one in model.layers].index(id(layer))
        return model.layers[place - 1] if place else None
    if len(layer._inbound_nodes) != 1 or not hasattr(layer.input, "_keras_history"):
        return None
    return layer.input._keras_history[0]


def _refusal(model: Any, layer: Any, before: Any, folded: Affine) -> Optional[str]:
    """Why a layer cannot go into the one before it; None if it can."""
    if before is None:
        return "more than one layer feeds it, or none"
    kind = type(before).__name__
    if kind not in _TAKERS:
        return "{} before it takes no scale".format(kind)
    if getattr(before.activation, "__name__", "") != "linear":
        return "{} has an activation".format(before.name)
    if not _is_sequential(model):
        ends = [id(one._keras_history[0]) for one in model.outputs]
        if len(before._inbound_nodes) != 1 or len(before._outbound_nodes) != 1 or id(before) in ends:
            return "{} is used elsewhere, too".format(before.name)
    axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) and len(layer.axis) == 1 else layer.axis
    rank = len(layer.input.shape)
    channels = 1 if getattr(before, "data_format", "channels_last") == "channels_first" else rank - 1
    if not isinstance(axis, int) or axis % rank != channels:
        return "it keeps axis {}, the channels of {} are axis {}".format(layer.axis, before.name, channels)
    return None
