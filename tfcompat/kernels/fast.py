"""The same mathematics as the exact kernels in fewer passes over the input.

Forward, y = (x - mean) * m + offset with m = scale / sqrt(variance + epsilon), one pass where XLA compiles it: the mean
comes off first, since m is large where the variance is small.  Backward, the gradient is the one that Ioffe and Szegedy
2015 (section 3) write out,

    dx = m * (dy - (sum(dy) + x^ * sum(dy * x^)) / n),   x^ = (x - mean) / sqrt(variance + epsilon),

which needs the input, the moments and two sums; at inference the terms of the sums are missing.  Renorm's r and d are
part of scale and offset.  `mean` and `variance` are tensors that depend on `x` themselves, so that second derivatives
are right as well (as in TensorFlow 2.22).
"""

import functools
from typing import Any, Callable, NamedTuple, Sequence, Tuple

from tfcompat.backend import ops
from tfcompat.backend.ops import tf
from tfcompat.config import Config
from tfcompat.kernels.unfused import in_shape
from tfcompat.plan import Plan

#: Into how many pieces XLA's sums are cut; measured: 4 to 8 are the fastest.
PIECES = 8


class Geometry(NamedTuple):
    """What the arithmetic has to know of the shapes; sizes may be unknown.

    Attributes:
      rank: of the input.
      axes: those that are reduced.
      keep_dims: whether moments, scale and offset have the rank of the input.
      shared: axes along which there are several moments and one scale: that of the virtual batches.
    """

    rank: int
    axes: Tuple[int, ...]
    keep_dims: bool
    shared: Tuple[int, ...] = ()

    @property
    def channels_last(self) -> bool:
        """Whether moments are vectors along the last axis."""
        return not self.keep_dims and self.axes == tuple(range(self.rank - 1))


class Fast(NamedTuple):
    """The parts that take the place of those of the exact kernels.

    Attributes:
      compiles: whether each is compiled by XLA; otherwise they are plain operations.
      inlined: whether XLA compiles all that is around as well, so that an input may be computed where it is read.
    """

    compiles: bool
    inlined: bool = False

    @property
    def pieces(self) -> int:
        """Into how many pieces a sum is cut."""
        return PIECES if self.compiles else 1

    def take_moments(self, x: Any, axes: Sequence[int], keep_dims: bool) -> Tuple[Any, Any]:
        """(mean, biased variance) of `x` over `axes`, for 16 bits in float32."""
        geometry = Geometry(x.shape.rank, tuple(axes), keep_dims)
        if ops.is_eager(x):
            return _moments_with_gradient(self, geometry)(x)
        mean, variance = _made(_moments, self, geometry)(x)
        shape = [1 if axis in axes else size for axis, size in enumerate(x.shape) if keep_dims or axis not in axes]
        mean.set_shape(shape)
        variance.set_shape(shape)
        return mean, variance

    def normalize(
        self, x: Any, mean: Any, variance: Any, offset: Any, scale: Any, plan: Plan, config: Config, training: Any
    ) -> Any:
        """`scale * (x - mean) / sqrt(variance + epsilon) + offset`; where `training` is true, with the gradient for a
        `mean` and a `variance` that are those of `x`.
        """
        scale = tf.ones(plan.param_shape, x.dtype) if scale is None else tf.cast(scale, x.dtype)
        offset = tf.zeros(plan.param_shape, x.dtype) if offset is None else tf.cast(offset, x.dtype)
        mean, variance = tf.cast(mean, x.dtype), tf.cast(variance, x.dtype)
        mean, variance, scale, offset = (in_shape(vector, plan) for vector in (mean, variance, scale, offset))
        keep_dims = plan.keep_dims or plan.broadcast_shape is not None
        shared = () if plan.virtual_batch_size is None else (1,)
        geometry = Geometry(plan.kernel_rank, plan.reduction_axes, keep_dims, shared)
        return self._affine(geometry, x, mean, variance, scale, offset, config.epsilon, training)

    def fused_batch_norm(
        self,
        x: Any,
        scale: Any,
        offset: Any,
        data_format: str,
        epsilon: Any,
        is_training: Any,
        mean: Any,
        variance: Any,
        exponential_avg_factor: Any = None,
    ) -> Tuple[Any, Any, Any]:
        """What `ops.fused_batch_norm` gives: (output, mean, unbiased variance), or with a factor the averages moved to
        those; where `is_training` is false the moments that are given are used, and given back.
        """
        channel = data_format.index("C")
        axes = tuple(axis for axis in range(len(data_format)) if axis != channel)
        keep_dims = channel != len(data_format) - 1
        shape = [-1 if axis == channel else 1 for axis in range(len(data_format))]
        given = tf.convert_to_tensor(mean), tf.convert_to_tensor(variance)

        def learn() -> Tuple[Any, Any, Any]:
            mean, variance = self.take_moments(x, axes, False)
            size = _size(x, mean)
            return mean, variance, variance * (size / tf.maximum(size - 1, 1))

        # A function with a gradient of its own must not be in a conditional: TensorFlow fails to take a second one.
        mean, variance, unbiased = ops.smart_cond(is_training, learn, lambda: (*given, given[1]))
        m, v, a, b = (tf.reshape(w, shape) if keep_dims else w for w in (mean, variance, scale, offset))
        y = self._affine(Geometry(len(shape), axes, keep_dims), x, m, v, a, b, epsilon, is_training)
        y.set_shape(x.shape)
        if exponential_avg_factor is not None:
            mean = given[0] - (given[0] - mean) * exponential_avg_factor
            unbiased = given[1] - (given[1] - unbiased) * exponential_avg_factor
        return y, mean, unbiased

    def _affine(
        self,
        geometry: Geometry,
        x: Any,
        mean: Any,
        variance: Any,
        scale: Any,
        offset: Any,
        epsilon: Any,
        training: Any,
    ) -> Any:
        affine = _affine_with_gradient(self, geometry)
        epsilon = tf.convert_to_tensor(epsilon, mean.dtype)
        return affine(x, mean, variance, scale, offset, epsilon, tf.cast(training, tf.bool))


