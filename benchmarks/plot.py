"""The bar chart of results."""

import io
import os

from benchmarks.errors import UsageError

SUFFIXES = (".svg", ".png", ".pdf")
_WIDEST = 3.0  # a longer bar ends there and has its number
_COLOURS = ("#0e8fd6", "#009e73", "#555555", "#9a9a9a", "#e69f00", "#cc5577", "#bbbbbb")


def check_suffix(path):
    """Refuses a name that does not say what is to be drawn.

    Raises:
      UsageError: it does not.
    """
    if os.path.splitext(path)[1].lower() not in SUFFIXES:
        raise UsageError("--plot {}: the name must end with one of {}".format(path, ", ".join(SUFFIXES)))


def figure(results):
    """A group of bars for each workload: the ratio of each peer, and a line at the limit of the memory."""
    import matplotlib.figure

    rows = [row for row in results["rows"] if row["base"]]
    names = [name for name in results["peers"] if any("median" in row["peers"][name] for row in rows)]
    drawn = matplotlib.figure.Figure(figsize=(9, 1.5 + 0.16 * max(1, len(rows)) * (len(names) + 1)))
    if not names:
        drawn.text(0.5, 0.5, "nothing could be measured", ha="center")
        return drawn
    axes = drawn.subplots()
    height = 0.8 / max(1, len(names))
    for place, name in enumerate(names):
        at = [(row, y + (place + 0.5) * height - 0.4) for y, row in enumerate(rows) if "median" in row["peers"][name]]
        ratios = [row["peers"][name]["ratio"] for row, _ in at]
        colour = _COLOURS[place % len(_COLOURS)]
        axes.barh([y for _, y in at], ratios, height, label=name, color=colour)
        for (_, y), ratio in zip(at, ratios):
            if ratio > _WIDEST:
                axes.text(_WIDEST - 0.02, y, "{:.1f}".format(ratio), ha="right", va="center", fontsize=7, color="white")
    for y, row in enumerate(rows):
        limit = row["limit"] / row["peers"][row["base"]]["median"]
        label = "limit of the memory" if y == 0 else None
        axes.plot([limit, limit], [y - 0.45, y + 0.45], color="black", linewidth=1.5, label=label)
    axes.axvline(1.0, color="black", linewidth=0.5, linestyle=":")
    axes.set_yticks(range(len(rows)), [row["workload"] for row in rows])
    axes.set(xlim=(0, _WIDEST), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xlabel("time, relative to the fastest of tf.layers, tf_keras and keras3")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.5 / drawn.get_figheight()), ncol=4)
    return drawn


def rendered(results, path):
    """The chart as bytes, of the kind that the name of the file says."""
    written = io.BytesIO()
    kind = os.path.splitext(path)[1][1:].lower()
    figure(results).savefig(written, format=kind, bbox_inches="tight", dpi=120)
    return written.getvalue()
