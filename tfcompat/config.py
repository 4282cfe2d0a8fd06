"""What the user asked for, frozen: every argument of the layer, its default and its validation."""

import copy
import dataclasses
import numbers
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Tuple, Union

from tfcompat.releases import Behaviour, first_release

#: An axis or several, as the user wrote them.
Axis = Union[int, Tuple[int, ...]]

CLIPPING_KEYS = ("rmax", "rmin", "dmax")

#: What may become of the updates of the averages: operations in `UPDATE_OPS`, run with the output, or none at all.
UPDATES = ("collection", "immediate", "skip")

#: How sums may be rounded: as the followed release rounds them, or in whatever order is fastest.
NUMERICS = ("exact", "fast")

#: What may become of the averages where a batch has no elements: NaN as in TensorFlow, what they were, or an error.
EMPTY_BATCHES = ("nan", "keep", "error")

#: Arguments that early releases do not have, and the trait of those that do.
_LATER_ARGUMENTS = {
    "renorm": "takes_renorm",
    "renorm_clipping": "takes_renorm",
    "renorm_momentum": "takes_renorm",
    "fused": "takes_fused",
    "beta_constraint": "takes_constraints",
    "gamma_constraint": "takes_constraints",
    "virtual_batch_size": "takes_virtual_batch",
    "adjustment": "takes_virtual_batch",
}


@dataclasses.dataclass(frozen=True)
class Config:
    """The arguments that decide what is computed.

    Initializers, regularizers and constraints are kept as given; the Keras host turns them into objects.  The last
    six are not of `tf.layers`, and by default change nothing.

    Raises:
      TypeError: `axis` is not an int, a list or a tuple; `renorm_clipping` is not a mapping; an argument is given that
        the followed release does not have.
      ValueError: `renorm_clipping` has a key other than `rmax`, `rmin`, `dmax`, or is a text (looked at with
        `renorm=True` only, as TensorFlow does); `fused=True` together with what the followed release cannot fuse;
        `updates` is none of `UPDATES`, `numerics` none of `NUMERICS`, or `empty_batch` none of `EMPTY_BATCHES`;
        `synchronized` with `virtual_batch_size`.
    """

    axis: Any = -1
    momentum: Any = 0.99
    epsilon: Any = 1e-3
    center: bool = True
    scale: bool = True
    beta_initializer: Any = "zeros"
    gamma_initializer: Any = "ones"
    moving_mean_initializer: Any = "zeros"
    moving_variance_initializer: Any = "ones"
    beta_regularizer: Any = None
    gamma_regularizer: Any = None
    beta_constraint: Any = None
    gamma_constraint: Any = None
    renorm: bool = False
    renorm_clipping: Optional[Mapping[str, Any]] = None
    renorm_momentum: Any = 0.99
    fused: Any = None
    virtual_batch_size: Optional[int] = None
    adjustment: Optional[Callable[[Any], Tuple[Any, Any]]] = None
    freeze_statistics: bool = False
    freeze_affine: bool = False
    updates: str = "collection"
    numerics: str = "exact"
    synchronized: bool = False
    empty_batch: str = "nan"

    def __post_init__(self) -> None:
        """Takes copies of what the user could change afterwards."""
        for name in ("axis", "renorm_clipping"):
            object.__setattr__(self, name, copy.copy(getattr(self, name)))

    def validated(self, behaviour: Behaviour) -> "Config":
        """This config, checked as the release's constructor checks it."""
        for name, trait in _LATER_ARGUMENTS.items():
            if not getattr(behaviour, trait):
                self._require_default(name, trait, behaviour)
        _check_axis_type(self.axis, behaviour)
        _check_word("updates", self.updates, UPDATES)
        _check_word("empty_batch", self.empty_batch, EMPTY_BATCHES)
        checked_numerics(self.numerics)
        if self.synchronized and self.virtual_batch_size is not None:
            raise ValueError(
                "synchronized={!r} and virtual_batch_size={!r} are both given: one takes statistics over all replicas, "
                "the other over parts of one replica's batch. Drop one of them.".format(
                    self.synchronized, self.virtual_batch_size
                )
            )
        if self.renorm:
            _check_clipping(self.renorm_clipping)
        return self

    def _require_default(self, name: str, trait: str, behaviour: Behaviour) -> None:
        value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
        if value is not default and not (isinstance(value, (bool, float)) and value == default):
            raise TypeError(
                "{} is {!r}; tf.layers takes it from TensorFlow {} on, and the layer follows {}. Leave it out, or "
                "follow a later release.".format(name, value, first_release(trait), behaviour.release)
            )

    @property
    def clipping(self) -> Dict[str, Any]:
        """The renorm clips as a dict, empty without any."""
        return dict(self.renorm_clipping or {})


def checked_numerics(numerics: str) -> str:
    """What was asked for, if it is one of `NUMERICS`.

    Raises:
      ValueError: it is none of them.
    """
    _check_word("numerics", numerics, NUMERICS)
    return numerics


def _check_word(name: str, word: Any, words: Tuple[str, ...]) -> None:
    if word not in words:
        raise ValueError("{} is {!r}; allowed are {}.".format(name, word, ", ".join(map(repr, words))))


def _check_axis_type(axis: Any, behaviour: Behaviour) -> None:
    kinds: Tuple[type, ...] = (int,) + (list,) * behaviour.axis_list + (tuple,) * behaviour.axis_tuple
    if not isinstance(axis, kinds) and not (behaviour.axis_numpy and isinstance(axis, numbers.Integral)):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(
            "axis is {!r}, a {}; allowed is {}. Write axis=-1 for the last axis, axis=[1, 3] for two.".format(
                axis, type(axis).__name__, names
            )
        )


def check_training(training: Any, behaviour: Behaviour) -> None:
    """Requires a `training` that is no tensor to be one that the followed release takes.

    Raises:
      TypeError: neither a bool nor, where the release takes them, 0, 1, a NumPy bool or None.
    """
    if training is None and behaviour.training_none:
        return
    number = behaviour.training_as_number and getattr(training, "shape", ()) == () and training in (True, False)
    if not (isinstance(training, bool) or number):
        raise TypeError(
            "training is {!r}, a {}; allowed is a bool{} or a scalar bool tensor{}.".format(
                training,
                type(training).__name__,
                ", 0, 1" * behaviour.training_as_number,
                ""
                if behaviour.training_none
                else " in TensorFlow {}, which the layer follows".format(behaviour.release),
            )
        )


def _check_clipping(clipping: Any) -> None:
    if not clipping:
        return
    # TensorFlow looks for other keys first, and finds the letters of a text.
    unknown = [key for key in clipping if key not in CLIPPING_KEYS] if isinstance(clipping, Iterable) else []
    if not isinstance(clipping, Mapping):
        raise (ValueError if unknown else TypeError)(
            "renorm_clipping is {!r}, a {}; allowed is a dict with any of the keys rmax, rmin, dmax.".format(
                clipping, type(clipping).__name__
            )
        )
    if unknown:
        raise ValueError(
            "renorm_clipping has the keys {}; allowed are rmax, rmin, dmax. Drop or rename {}.".format(
                sorted(map(str, clipping)), ", ".join(sorted(map(str, unknown)))
            )
        )
