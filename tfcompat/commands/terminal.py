"""How commands talk to people: tables, progress and colours, by rich."""

import json
from typing import Any, Iterable, List, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


def console() -> Console:
    """Prints to stdout, as wide as it takes where that is no terminal, so that a file or pipe gets whole lines."""
    out = Console(highlight=False, markup=False, soft_wrap=True)
    return out if out.is_terminal else Console(highlight=False, markup=False, soft_wrap=True, width=10000)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints rows under their columns; None is printed as `-`."""
    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for row in rows:
        table.add_row(*("-" if value is None else str(value) for value in row))
    console().print(table)


def print_json(value: Any) -> None:
    """Prints what a program reads."""
    print(json.dumps(value, indent=1))


def progress_of_bytes() -> Progress:
    """A progress bar on stderr for work that is measured in bytes; it is gone when the work is done."""
    columns: List[Any] = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=Console(stderr=True), transient=True)
