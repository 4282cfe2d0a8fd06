"""A call of the layer as far as it is told: what it shares statistics over, and whether it moves the averages."""

import numbers
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

from tfcompat.config import Config
from tfcompat.plan import Plan, Shape
from tfcompat.releases import SMALLEST_FUSED_EPSILON

#: What may be known of the argument `training`: a bool, that it is fed (any tensor), or that it is left out of the
#: call, which means False outside of Keras' own loops.  None: nothing is said of it.
Training = Union[bool, str, None]
FED, LEFT_OUT = "fed", "left out"


class Group(NamedTuple):
    """The elements that share one mean and one variance.

    Attributes:
      axes: the axes of the input that are reduced.
      sizes: the group's sizes along them, None where unknown.
    """

    axes: Tuple[int, ...]
    sizes: Shape

    @property
    def size(self) -> Optional[int]:
        """How many elements there are, n; None where that is unknown."""
        if 0 in self.sizes:
            return 0
        return None if None in self.sizes else _product(self._known)

    @property
    def bessel(self) -> Optional[float]:
        """Bessel's factor n / (n - 1); None where n is unknown or 0.

        Of one element the variance is 0, and the recordings `one-*` of all releases show that it stays 0: 1.
        """
        return self.size / max(self.size - 1, 1) if self.size else None

    @property
    def _known(self) -> List[int]:
        return [size for size in self.sizes if size is not None]

    def __str__(self) -> str:
        """`10 x 3 x 3 = 90`, or `? x 9` where a size is unknown."""
        if self.size is None:
            factors = ["?"] * self.sizes.count(None) + [str(_product(self._known))] * bool(self._known)
            return " x ".join(factors)
        factors = [str(size) for size in self._known]
        return " x ".join(factors) + " = {}".format(self.size) if len(factors) > 1 else str(self.size)


class Call(NamedTuple):
    """A call of a layer.

    Attributes:
      config, plan: what the layer was asked for, and what runs.
      shape: of the input, None where unknown.
      training: what is known of the argument; see `Training`.
      steps: of training, how many there will be; None where that is not told.
    """

    config: Config
    plan: Plan
    shape: Shape
    training: Training = None
    steps: Optional[int] = None

    @property
    def group(self) -> Group:
        """The elements that share one mean and one variance."""
        axes = tuple(axis for axis in range(self.plan.rank) if axis not in self.plan.axes)
        sizes = [self.shape[axis] for axis in axes]
        if self.plan.virtual_batch_size is not None:  # axis 0 is reduced then: `resolve` sees to it
            sizes[0] = self.plan.virtual_batch_size
        return Group(axes, tuple(sizes))

    @property
    def bessel(self) -> Optional[float]:
        """How many times the batch's biased variance goes into the moving one; None where that is unknown."""
        return self.group.bessel if self.plan.unbiased_variance else 1.0

    @property
    def statistics(self) -> int:
        """How many means there are, and as many variances, of each batch or virtual batch."""
        return _product(self.plan.axis_sizes)

    @property
    def averages_frozen(self) -> bool:
        """Whether the averages stand still because the layer was asked to leave them alone."""
        return self.config.freeze_statistics or self.config.updates == "skip"

    @property
    def never_trains(self) -> bool:
        """Whether `training` is False for good, as far as is told."""
        return self.training is False or self.training == LEFT_OUT

    @property
    def averages_move(self) -> bool:
        """Whether the averages move, as far as is told."""
        return not (self.averages_frozen or self.never_trains)

    @property
    def uses_batches(self) -> bool:
        """Whether batches may be normalized with their own statistics."""
        return not (self.never_trains or self.config.freeze_statistics)

    @property
    def epsilon_too_small_for_fused(self) -> bool:
        """Whether the fused kernel runs with an epsilon that some releases do not let it have."""
        epsilon = number(self.config.epsilon)
        return self.plan.kernel == "fused" and epsilon is not None and epsilon < SMALLEST_FUSED_EPSILON

    @property
    def stddev_averaged(self) -> bool:
        """Whether the standard deviation is averaged, and `moving_variance` its square less epsilon: renorm of 1.15."""
        return self.config.renorm and not self.plan.behaviour.renorm_debiased


def number(value: Any) -> Optional[float]:
    """A finite number as a float; None for a tensor and everything else."""
    if not isinstance(value, numbers.Real):
        return None
    found = float(value)
    return found if abs(found) < float("inf") else None


def _product(sizes: Sequence[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product
