"""`tfcompat rewrite`."""

from typing import Any


def add_to(commands: Any) -> None:
    """Tells argparse the options."""
