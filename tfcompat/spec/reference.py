"""Batch normalization in NumPy alone, for reading: every formula of the specification once, in float64.

Shapes: `x`, `y` and their gradients have the shape of the input; statistics and parameters have the same rank, with
size 1 along every axis that is averaged over, so that all of them broadcast.  The `reduced` axes are those that share
statistics.  Symbols are those of the papers: mean and variance of the batch are mu and sigma^2.

Papers: Ioffe and Szegedy 2015 (arXiv:1502.03167), Ioffe 2017 (arXiv:1702.03275), Hoffer, Hubara and Soudry 2017
(arXiv:1705.08741).
"""

from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

#: NumPy arrays; float64, or complex128 where `along` differentiates.
Array = Any
Axes = Tuple[int, ...]


class Moments(NamedTuple):
    """Mean and biased variance (Ioffe and Szegedy 2015, algorithm 1, lines 1 and 2)."""

    mean: Array
    variance: Array


class Affine(NamedTuple):
    """x -> scale * x + offset."""

    scale: Array
    offset: Array


IDENTITY = Affine(1.0, 0.0)


def weights(x: Array, mask: Optional[Array] = None) -> Array:
    """1 where an element counts for the statistics, else 0; of the shape of `x`."""
    return np.ones(x.shape) if mask is None else np.broadcast_to(mask, x.shape).astype(np.float64)


def moments(x: Array, w: Array, reduced: Axes) -> Moments:
    """Mu = sum w x / n and sigma^2 = sum w (x - mu)^2 / n over the reduced axes, where n = sum w.

    Of no elements they are NaN.
    """
    n = w.sum(reduced, keepdims=True)
    mean = (w * x).sum(reduced, keepdims=True) / n
    return Moments(mean, (w * (x - mean) ** 2).sum(reduced, keepdims=True) / n)


def normalize(x: Array, statistics: Moments, epsilon: float) -> Array:
    """x^ = (x - mu) / sqrt(sigma^2 + epsilon) (algorithm 1, line 3)."""
    return (x - statistics.mean) / np.sqrt(statistics.variance + epsilon)


def output(x_hat: Array, inner: Affine, gamma: Array, beta: Array) -> Array:
    """Y = gamma * (scale * x^ + offset) + beta: algorithm 1, line 4, with what renorm and an adjustment put between."""
    return gamma * (inner.scale * x_hat + inner.offset) + beta


def parameter_gradients(dy: Array, x_hat: Array, inner: Affine) -> Tuple[Array, Array]:
    """D gamma and d beta before they are summed over what their parameter is broadcast along."""
    return dy * (inner.scale * x_hat + inner.offset), dy


def input_gradient(
    x: Array, dx_hat: Array, statistics: Moments, w: Array, reduced: Axes, epsilon: float, constant_mean: bool = False
) -> Array:
    """Dx where the statistics are those of the batch (Ioffe and Szegedy 2015, section 3, the chain of gradients).

    dx = (dx^ - w (sum dx^ + x^ sum dx^ x^) / n) / sqrt(sigma^2 + epsilon): moving x that way changes neither the mean
    nor the variance of x^.

    Args:
      constant_mean: whether the variance is taken of deviations from a mean that is a constant to gradients, as
        `tf.nn.moments` did before TensorFlow 2.22: nothing else comes out, but for gradients of these gradients.
    """
    n = w.sum(reduced, keepdims=True)
    deviation = x - (np.real(statistics.mean) if constant_mean else statistics.mean)
    sigma = np.sqrt(statistics.variance + epsilon)
    through_mean = dx_hat.sum(reduced, keepdims=True)
    through_variance = deviation / sigma * (dx_hat * normalize(x, statistics, epsilon)).sum(reduced, keepdims=True)
    return (dx_hat - w * (through_mean + through_variance) / n) / sigma


def input_gradient_of_fixed(dx_hat: Array, statistics: Moments, epsilon: float) -> Array:
    """Dx where the statistics are the moving ones: they do not depend on x."""
    return dx_hat / np.sqrt(statistics.variance + epsilon)


