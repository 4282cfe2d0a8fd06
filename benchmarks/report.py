"""Tables of results: for a terminal, in Markdown, and in the place that a page keeps for them."""

import statistics

from rich.markup import escape
from rich.table import Table

from benchmarks.errors import UsageError
from benchmarks.peers import NOT_HERE

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def number(value):
    """Three digits of a positive number."""
    if value == 0:
        return "0"
    text = "{:.3g}".format(value)
    return "{:.0f}".format(value) if "e+" in text else text


def milliseconds(seconds):
    """For people."""
    return number(seconds * 1e3)


def megabytes(size):
    """For people; `-` where it could not be measured."""
    return "-" if size is None else "{:.1f}".format(max(size, 0) / 1e6)


def shape(row):
    """`32x56x56x64`, with what is not as usual."""
    words = ["x".join(str(size) for size in row["shape"])]
    words += ["axis={}".format(row["axis"])] if row["axis"] != -1 else []
    words += ["{}={}".format(*item) for item in sorted(row["arguments"].items())]
    words += [row["dtype"]] if row["dtype"] != "float32" else []
    return ", ".join(words)


def heading(results):
    """What was measured where, as lines."""
    machine, options = results["machine"], results["options"]
    versions = ", ".join("{} {}".format(*item) for item in sorted(results["versions"].items()))
    return [
        "{date}, {cpu}, {cores} processors, {system}, Python {python}".format(**machine),
        "{}; oneDNN {}, {} intra-op and 1 inter-op threads, mode {}".format(
            versions, options["onednn"], options["threads"], options["mode"]
        ),
        "{} rounds of {:g} s; memory moves {:.1f} GB/s (copy)".format(
            options["rounds"], options["seconds"], results["bandwidth"] / 1e9
        ),
    ] + results["notes"]


RATIOS = (
    "Ratios are taken round by round, to the fastest of tf.layers, tf_keras and keras3 in the row; where none of them "
    "runs, to the fastest of tfcompat."
)


def table(results):
    """A line for each peer of each workload."""
    columns = ("workload", "peer", "ms", "quartiles", "ratio", "x limit", "first call s", "peak MB")
    made = Table(title="\n".join(escape(line) for line in heading(results)), title_justify="left", caption=RATIOS)
    for column in columns:
        made.add_column(column, justify="left" if column in columns[:2] else "right")
    for row in results["rows"]:
        limit = "[dim]limit[/dim]"
        about = "{}\n[dim]{}, {}[/dim]".format(row["workload"], escape(shape(row)), row["mode"])
        made.add_row(about, limit, milliseconds(row["limit"]), "", "", "1", "", "")
        for name, cell in row["peers"].items():
            if "median" in cell:
                made.add_row("", *_line(name, cell, name == row["base"]))
        made.add_section()
    return made


def absent(results):
    """Lines on who was not measured and why: a peer, its reason, the workloads."""
    reasons = {}
    for row in results["rows"]:
        for name, cell in row["peers"].items():
            if cell.get("unavailable", NOT_HERE) != NOT_HERE:
                reasons.setdefault((name, cell["unavailable"]), []).append(row["workload"])
    return ["{}: unavailable: {} ({})".format(*key, ", ".join(names)) for key, names in reasons.items()]


def _line(name, cell, is_base):
    low, high = cell["quartiles"]
    ratio = "{:.2f}".format(cell["ratio"])
    return (
        name,
        milliseconds(cell["median"]),
        "{} - {}".format(milliseconds(low), milliseconds(high)),
        "[bold]{}[/bold]".format(ratio) if is_base else ratio,
        number(cell["over_limit"]),
        "{:.2f}".format(cell["first_call"]),
        megabytes(cell.get("peak")),
    )


def batches(results):
    """Lines on other sizes of the batch: how often was traced, and what each size took, first and second."""
    lines = []
    for row in results["rows"]:
        for name, cell in row["peers"].items():
            if "batches" in cell:
                calls = ", ".join(
                    "{}: {} / {}".format(batch, milliseconds(first), milliseconds(second))
                    for batch, first, second in cell["batches"]["calls"]
                )
                traces = cell["batches"]["traces"]
                lines.append("{}, {}: {} {}; {}".format(row["workload"], name, traces, _traces(traces), calls))
    title = "One function of unknown batch size, called with several; ms of the first / second call of each size"
    return [title] + lines if lines else []


def beside_the_real_one(results):
    """Lines on whether `exact` is slower than the real function, where `control` tells how large the noise is."""
    found = results["beside_the_real_one"]
    if found is None:
        return []
    lines = ["Time relative to tf.layers:"]
    for name in ("exact", "control"):
        ordered = sorted((ratio, workload) for workload, ratio in found[name].items())
        median = statistics.median(found[name].values())
        (least, fastest), (most, slowest) = ordered[0], ordered[-1]
        lines.append(
            "{}: {:.2f} in the median of {} workloads; {:.2f} in {} to {:.2f} in {}".format(
                name, median, len(ordered), least, fastest, most, slowest
            )
        )
    slower = ", ".join(found["slower"]) or "none"
    lines.append("exact is slower by more than the noise ({:.2f}) in: {}".format(found["noise"], slower))
    return lines


def _traces(count):
    return "trace" if count == 1 else "traces"


def markdown(results):
    """All of it in Markdown."""
    names = list(results["peers"])
    parts = ["\n".join(heading(results)).replace("\n", "  \n"), "Milliseconds of a step (ratio). " + RATIOS]
    times = [
        [row["workload"], shape(row), row["mode"] + " " + row["step"], milliseconds(row["limit"])]
        + [_time(row["peers"][name]) for name in names]
        for row in results["rows"]
    ]
    parts.append(_pipes(["workload", "input", "step", "limit"] + names, times))
    parts.append("Seconds of the first call; MB of memory that a step takes:")
    costs = [[row["workload"]] + [_cost(row["peers"][name]) for name in names] for row in results["rows"]]
    parts.append(_pipes(["workload"] + names, costs))
    found, missing, beside = batches(results), absent(results), beside_the_real_one(results)
    if beside:
        parts.append(beside[0] + "\n\n" + "\n".join("- " + line for line in beside[1:]))
    if found:
        parts.append(found[0] + ":\n\n" + "\n".join("- " + line for line in found[1:]))
    if missing:
        parts.append("Not measured:\n\n" + "\n".join("- " + line for line in missing))
    return "\n\n".join(parts) + "\n"


def _time(cell):
    return "{} ({:.2f})".format(milliseconds(cell["median"]), cell["ratio"]) if "median" in cell else "-"


def _cost(cell):
    return "{:.2f}; {}".format(cell["first_call"], megabytes(cell.get("peak"))) if "median" in cell else "-"


def _pipes(columns, rows):
    lines = [columns, ["---"] * len(columns)] + rows
    return "\n".join("| {} |".format(" | ".join(cell.replace("|", "\\|") for cell in line)) for line in lines)


def in_place(path, text):
    """The content of a page with a text between its two marks.

    Raises:
      UsageError: the page cannot be read, or does not have each mark once, in order.
    """
    try:
        with open(path, encoding="utf-8") as source:
            page = source.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("--write {}: cannot be read ({})".format(path, error)) from None
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise UsageError("--write {}: needs one line {} and after it one line {}".format(path, BEGIN, END))
    before, rest = page.split(BEGIN)
    return "{}{}\n\n{}\n\n{}{}".format(before, BEGIN, text.strip("\n"), END, rest.split(END)[1])
