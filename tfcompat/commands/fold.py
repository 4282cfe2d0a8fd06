"""`tfcompat fold`."""

from typing import Any

from tfcompat.commands import terminal

_HELP = "batch normalization to a scale and an offset, into the layer before, or to PyTorch"


def add_to(commands: Any) -> None:
    """Tells argparse the options."""
    command = commands.add_parser("fold", help=_HELP, description="Makes of " + _HELP + ".")
    command.add_argument("path", metavar="PATH", help="a TF1 checkpoint; with --model also .weights.h5")
    command.add_argument("--to", required=True, metavar="TARGET", help=".weights.h5 or .keras with --model, else .npz")
    command.add_argument(
        "--model", metavar="FUNCTION", help="fold a whole model: package.module:function or path/to/file.py:function"
    )
    command.add_argument("--name-map", metavar="FILE", help="as for tfcompat checkpoint")
    command.add_argument("--shadows", action="store_true", help="take ExponentialMovingAverage shadows")
    command.add_argument("--input", metavar="FILE", help=".npy: the batch to compare on (random, 4 examples)")
    command.add_argument("--pytorch", action="store_true", help="without --model: PyTorch's state; .npz or .pt")
    command.add_argument("--epsilon", type=float, default=1e-3, help="without --model, of all layers (%(default)s)")
    command.add_argument("--momentum", type=float, default=0.99, help="with --pytorch, of all layers (%(default)s)")
    command.add_argument("--overwrite", action="store_true", help="the target may exist")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: Any) -> int:
    """Runs the command."""
    terminal.quiet_tensorflow()
    return _model(options) if options.model else _layers(options)


def _layers(options: Any) -> int:
    from tfcompat.migrate.folding.files import fold_checkpoint

    names = fold_checkpoint(
        options.path,
        options.to,
        epsilon=options.epsilon,
        momentum=options.momentum if options.pytorch else None,
        shadows=options.shadows,
        overwrite=options.overwrite,
    )
    if options.json:
        terminal.print_json({"layers": names, "epsilon": options.epsilon})
        return 0
    terminal.print_table(("layer",), ([name] for name in names))
    print("{}: {} layers, epsilon {}".format(options.to, len(names), options.epsilon))
    return 0


def _model(options: Any) -> int:
    from tfcompat.migrate.checkpoints import model_function
    from tfcompat.migrate.folding.files import fold_to_file

    result = fold_to_file(
        options.path,
        model_function.find(options.model),
        options.to,
        name_map=options.name_map,
        shadows=options.shadows,
        inputs=options.input,
        overwrite=options.overwrite,
    )
    if options.json:
        layers = [row._asdict() for row in result.layers]
        terminal.print_json(
            {"layers": layers, "largest_difference": result.difference, "largest_output": result.output}
        )
        return 0
    rows = ((row.layer, row.into or "a scale and an offset", row.reason or None) for row in result.layers)
    terminal.print_table(("layer", "became", "because"), rows)
    print("{}: largest difference {:.3g}, largest output {:.3g}".format(options.to, result.difference, result.output))
    return 0
