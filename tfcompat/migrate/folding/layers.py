"""Batch normalization at inference as what it is: one scale and one offset per channel.

scale = gamma / sqrt(moving_variance + epsilon), offset = beta - moving_mean * scale, computed in float64.  Batch
renormalization and virtual batches use the same moving averages at inference, and an adjustment is for training only.
"""

from typing import Any, NamedTuple

import numpy as np

from tfcompat.errors import InputError
from tfcompat.releases import SMALLEST_FUSED_EPSILON


class Affine(NamedTuple):
    """Scale and offset per channel, of the shape of the layer's statistics."""

    scale: Any
    offset: Any

    def rounded(self, dtype: Any) -> "Affine":
        """The same in another dtype."""
        return Affine(self.scale.astype(dtype), self.offset.astype(dtype))


def affine(gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float, name: str = "the layer") -> Affine:
    """Scale and offset in float64.

    Args:
      gamma, beta: arrays of the shape of `mean`, or None.
      mean, variance: the moving averages.
      epsilon: of the layer.
      name: for messages.

    Raises:
      InputError: a variance plus epsilon is not above 0, or something is not finite.
    """
    mean, variance = np.asarray(mean, np.float64), np.asarray(variance, np.float64)
    wrong = ~(variance + epsilon > 0) | ~np.isfinite(variance) | ~np.isfinite(mean)
    if np.any(wrong):
        channel = int(np.argmax(wrong.ravel()))
        raise InputError(
            "{}: channel {} has moving_mean {} and moving_variance {}, which normalize nothing; estimate the "
            "statistics again".format(name, channel, mean.ravel()[channel], variance.ravel()[channel])
        )
    scale = 1.0 / np.sqrt(variance + epsilon)
    if gamma is not None:
        scale = np.asarray(gamma, np.float64) * scale
    offset = -mean * scale
    return Affine(scale, offset if beta is None else np.asarray(beta, np.float64) + offset)


def fold(layer: Any) -> Affine:
    """Scale and offset of a built batch normalization: `tfcompat.BatchNormalization`, or one of Keras.

    Args:
      layer: with `moving_mean`, `moving_variance`, `epsilon` and maybe `gamma` and `beta`.

    Returns:
      Arrays of the shape and dtype of the statistics; each is rounded once, from float64.

    Raises:
      InputError: the layer is not built, or its statistics are broken.
    """
    return exact(layer).rounded(_value(layer.moving_mean).dtype)


def exact(layer: Any) -> Affine:
    """As `fold`, in float64."""
    if getattr(layer, "moving_mean", None) is None:
        raise InputError("layer {!r} has no moving_mean; call it or build it first".format(layer.name))
    weights = [_value(getattr(layer, name, None)) for name in ("gamma", "beta", "moving_mean", "moving_variance")]
    return affine(weights[0], weights[1], weights[2], weights[3], epsilon_of(layer), str(layer.name))


def epsilon_of(layer: Any) -> float:
    """The epsilon that the layer's kernel uses: fused kernels of early releases take none below cuDNN's."""
    plan = getattr(layer, "plan", None)
    clamped = plan is not None and plan.kernel == "fused" and plan.behaviour.fused_epsilon_clamped
    return max(float(layer.epsilon), SMALLEST_FUSED_EPSILON) if clamped else float(layer.epsilon)


def _value(variable: Any) -> Any:
    from tfcompat.backend import models

    return None if variable is None else np.asarray(models.read(variable))


def into_kernel(kind: str, kernel: Any, folded: Affine) -> Any:
    """A kernel whose output is scaled, in float64.

    Args:
      kind: class name of the layer, a key of `KERNELS`.
      kernel: its (pointwise) kernel.
      folded: scale of shape (C,).
    """
    kernel = np.asarray(kernel, np.float64)
    return kernel * folded.scale.reshape(_scale_shape(kind, kernel.shape))


def _scale_shape(kind: str, shape: Any) -> Any:
    """Where the output channels lie in a kernel, as a shape to broadcast."""
    if kind.startswith("Depthwise"):  # [..., channels, multiplier]: output channel = channel * multiplier + m
        return shape[-2:]
    return (shape[-2], 1) if kind.endswith("Transpose") else (shape[-1],)
