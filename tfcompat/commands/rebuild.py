"""`tfcompat rebuild`: prints the layers that compute what the batch normalizations of a graph compute."""

from typing import Any

from tfcompat.commands.terminal import console, print_json
from tfcompat.migrate.auditing.audit import audit
from tfcompat.migrate.auditing.rebuilding import rebuild


def add_to(commands: Any) -> None:
    """Tells argparse the options."""
    command = commands.add_parser(
        "rebuild",
        help="print the layers that compute what the batch normalizations of a graph compute",
        description="Prints a tfcompat.BatchNormalization(...) for each batch normalization of a graph or checkpoint, "
        "with the arguments that differ from the defaults. What the graph does not show stands in a comment.",
    )
    command.add_argument(
        "path", metavar="PATH", help="a checkpoint, a MetaGraph (.meta), a frozen graph (.pb) or a SavedModel"
    )
    command.add_argument("--json", action="store_true", help="print configs for programs")
    command.set_defaults(run=run)


def run(options: Any) -> int:
    """Prints the layers.

    Raises:
      InputError: the path cannot be read.
    """
    report = audit(options.path)
    rebuilt = rebuild(report.sites)
    if options.json:
        print_json([each._asdict() for each in rebuilt])
        return 0
    out = console()
    for each in rebuilt:
        out.print(each.call)
    for note in report.notes:
        out.print("# " + note)
    return 0
