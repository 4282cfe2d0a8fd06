"""A picture of moving averages on their way from where they start to the statistics of the batches."""

from typing import Any, Dict, List, Optional

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tfcompat.errors import InputError
from tfcompat.momentum import ARRIVED, share_left, steps_until

#: Momenta to compare with, where they are not too near to the one asked for.
OTHERS = (0.5, 0.9, 0.99, 0.999)
_NEAR = 2.5  # times as many steps: their labels would touch

_TITLE = "How moving averages approach the batch's statistics"

#: Suffix of a file -> how it is written; nothing in it depends on the day.
_FORMATS: Dict[str, Dict[str, Any]] = {
    ".png": {"format": "png", "dpi": 150, "metadata": {"Title": _TITLE}},
    ".svg": {"format": "svg", "metadata": {"Title": _TITLE, "Date": None}},
}

#: Colours that people tell apart, however they see colours (Okabe and Ito).
_ASKED_FOR, _OTHER, _NOTE = "#D55E00", "#0072B2", "#444444"
_LARGE, _SMALL = 14, 12  # points at a width of 6.4 inches: readable where a phone shows it at half the size
_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
_SAID: Dict[str, Any] = {"color": _NOTE, "va": "center", "fontsize": _SMALL}
_BAND = -20  # percent: below the curves there is room for words


def check_suffix(path: str) -> str:
    """The suffix of a file that a figure can be written to.

    Raises:
      InputError: another one.
    """
    for suffix in _FORMATS:
        if path.lower().endswith(suffix):
            return suffix
    raise InputError("{}: no name of a picture; let it end in {}".format(path, " or ".join(_FORMATS)))


def write(figure: Figure, path: str) -> None:
    """Writes a figure in the format of the path's suffix: the same bytes for the same figure."""
    with rc_context({"svg.hashsalt": "tfcompat"}):
        figure.savefig(path, **_FORMATS[check_suffix(path)])


def approach(momentum: float, steps: Optional[int]) -> Figure:
    """The way of an average with this momentum, and with some others, over the steps of training.

    Args:
      momentum: the one asked for, 0 to 1.
      steps: how many there will be, marked in the figure; None: not told.

    Raises:
      InputError: another momentum; its averages do not approach anything.
    """
    if not 0 <= momentum <= 1:
        raise InputError("momentum is {}; what can be drawn is 0 to 1. Leave --plot out".format(momentum))
    drawn = [other for other in OTHERS if _apart(other, momentum)] + [momentum]
    right = max([steps_until(ARRIVED, each) or 1 for each in drawn] + [steps or 1]) ** 1.1
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for each in drawn:
        _draw(axes, each, right, asked_for=each == momentum)
    if steps:
        _mark(axes, momentum, steps, right)
    _frame(figure, axes, right)
    return figure


def _apart(other: float, momentum: float) -> bool:
    mine, its = steps_until(ARRIVED, momentum), steps_until(ARRIVED, other)
    return mine is None or its is None or max(mine, its) >= _NEAR * min(mine, its)


def _arrived(momentum: float, step: int) -> float:
    """Percent of the way."""
    return 100 * (1 - share_left(momentum, step))


def _steps(right: float, arrival: Optional[int]) -> List[int]:
    """Whole steps from 1 on, evenly on a logarithmic axis, and that of the arrival."""
    steps = {1}
    exact = 1.0
    while exact < right:
        exact *= 1.05
        steps.add(round(exact))
    return sorted(steps.union([arrival or 1]))


def _draw(axes: Axes, momentum: float, right: float, asked_for: bool) -> None:
    arrival = steps_until(ARRIVED, momentum)
    steps = _steps(right, arrival)
    style: Dict[str, Any] = {"color": _ASKED_FOR if asked_for else _OTHER, "zorder": 3 if asked_for else 2}
    way = [_arrived(momentum, step) for step in steps]
    axes.plot(steps, way, linewidth=3 if asked_for else 1.5, label="{:.10g}".format(momentum), **style)
    text: Dict[str, Any] = dict(style, ha="center", va="center", bbox=_WHITE, fontsize=_SMALL)
    if asked_for:
        text.update(fontsize=_LARGE, fontweight="bold")
    half = min(range(len(steps)), key=lambda index: abs(way[index] - 50))
    x = steps[half] if 0 < momentum < 1 else right**0.5  # else there is no curve, but a line
    axes.text(x, way[half], "{:.10g}".format(momentum), **text)
    if arrival is not None:
        axes.plot([arrival], [_arrived(momentum, arrival)], "o", **style)
        axes.text(arrival, 107, "{:,}".format(arrival), **text)


def _mark(axes: Axes, momentum: float, steps: int, right: float) -> None:
    """Where the training ends."""
    axes.axvline(steps, color=_NOTE, linestyle=":", linewidth=1.5)
    axes.plot([steps], [_arrived(momentum, steps)], "D", color=_ASKED_FOR, zorder=4)
    left = share_left(momentum, steps)
    share = "{:.3g} %".format(100 * left) if left > 1e-4 else "less than 0.01 %"
    side = "left" if steps < right**0.5 else "right"
    axes.text(steps, _BAND / 2, "  {:,} steps: {} of the start left  ".format(steps, share), ha=side, **_SAID)


def _frame(figure: Figure, axes: Axes, right: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(0.6, right)
    axes.set_ylim(_BAND, 115)
    axes.set_yticks([0, 25, 50, 75, 99])
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.tick_params(labelsize=_SMALL)
    axes.grid(True, color="#DDDDDD")
    axes.set_xlabel("steps of training (logarithmic)", fontsize=_LARGE)
    axes.set_ylabel("way to the batch's statistics (%)", fontsize=_LARGE)
    figure.suptitle(_TITLE, fontsize=_LARGE)
    axes.set_title("on a curve: its momentum; at a dot: steps to 99 %", color=_NOTE, fontsize=_SMALL)
