"""`tfcompat explain`: what a call of the layer does, why, with which numbers, and what is likely to go wrong."""

import argparse
import dataclasses
import math
import os
from typing import Any, Callable, Dict, Optional, Tuple

from tfcompat.commands import terminal, words
from tfcompat.config import EMPTY_BATCHES, NUMERICS, UPDATES, Config
from tfcompat.errors import InputError
from tfcompat.explanation import FED, LEFT_OUT, Averages, Explanation, explanation, followed, text

_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Config)}
_TRAINING = {"true": True, "false": False, "fed": FED}

#: Argument of the layer -> how it is read, and what it is.
_VALUES: Dict[str, Tuple[Callable[[str], Any], str]] = {
    "axis": (words.axis, "axis to keep, or several: --axis=1,3"),
    "momentum": (words.number("--momentum"), "of the moving averages"),
    "epsilon": (words.number("--epsilon"), "added to the variance"),
    "renorm_momentum": (words.number("--renorm-momentum"), "of the renorm averages"),
    "renorm_clipping": (words.clipping, "bounds on the correction: rmax=3,rmin=0.33,dmax=5"),
    "virtual_batch_size": (words.whole("--virtual-batch-size", 2**31), "examples that share statistics"),
    "updates": (str, "what becomes of them: " + ", ".join(UPDATES)),
    "empty_batch": (str, "what becomes of the averages if a batch has no elements: " + ", ".join(EMPTY_BATCHES)),
    "numerics": (str, "how sums are rounded: " + ", ".join(NUMERICS)),
}
_SWITCHES = {
    "center": "whether there is a beta",
    "scale": "whether there is a gamma",
    "fused": "whether the fused kernel runs where it can",
    "renorm": "batch renormalization",
    "freeze_statistics": "normalize with the averages, whatever training says",
    "freeze_affine": "gamma and beta do not train",
    "synchronized": "statistics of the batches of all replicas",
}


def add_to(commands: Any) -> None:
    """Tells argparse the options."""
    command = commands.add_parser(
        "explain",
        help="what a call does, why, with which numbers, and what is likely to go wrong",
        description="Explains tf.layers.batch_normalization for inputs of one shape: the kernel and why, which "
        "elements share statistics, the variables, how the moving averages move, what is likely to go wrong, and which "
        "releases of TensorFlow do something else. Nothing is run.",
        argument_default=argparse.SUPPRESS,
    )
    command.add_argument(
        "--shape", required=True, help="of the input: 10,3,3,64, with ? or none where a size is unknown"
    )
    command.add_argument("--dtype", default="float32", help="of the input (%(default)s)")
    command.add_argument("--training", default=None, help="true, false, or fed for a tensor; default: left out")
    command.add_argument("--steps", default=None, metavar="N", help="how many steps of training there will be")
    command.add_argument("--release", default=None, help="the TensorFlow to follow; default: the one installed")
    for name, (_, about) in _VALUES.items():
        command.add_argument(_option(name), dest=name, metavar="VALUE", help=_help(name, about))
    for name, about in _SWITCHES.items():
        command.add_argument(_option(name), _option("no_" + name), dest=name, action=_Switch, help=_help(name, about))
    command.add_argument("--plot", default=None, metavar="FILE", help="draw the moving averages' way: .svg or .png")
    command.add_argument("--overwrite", action="store_true", default=False, help="FILE may exist")
    command.add_argument("--json", action="store_true", default=False, help="print everything for programs")
    command.set_defaults(run=run)


class _Switch(argparse.Action):
    """`--NAME` and `--no-NAME`; `argparse.BooleanOptionalAction` is there from Python 3.9 on."""

    def __init__(self, **how: Any) -> None:
        super().__init__(nargs=0, **how)

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Optional[str] = None) -> None:
        setattr(namespace, self.dest, not (option_string or "").startswith("--no-"))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _help(name: str, about: str) -> str:
    return "{}; default: {}".format(about, _DEFAULTS[name])