@functools.lru_cache(maxsize=None)
def _made(function: Callable[..., Any], fast: Fast, geometry: Geometry) -> Any:
    """A function of tensors, made once, so that what XLA compiles is shared by all layers."""
    settled = functools.partial(function, geometry, fast)
    return ops.compiled(settled) if fast.compiles else settled


@functools.lru_cache(maxsize=None)
def _moments_with_gradient(fast: Fast, geometry: Geometry) -> Any:
    """The moments with their gradient: without it an eager tape would keep all that is in between."""
    forward, backward = _made(_moments, fast, geometry), _made(_gradient_of_moments, fast, geometry)

    @tf.custom_gradient
    def moments(x: Any) -> Any:
        return forward(*_unwatched(x)), lambda dmean, dvariance: backward(dmean, dvariance, x)

    return moments


@functools.lru_cache(maxsize=None)
def _affine_with_gradient(fast: Fast, geometry: Geometry) -> Any:
    """The affine map with its gradient."""
    forward, backward = _made(_affine, fast, geometry), _made(_gradient, fast, geometry)

    @tf.custom_gradient
    def affine(x: Any, mean: Any, variance: Any, scale: Any, offset: Any, epsilon: Any, training: Any) -> Any:
        def gradient(dy: Any) -> Any:
            dx, dscale, doffset = backward(dy, x, mean, variance, scale, epsilon, training)
            return dx, None, None, dscale, doffset, None, None

        return forward(*_unwatched(x, mean, variance, scale, offset, epsilon)), gradient

    return affine


def _unwatched(*tensors: Any) -> Any:
    """Tensors for a function that has its gradient written out.  An eager tape that watched what goes in would have the
    function give back all that is in between.
    """
    return map(tf.stop_gradient, tensors) if ops.is_eager(tensors[0]) else tensors


