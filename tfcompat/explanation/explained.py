"""An explanation: everything that there is to say about a call."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from tfcompat import following, releases
from tfcompat.backend import installed
from tfcompat.config import Config
from tfcompat.errors import InputError
from tfcompat.explanation import text
from tfcompat.explanation.advice import Advice, advice
from tfcompat.explanation.averages import Averages, averages
from tfcompat.explanation.call import Call, Training
from tfcompat.explanation.differences import Difference, differences
from tfcompat.plan import resolve
from tfcompat.releases import RELEASES


class Explanation(NamedTuple):
    """What a call does.

    Attributes:
      call: what was asked for, and what runs.
      averages: how its moving averages move; None where there is nothing to count.
      advice: the warnings.
      differences: what other releases do.
    """

    call: Call
    averages: Optional[Averages]
    advice: Tuple[Advice, ...]
    differences: Tuple[Difference, ...]

    def __str__(self) -> str:
        """The explanation as text for people."""
        lines = [text.title(self.call), *_columns(text.facts(self.call))]
        if self.averages:
            header, *rows = text.table(self.averages)
            lines += ["", *text.heading(self.call, self.averages), *_columns([header, *rows], right=True)]
        for found in self.advice:
            lines += ["", str(found)]
        if self.differences:
            lines += ["", "The same call in other releases:"]
            lines += _columns([(found.releases, found.about) for found in self.differences])
        return "\n".join(lines)


def _columns(rows: Sequence[Sequence[str]], right: bool = False) -> List[str]:
    """Rows as lines whose columns stand under each other, the last one as wide as it is."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    align = ">" if right else "<"
    form = "  ".join("{{:{}{}}}".format(align, width) for width in widths)
    return ["  " + form.format(*row).rstrip() for row in rows]


def explain(
    shape: Sequence[Optional[int]],
    dtype: str = "float32",
    *,
    release: Optional[str] = None,
    training: Training = None,
    steps: Optional[int] = None,
    **arguments: Any,
) -> None:
    """Prints what `BatchNormalization(**arguments)` does with inputs of this shape and dtype.

    Args:
      shape: the input's shape, None where unknown.
      dtype: name of the input's dtype.
      release: the TensorFlow release to follow; None: the one that layers follow now (see `tfcompat.release`).
      training: True, False, `"fed"` for a tensor, `"left out"`; None: say nothing about it.
      steps: how many steps of training there will be; None: say nothing about them.
      **arguments: of `BatchNormalization`, without those that Keras has for all layers.

    Raises:
      TypeError, ValueError, IndexError: the call is refused, as the layer would refuse it; or there is no release to
        follow.
    """
    print(explanation(Config(**arguments), shape, dtype, followed(release), training=training, steps=steps))


def followed(release: Optional[str]) -> str:
    """The release that an explanation is of: the one given, the one that layers follow now, or the one installed.

    Raises:
      InputError: there is none.
    """
    try:
        return following.chosen(release) or installed.release()
    except ModuleNotFoundError:
        raise InputError(
            "there is no TensorFlow to follow; choose one, for example --release 2.15, in Python release='2.15'"
        ) from None


def explanation(
    config: Config,
    shape: Sequence[Optional[int]],
    dtype: str,
    release: str,
    among: Sequence[str] = RELEASES,
    training: Training = None,
    steps: Optional[int] = None,
) -> Explanation:
    """What a layer with this config does with inputs of this shape and dtype.

    Args:
      config: the arguments of the layer.
      shape: the input's static shape, None where unknown.
      dtype: name of the input's dtype.
      release: the TensorFlow release to follow.
      among: releases to compare with.
      training, steps: see `explain`.

    Raises:
      TypeError, ValueError, IndexError: the call is refused; see `tfcompat.config.Config` and `tfcompat.plan.resolve`.
    """
    behaviour = releases.behaviour(release)
    plan = resolve(config.validated(behaviour), behaviour, shape, dtype)
    call = Call(config, plan, tuple(shape), training, steps)
    return Explanation(call, averages(call), advice(call), differences(call, among))