def run(options: Any) -> int:
    """Explains, draws, then prints.

    Raises:
      InputError: an option cannot be used, or the layer would refuse the call.
    """
    given = _given(options)
    found = _explained(options, given)
    if options.plot is not None:
        _draw(found, options.plot, options.overwrite)
    if options.json:
        terminal.print_json(as_json(found, given))
        return 0
    _print(found)
    if options.plot is not None:
        print("\n{}: written".format(options.plot))
    return 0


def _given(options: Any) -> Dict[str, Any]:
    """The arguments of the layer that were given, read."""
    values = vars(options)
    read = {name: reader(values[name]) for name, (reader, _) in _VALUES.items() if name in values}
    return dict(read, **{name: values[name] for name in _SWITCHES if name in values})


def _explained(options: Any, given: Dict[str, Any]) -> Explanation:
    shape, dtype = words.shape(options.shape), words.one_of("--dtype", words.DTYPES)(options.dtype)
    training = LEFT_OUT if options.training is None else words.one_of("--training", _TRAINING)(options.training)
    steps = None if options.steps is None else words.whole("--steps", words.MOST_STEPS)(options.steps)
    try:
        return explanation(Config(**given), shape, dtype, followed(options.release), training=training, steps=steps)
    except (TypeError, ValueError, IndexError) as error:  # as the layer refuses the call
        raise InputError(str(error)) from None


def _draw(found: Explanation, path: str, overwrite: bool) -> None:
    """Writes the figure beside its place, then moves it there."""
    from tfcompat.explanation import figure
    from tfcompat.migrate.checkpoints import writing

    figure.check_suffix(path)
    writing.refuse_existing(path, overwrite)
    if found.averages is None:
        raise InputError("--plot: the moving averages stand still or become NaN; leave it out")
    drawn = figure.approach(found.averages.momentum, found.call.steps)
    try:
        with writing.folder_beside(path) as folder:
            made = os.path.join(folder, os.path.basename(path))
            figure.write(drawn, made)
            writing.put_file(made, path)
    except OSError as error:
        raise InputError("{}: cannot be written ({})".format(path, error.strerror)) from None


def _print(found: Explanation) -> None:
    out = terminal.console()
    out.print(text.title(found.call))
    out.print()
    terminal.print_table(("what", "how"), text.facts(found.call))
    if found.averages:
        header, *rows = text.table(found.averages)
        out.print()
        for line in text.heading(found.call, found.averages):
            out.print(line)
        out.print()
        terminal.print_table(header, rows, justify="right")
    for each in found.advice:
        out.print()
        out.print(str(each))
    if found.differences:
        out.print()
        terminal.print_table(
            ("in releases", "the same call does something else"), [each[::2] for each in found.differences]
        )


def as_json(found: Explanation, given: Dict[str, Any]) -> Dict[str, Any]:
    """The explanation as JSON has it.

    Args:
      found: the explanation.
      given: the arguments that the layer was given.
    """
    call, plan = found.call, found.call.plan
    return {
        "release": plan.behaviour.release,
        "shape": call.shape,
        "dtype": plan.dtype,
        "arguments": given,
        "training": call.training,
        "steps": call.steps,
        "kernel": plan.kernel,
        "data_format": plan.data_format,
        "fused_vetoes": plan.fused_vetoes,
        "fast_vetoes": plan.fast_vetoes,
        "compute_dtype": plan.compute_dtype,
        "kept_axes": plan.axes,
        "reduced_axes": call.group.axes,
        "virtual_batch_size": plan.virtual_batch_size,
        "group_sizes": call.group.sizes,
        "group_size": call.group.size,
        "bessel_factor": call.bessel,
        "variables": [
            {"name": variable.name, "shape": variable.shape, "dtype": plan.param_dtype} for variable in plan.variables
        ],
        "averages_move": call.averages_move,
        "moving_averages": found.averages and _averages_as_json(found.averages),
        "warnings": [each._asdict() for each in found.advice],
        "differences": [each._asdict() for each in found.differences],
    }


def _averages_as_json(averages: Averages) -> Dict[str, Any]:
    rows = [{key: _finite(value) for key, value in row._asdict().items()} for row in averages.rows]
    return dict(averages._asdict(), rows=rows)


def _finite(value: Any) -> Any:
    """JSON has no infinity."""
    return None if value is None or math.isinf(value) else value
