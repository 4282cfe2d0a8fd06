"""The frozen result of building: what will run on inputs of one shape and dtype, and why."""

import dataclasses
import numbers
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from tfcompat.config import Config
from tfcompat.releases import Behaviour

#: Shape of an input: None where a dimension is unknown.
Shape = Tuple[Optional[int], ...]

#: What the fused kernel calls the layout, by rank and channel axis.
_LAYOUTS = {(4, 1): "NCHW", (4, 3): "NHWC", (5, 1): "NCDHW", (5, 4): "NDHWC"}
_NARROW = ("float16", "bfloat16")


class Variable(NamedTuple):
    """One variable of a layer.

    Attributes:
      name: for example `moving_mean`.
      shape: its shape.
      initializer: name of the argument that it starts from; `stddev` for the square root of what
        `moving_variance_initializer` gives, `zeros` for 0.
      statistic: whether it is an average over batches, never trained and never partitioned.
    """

    name: str
    shape: Tuple[int, ...]
    initializer: str
    statistic: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """What runs and why.

    Attributes:
      rank: rank of the input.
      dtype: name of the dtype of input and output.
      axes: the kept axes of the input, resolved and not negative, in the order given.
      axis_sizes: their sizes.
      param_shape: shape of gamma, beta and the statistics: `(C,)` for one axis, else the input's rank with 1 elsewhere;
        one dimension more with virtual batches.
      param_dtype: float32 for 16-bit inputs, else the input's dtype.
      variables: every `Variable`, in the order in which they are made.
      kernel: `fused` or `unfused`.
      data_format: layout that the fused kernel is told, None unfused.
      fused_vetoes: why the kernel is not the fused one, empty where it is.
      unbiased_variance: whether the moving variance has Bessel's correction n/(n-1).
      virtual_batch_size: examples that share statistics; None: the whole batch.
      compute_dtype: dtype of the unfused arithmetic.
      fast_vetoes: why sums are rounded as the followed release rounds them, empty where they need not be.
      behaviour: the release that is followed.
    """

    rank: int
    dtype: str
    axes: Tuple[int, ...]
    axis_sizes: Tuple[int, ...]
    param_shape: Tuple[int, ...]
    param_dtype: str
    variables: Tuple[Variable, ...]
    kernel: str
    data_format: Optional[str]
    fused_vetoes: Tuple[str, ...]
    unbiased_variance: bool
    virtual_batch_size: Optional[int]
    compute_dtype: str
    fast_vetoes: Tuple[str, ...]
    behaviour: Behaviour

    @property
    def kernel_axes(self) -> Tuple[int, ...]:
        """The kept axes of what the kernel sees: virtual batches put one dimension more in front."""
        return self.axes if self.virtual_batch_size is None else tuple(axis + 1 for axis in self.axes)

    @property
    def kernel_rank(self) -> int:
        """Rank of what the kernel sees."""
        return self.rank if self.virtual_batch_size is None else self.rank + 1

    @property
    def reduction_axes(self) -> Tuple[int, ...]:
        """Axes over which the kernel takes moments: all but the kept ones and the one that counts virtual batches."""
        axes = [axis for axis in range(self.kernel_rank) if axis not in self.kernel_axes]
        if self.virtual_batch_size is not None:
            del axes[1]
        return tuple(axes)

    @property
    def keep_dims(self) -> bool:
        """Whether moments keep the reduced dimensions."""
        return self.virtual_batch_size is not None or len(self.axes) > 1

    @property
    def broadcast_shape(self) -> Optional[Tuple[int, ...]]:
        """Shape that per-channel vectors take before they meet the input; None where they broadcast as they are."""
        if self.keep_dims or self.reduction_axes == tuple(range(self.kernel_rank - 1)):
            return None
        shape = [1] * self.kernel_rank
        shape[self.kernel_axes[0]] = self.axis_sizes[0]
        return tuple(shape)

    def check(self, shape: Optional[Shape]) -> None:
        """Refuses an input that the built variables do not fit.

        Raises:
          ValueError: other rank, or another size along a kept axis.
        """
        if shape is None:
            return
        if len(shape) != self.rank:
            raise ValueError(
                "the layer was built for rank {}, this input has rank {} (shape {}). Use a second layer.".format(
                    self.rank, len(shape), shape
                )
            )
        for axis, size in zip(self.axes, self.axis_sizes):
            if shape[axis] is not None and shape[axis] != size:
                raise ValueError(
                    "the layer was built for size {} along axis {}, this input has {} (shape {}). Use a second "
                    "layer.".format(size, axis, shape[axis], shape)
                )


