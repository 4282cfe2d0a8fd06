"""How commands talk to people: tables, progress and colours, by rich, which is imported when something is printed."""

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Iterable, List, Sequence

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod
    from rich.progress import Progress


def quiet_tensorflow() -> None:
    """Leaves TensorFlow's own messages out, where it is not imported yet and the user did not ask for them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def console() -> "Console":
    """Prints to stdout, as wide as it takes where that is no terminal, so that a file or pipe gets whole lines."""
    from rich.console import Console

    out = Console(highlight=False, markup=False, soft_wrap=True)
    return out if out.is_terminal else Console(highlight=False, markup=False, soft_wrap=True, width=10000)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], justify: "JustifyMethod" = "left") -> None:
    """Prints rows under their columns; None is printed as `-`."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table

    table = Table(
        *(Column(name, justify=justify) for name in columns), box=SIMPLE_HEAD, pad_edge=False, show_edge=False
    )
    for row in rows:
        table.add_row(*("-" if value is None else str(value) for value in row))
    console().print(table)


def print_json(value: Any) -> None:
    """Prints what a program reads."""
    print(json.dumps(value, indent=1))


def progress_of_bytes() -> "Progress":
    """A progress bar on stderr, if that is a terminal, for work measured in bytes; it is gone when the work is done."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    quiet = not sys.stderr.isatty()  # elsewhere rich would print an empty line
    columns: List[Any] = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True)
