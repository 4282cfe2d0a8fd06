"""The words and numbers of an explanation, as rows: plain text and the command line lay them out."""

from typing import List, Optional, Sequence, Tuple

from tfcompat.explanation.averages import BATCH_MEAN, BATCH_VARIANCE, Averages, Row
from tfcompat.explanation.call import Call

_UPDATES = {
    "collection": "in a v1 graph in UPDATE_OPS, on which the train op must depend; elsewhere with each call",
    "immediate": "with the output",
    "skip": "none, the averages stand still",
}


def title(call: Call) -> str:
    """What comes in, and which release is followed."""
    release = call.plan.behaviour.release
    return "Input {} {}, as TensorFlow {} does it:".format(_shape(call.shape), call.plan.dtype, release)


def facts(call: Call) -> List[Tuple[str, str]]:
    """(name, value) of what runs and why; no name where a value goes on."""
    plan, config = call.plan, call.config
    kernel = "fused, {}".format(plan.data_format) if plan.kernel == "fused" else "unfused"
    groups = "whole batch" if plan.virtual_batch_size is None else "groups of {}".format(plan.virtual_batch_size)
    axes = ", ".join(map(str, call.group.axes)) or "none"
    rows = [("kernel", kernel)] + [("", "because " + veto) for veto in plan.fused_vetoes]
    rows += [
        ("statistics", "over axes {} of the {}".format(axes, groups)),
        ("", "n = {} for each of {} means and variances".format(call.group, call.statistics)),
        ("moving variance", _moving_variance(call)),
        ("updates", "none, the statistics are frozen" if config.freeze_statistics else _UPDATES[config.updates]),
        ("arithmetic", plan.compute_dtype if plan.kernel == "unfused" else "the kernel's, float32"),
        ("variables", plan.param_dtype),
    ]
    rows += [("", "{} {}".format(variable.name, _shape(variable.shape))) for variable in plan.variables]
    return rows + [("asked for", told) for told in _asked_for(call)]


def heading(call: Call, averages: Averages) -> List[str]:
    """The update of the averages, when they arrive, and what the table is of."""
    followers = "moving_mean and moving_stddev" if call.stddev_averaged else "they"
    if averages.arrived is None:
        arrived = "{} are never within 1 % of the batch's.".format(followers.replace("they", "They"))
    else:
        arrived = "After {} steps {} are within 1 % of the batch's.".format(averages.arrived, followers)
    return [
        "While training, average <- average - (average - batch's) * (1 - {:.10g}).".format(averages.momentum),
        arrived,
        "For example, with batches of mean {:g} and variance {}:".format(BATCH_MEAN, _variance(call)),
    ]


def table(averages: Averages) -> List[List[str]]:
    """The names of the columns, then a row for each step that is shown."""
    stddev = averages.rows[0].moving_stddev is not None
    header = ["step", "left of the start", "moving_mean", "moving_variance"] + ["moving_stddev"] * stddev
    return [header, *map(_numbers, averages.rows)]


def _numbers(row: Row) -> List[str]:
    values = [value for value in row[2:] if value is not None]
    return [str(row.step), "{:.4g} %".format(100 * row.left), *("{:.6g}".format(value) for value in values)]


def _moving_variance(call: Call) -> str:
    if not call.plan.unbiased_variance:
        return "biased, 1 / n, no Bessel factor"
    size, factor = call.group.size, call.group.bessel
    if size is None or factor is None:
        return "unbiased, n / (n - 1) times the batch's"
    if size == 1:
        return "of one element, 0: its Bessel factor n / (n - 1) counts for 1"
    return "unbiased, n / (n - 1) = {} / {} = {:.7g} times the batch's".format(size, size - 1, factor)


def _variance(call: Call) -> str:
    if call.group.size == 1:
        return "0"
    if call.bessel is None:
        return "{:g}, the factor n / (n - 1) in it".format(BATCH_VARIANCE)
    return "{:g}".format(BATCH_VARIANCE) + (" x {:.7g}".format(call.bessel) if call.plan.unbiased_variance else "")


def _asked_for(call: Call) -> List[str]:
    """What arguments that `tf.layers` does not have ask for, beside the updates."""
    config, vetoes = call.config, call.plan.fast_vetoes
    fast = "but exact: " + ", ".join(vetoes) if vetoes else "sums are rounded in another order than TensorFlow's"
    told = {
        "freeze_statistics, normalizes with the averages whatever training says": config.freeze_statistics,
        "freeze_affine, gamma and beta do not train": config.freeze_affine,
        "numerics='fast', " + fast: config.numerics == "fast",
        "empty_batch='keep', a batch without elements changes nothing": config.empty_batch == "keep",
        "empty_batch='error', a batch without elements is refused while training": config.empty_batch == "error",
        "synchronized, statistics of the batches of all replicas of a strategy": bool(config.synchronized),
    }
    return [text for text, holds in told.items() if holds]


def _shape(shape: Sequence[Optional[int]]) -> str:
    return "({})".format(", ".join("?" if size is None else str(size) for size in shape))