def resolve(
    config: Config,
    behaviour: Behaviour,
    shape: Optional[Sequence[Optional[int]]],
    dtype: str,
    own_moments: bool = False,
) -> Plan:
    """What a layer with this config does with inputs of this shape and dtype.

    Args:
      config: a validated config.
      behaviour: the release to follow.
      shape: the input's static shape with None where unknown; None for an unknown rank.
      dtype: name of the input's dtype.
      own_moments: whether a subclass of the layer takes the moments.

    Raises:
      ValueError: unknown or zero rank, an axis out of range or twice, a kept dimension of unknown size, virtual batches
        that cannot be; `synchronized` moments that a subclass takes; where the followed release insists, `fused=True`
        that cannot be, a kept dimension of size 0, an input that is not float32.
      IndexError: an empty axis list.
      TypeError: an axis list of something else than ints.
    """
    if not shape:
        raise ValueError(
            "the input has {}; its rank must be known and at least 1 to make the variables. Give the placeholder a "
            "shape, or call set_shape.".format("an unknown rank" if shape is None else "rank 0")
        )
    shape = tuple(shape)
    axes = _resolve_axes(config.axis, len(shape))
    _check_virtual_batch(config, axes)
    if config.synchronized and own_moments:
        raise ValueError(
            "synchronized={!r}, but a subclass takes the moments in its own `_moments`, which would go unsynchronized. "
            "Drop synchronized, or the method.".format(config.synchronized)
        )
    sizes = _axis_sizes(shape, axes, behaviour)
    vetoes = fused_vetoes(config, behaviour, len(shape), axes, dtype)
    if config.fused and vetoes and behaviour.fused_or_error:
        raise ValueError(
            "fused={!r}, but {}; TensorFlow {} does not fall back. Use fused=False.".format(
                config.fused, ", ".join(vetoes), behaviour.release
            )
        )
    fused = not vetoes
    compute_dtype = "float32" if dtype in _NARROW and behaviour.unfused_in_float32 else dtype
    param_shape = _param_shape(config, len(shape), axes, sizes)
    return Plan(
        rank=len(shape),
        dtype=dtype,
        axes=axes,
        axis_sizes=sizes,
        param_shape=param_shape,
        param_dtype=_param_dtype(behaviour, dtype),
        variables=tuple(_variables(config, behaviour, param_shape)),
        kernel="fused" if fused else "unfused",
        data_format=_LAYOUTS[len(shape), axes[0]] if fused else None,
        fused_vetoes=vetoes,
        unbiased_variance=fused,
        virtual_batch_size=config.virtual_batch_size,
        compute_dtype=compute_dtype,
        fast_vetoes=fast_vetoes(config, "float32" if fused else compute_dtype, own_moments),
        behaviour=behaviour,
    )


def fused_vetoes(config: Config, behaviour: Behaviour, rank: int, axes: Sequence[int], dtype: str) -> Tuple[str, ...]:
    """Why the fused kernel is not used; empty where it is."""
    ranks = (4, 5) if behaviour.fused_rank_5 else (4,)
    reasons: List[str] = []
    if config.fused is None and not behaviour.fused_by_default:
        reasons.append("fused=True was not asked for")
    if config.fused is not None and not config.fused:
        reasons.append("fused={!r} was asked for".format(config.fused))
    if rank not in ranks:
        reasons.append("the input has rank {}, the kernel takes {}".format(rank, " or ".join(map(str, ranks))))
    elif len(axes) != 1 or (rank, axes[0]) not in _LAYOUTS:
        reasons.append("the kernel has no layout for axis {} at rank {}".format(list(axes), rank))
    more_than_it_can = {
        "renorm=True": config.renorm,
        "virtual_batch_size={!r}".format(config.virtual_batch_size): config.virtual_batch_size is not None,
        "an adjustment is given": config.adjustment is not None,
        "synchronized={!r}, and the kernel sees one replica".format(config.synchronized): config.synchronized,
    }
    reasons.extend(reason for reason, wanted in more_than_it_can.items() if wanted)
    if behaviour.regularizer_vetoes_fused and (config.beta_regularizer or config.gamma_regularizer) is not None:
        reasons.append("a regularizer is given")
    if behaviour.fused_needs_16_or_32_bits and dtype not in _NARROW + ("float32",):
        reasons.append("dtype {}".format(dtype))
    return tuple(reasons)