def along(function: Callable[[Array], Dict[str, Array]], x: Array, direction: Array) -> Dict[str, Array]:
    """The derivatives of what a function of x gives, along a direction, exact but for rounding.

    By a complex step (Squire and Trapp 1998, SIAM Review 40): f(x + i h) = f(x) + i h f'(x) where h^2 vanishes.
    """
    step = 1e-100
    return {name: np.imag(value) / step for name, value in function(x + 1j * step * direction).items()}


def moved(average: Array, value: Array, rate: float) -> Array:
    """A moving average after a step: average - (average - value) rate, where the rate is 1 - momentum (section 3.1)."""
    return average - (average - value) * rate


def unbiased(variance: Array, n: int) -> Array:
    """The variance of the population that a batch of n was drawn from: n / (n - 1) times its own (Bessel's correction,
    algorithm 2, line 10); of a single element, its own.
    """
    return variance * n / max(n - 1, 1)


def renorm_correction(batch: Moments, reference: Moments, clipping: Mapping[str, float]) -> Affine:
    """R = sigma_batch / sigma and d = (mu_batch - mu) / sigma, clipped, without gradient (Ioffe 2017, algorithm 1).

    Args:
      batch, reference: mean and, in place of the variance, standard deviation.
      clipping: any of `rmin`, `rmax` and `dmax`.
    """
    r = np.real(batch.variance / reference.variance)
    d = np.real((batch.mean - reference.mean) / reference.variance)
    r = np.clip(r, clipping.get("rmin", -np.inf), clipping.get("rmax", np.inf))
    return Affine(r, np.clip(d, -clipping.get("dmax", np.inf), clipping.get("dmax", np.inf)))


def into_groups(x: Array, size: int, groups: int) -> Array:
    """Ghost batches on axis 1 (Hoffer et al. 2017, algorithm 1): example i is in group i mod groups."""
    return x.reshape((size, groups) + x.shape[1:])


def out_of_groups(x: Array) -> Array:
    """The batch whose ghost batches `into_groups` made."""
    return x.reshape((-1,) + x.shape[2:])


def renorm_moved(
    state: Mapping[str, Array], batch: Moments, rate: float, renorm_rate: float, epsilon: float
) -> Dict[str, Array]:
    """The averages of batch renormalization after a step, as TensorFlow has them from 1.15 on.

    The standard deviation is averaged, not the variance; moving_variance is its square less epsilon, at least 0.
    """
    stddev = moved(state["moving_stddev"], batch.variance, rate)
    return {
        "renorm_mean": moved(state["renorm_mean"], batch.mean, renorm_rate),
        "renorm_stddev": moved(state["renorm_stddev"], batch.variance, renorm_rate),
        "moving_mean": moved(state["moving_mean"], batch.mean, rate),
        "moving_stddev": stddev,
        "moving_variance": np.maximum(stddev**2 - epsilon, 0.0),
    }


def debiased_renorm_moved(
    state: Mapping[str, Array], batch: Moments, rate: float, renorm_rate: float, epsilon: float
) -> Dict[str, Array]:
    """The averages of batch renormalization after a step, as TensorFlow had them from 1.2 to 1.14.

    The renorm averages start at 0, and a weight that is averaged with 1 tells how much of them is there; the moving
    averages are taken of average / weight.
    """
    after = {
        "renorm_mean": moved(state["renorm_mean"], batch.mean, renorm_rate),
        "renorm_mean_weight": moved(state["renorm_mean_weight"], 1.0, renorm_rate),
        "renorm_stddev": moved(state["renorm_stddev"], batch.variance, renorm_rate),
        "renorm_stddev_weight": moved(state["renorm_stddev_weight"], 1.0, renorm_rate),
    }
    mean = after["renorm_mean"] / after["renorm_mean_weight"]
    variance = (after["renorm_stddev"] / after["renorm_stddev_weight"]) ** 2 - epsilon
    after["moving_mean"] = moved(state["moving_mean"], mean, rate)
    after["moving_variance"] = moved(state["moving_variance"], variance, rate)
    return after