def _moments(geometry: Geometry, fast: Fast, x: Any) -> Tuple[Any, Any]:
    mean = _total(geometry._replace(keep_dims=not geometry.channels_last), fast, x)
    mean = mean / _size(x, mean)
    variance = _sum(geometry, fast.pieces, lambda x: tf.square(_wide(x) - mean), x) / _size(x, mean)
    squeezed = not geometry.keep_dims and not geometry.channels_last
    return (tf.squeeze(mean, geometry.axes) if squeezed else mean), variance


def _gradient_of_moments(geometry: Geometry, fast: Fast, dmean: Any, dvariance: Any, x: Any) -> Any:
    wide = _wide(x)
    mean = tf.reduce_mean(wide, geometry.axes, keepdims=True)
    dmean, dvariance = tf.reshape(dmean, tf.shape(mean)), tf.reshape(dvariance, tf.shape(mean))
    return tf.cast((dmean + 2 * dvariance * (wide - mean)) / _size(x, mean), x.dtype)


def _size(x: Any, moment: Any) -> Any:
    """How many elements share a moment."""
    return tf.cast(tf.size(x), moment.dtype) / tf.cast(tf.size(moment), moment.dtype)


def _wide(x: Any) -> Any:
    """16 bits as float32, within a compiled function, where it takes no memory."""
    return tf.cast(x, tf.float32) if x.dtype.size == 2 else x


def _sum(geometry: Geometry, pieces: int, term: Callable[..., Any], *operands: Any) -> Any:
    """The sum of `term(*operands)` over the reduced axes.

    XLA computes a sum of terms one by one, but a sum of slices in vectors and on all cores.  So the first axis is cut
    into pieces that are added up before they are summed; what is left over is summed by itself.
    """
    if pieces > 1 and geometry.channels_last:
        operands = tuple(tf.reshape(operand, (-1, tf.shape(operand)[-1])) for operand in operands)
        geometry = Geometry(2, (0,), False)
    total = functools.partial(tf.reduce_sum, axis=geometry.axes, keepdims=geometry.keep_dims)
    if pieces == 1 or geometry.axes[:1] != (0,):
        return total(term(*operands))
    step = tf.shape(operands[0])[0] // pieces
    cuts = [term(*(operand[k * step : (k + 1) * step] for operand in operands)) for k in range(pieces)]
    return total(tf.add_n(cuts)) + total(term(*(operand[pieces * step :] for operand in operands)))


def _total(geometry: Geometry, fast: Fast, x: Any) -> Any:
    """The sum of a tensor itself: XLA computes it in vectors if it lies in memory as it is."""
    computed = x.dtype.size == 2 or fast.inlined
    return _sum(geometry, fast.pieces if computed else 1, _wide, x)


def _affine(
    geometry: Geometry, fast: Fast, x: Any, mean: Any, variance: Any, scale: Any, offset: Any, epsilon: Any
) -> Any:
    return tf.cast((_wide(x) - mean) * (tf.math.rsqrt(variance + epsilon) * scale) + offset, x.dtype)


def _gradient(
    geometry: Geometry,
    fast: Fast,
    dy: Any,
    x: Any,
    mean: Any,
    variance: Any,
    scale: Any,
    epsilon: Any,
    training: Any,
) -> Tuple[Any, Any, Any]:
    inverse_stddev = tf.math.rsqrt(variance + epsilon)
    sum_dy = _total(geometry, fast, dy)
    sum_product = _sum(geometry, fast.pieces, lambda dy, x: _wide(dy) * (_wide(x) - mean), dy, x) * inverse_stddev
    size = _size(x, mean)
    through_mean, through_variance = (
        tf.where(training, total / size, tf.zeros_like(total)) for total in (sum_dy, sum_product)
    )
    centred = _wide(dy) - through_mean - (_wide(x) - mean) * (inverse_stddev * through_variance)
    dx = tf.cast(scale * inverse_stddev * centred, x.dtype)
    if geometry.shared:
        sum_dy, sum_product = (tf.reduce_sum(sums, geometry.shared, keepdims=True) for sums in (sum_dy, sum_product))
    return dx, sum_product, sum_dy
