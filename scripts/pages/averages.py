"""The plot of moving averages that approach the statistics of the batches."""

import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from tfcompat.spec import reference

MOMENTA = (0.9, 0.99, 0.999)

#: What the batches vary around, by how much, and for how many steps.
MEAN, SPREAD, STEPS = 1.0, 0.15, 5000

#: Stands for the colour of the page's text, which only the browser knows.
_TEXT = "#010203"


def averages(momentum, values, start=0.0):
    """The moving average after each value, in float32: average - (average - value) * (1 - momentum)."""
    average, rate, after = np.float32(start), np.float32(1.0 - momentum), []
    for value in np.asarray(values, "float32"):
        average = reference.moved(average, value, rate)
        after.append(average)
    return np.array(after)


def figure():
    """The plot, as HTML."""
    values = np.random.RandomState(0).normal(MEAN, SPREAD, STEPS)
    # as many as the logarithmic axis has room for: thousands of marks in a page make browsers slow
    shown = np.unique(np.geomspace(1, STEPS, 240).astype(int)) - 1
    style = {"svg.fonttype": "path", "svg.hashsalt": "averages", "font.size": 10}
    style.update((key + "color", _TEXT) for key in ("text.", "axes.edge", "axes.label", "xtick.", "ytick."))
    with matplotlib.rc_context(style):
        canvas = Figure(figsize=(7, 3.8))
        axes = canvas.subplots()
        axes.plot(shown + 1, values[shown], ".", color="#9a9a9a", markersize=3, label="mean of a batch")
        for momentum, colour in zip(MOMENTA, ("#e69f00", "#0e8fd6", "#009e73")):
            label = "moving mean, momentum {}".format(momentum)
            axes.plot(shown + 1, averages(momentum, values)[shown], color=colour, linewidth=1.8, label=label)
        axes.set(xscale="log", xlim=(1, STEPS), ylim=(0, MEAN + 4 * SPREAD), xlabel="step of training")
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncol=2)
        written = io.StringIO()
        canvas.savefig(written, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None})
    svg = written.getvalue()
    return '<figure class="plot">{}</figure>'.format(svg[svg.index("<svg") :].replace(_TEXT, "currentColor"))