def fast_vetoes(config: Config, compute_dtype: str, own_moments: bool) -> Tuple[str, ...]:
    """Why the arithmetic is not the fast one; empty where it is."""
    reasons: List[str] = []
    if config.numerics != "fast":
        reasons.append("numerics={!r}".format(config.numerics))
    if config.adjustment is not None:
        reasons.append("an adjustment is given")
    if config.epsilon is None:
        reasons.append("epsilon=None")
    if config.synchronized:
        reasons.append("synchronized={!r}".format(config.synchronized))
    if own_moments:
        reasons.append("a subclass takes the moments")
    if compute_dtype not in ("float32", "float64"):
        reasons.append("arithmetic in {}".format(compute_dtype))
    return tuple(reasons)


def _resolve_axes(axis: Any, rank: int) -> Tuple[int, ...]:
    given = [int(axis)] if isinstance(axis, numbers.Integral) else list(axis)
    if not given:
        raise IndexError("axis is empty; name at least one axis to keep, for example axis=-1.")
    for a in given:
        if not isinstance(a, int):
            raise TypeError("axis is {!r}; every axis must be an int, {!r} is a {}.".format(axis, a, type(a).__name__))
    resolved = tuple(int(a) + rank if a < 0 else int(a) for a in given)
    for a in resolved:
        if not 0 <= a < rank:
            raise ValueError(
                "axis is {!r}; allowed for an input of rank {} is {} to {}.".format(axis, rank, -rank, rank - 1)
            )
    if len(set(resolved)) != len(resolved):
        raise ValueError("axis is {!r}, which names axis {} twice; name each once.".format(axis, list(resolved)))
    return resolved


def _check_virtual_batch(config: Config, axes: Sequence[int]) -> None:
    size = config.virtual_batch_size
    if size is None:
        return
    if size <= 0:
        raise ValueError(
            "virtual_batch_size is {!r}; allowed is a positive int that divides the batch, or None.".format(size)
        )
    if 0 in axes:
        raise ValueError(
            "virtual_batch_size={!r} groups axis 0, the batch, so axis={!r} cannot keep it. Keep another axis, or drop "
            "virtual_batch_size.".format(size, config.axis)
        )
    if config.adjustment is not None:
        raise ValueError("virtual_batch_size and adjustment are both given; drop one of them.")


def _axis_sizes(shape: Shape, axes: Sequence[int], behaviour: Behaviour) -> Tuple[int, ...]:
    sizes: List[int] = []
    for axis in axes:
        size = shape[axis]
        if size is None:
            raise ValueError(
                "the input's shape is {}, its size along axis {} is unknown; it must be known to make the variables. "
                "Call set_shape.".format(shape, axis)
            )
        if size == 0 and not behaviour.takes_no_channels:
            raise ValueError(
                "the input's shape is {}, its size along axis {} is 0; TensorFlow {}, which the layer follows, needs "
                "at least 1.".format(shape, axis, behaviour.release)
            )
        sizes.append(size)
    return tuple(sizes)


def _param_shape(config: Config, rank: int, axes: Sequence[int], sizes: Sequence[int]) -> Tuple[int, ...]:
    if len(axes) == 1 and config.virtual_batch_size is None:
        return (sizes[0],)
    by_axis = dict(zip(axes, sizes))
    shape = [by_axis.get(axis, 1) for axis in range(rank)]
    if config.virtual_batch_size is not None:
        shape.insert(1, 1)
    return tuple(shape)


def _param_dtype(behaviour: Behaviour, dtype: str) -> str:
    if behaviour.float32_only and dtype != "float32":
        raise ValueError(
            "the input is {}; TensorFlow {}, which the layer follows, normalizes float32 only. Cast the input, or "
            "follow a later release.".format(dtype, behaviour.release)
        )
    as_input = behaviour.float16_parameters and dtype == "float16"
    return "float32" if dtype in _NARROW and not as_input else dtype


def _variables(config: Config, behaviour: Behaviour, shape: Tuple[int, ...]) -> Iterator[Variable]:
    affine = [name for name, wanted in (("gamma", config.scale), ("beta", config.center)) if wanted]
    for name in reversed(affine) if behaviour.beta_before_gamma else affine:
        yield Variable(name, shape, name + "_initializer")
    yield Variable("moving_mean", shape, "moving_mean_initializer", statistic=True)
    yield Variable("moving_variance", shape, "moving_variance_initializer", statistic=True)
    if config.renorm and behaviour.renorm_debiased:
        for name in ("renorm_mean", "renorm_stddev"):
            yield Variable(name, shape, "zeros", statistic=True)
            yield Variable(name + "_weight", (), "zeros", statistic=True)
    elif config.renorm:
        yield Variable("moving_stddev", shape, "stddev", statistic=True)
        yield Variable("renorm_mean", shape, "moving_mean_initializer", statistic=True)
        yield Variable("renorm_stddev", shape, "stddev", statistic=True)
