"""The command line: `python -m tfcompat COMMAND`, also installed as `tfcompat`."""

import argparse
import importlib
import sys
from typing import List, Optional

from tfcompat import __version__
from tfcompat.errors import InputError

#: Each is a module of `tfcompat.commands`.
COMMANDS = ("audit", "rebuild", "rewrite", "checkpoint", "fold", "explain")

#: Module that a command needs -> the extra that brings it.
EXTRAS = {"rich": "migrate", "libcst": "migrate", "matplotlib": "plot"}


def parser() -> argparse.ArgumentParser:
    """The argument parser of `tfcompat`."""
    top = argparse.ArgumentParser(prog="tfcompat", description="Batch normalization of TensorFlow 1, moved to today's.")
    top.add_argument("--version", action="version", version="tfcompat " + __version__)
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    for name in COMMANDS:
        importlib.import_module("tfcompat.commands." + name).add_to(commands)
    return top


def main(argv: Optional[List[str]] = None) -> int:
    """Runs a command; returns what it returns, or 2 with one line on stderr for bad input."""
    try:
        options = parser().parse_args(argv)
        return int(options.run(options))
    except InputError as error:
        print("tfcompat: {}".format(error), file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in EXTRAS:
            raise
        print("tfcompat: {} is missing; pip install 'tfcompat[{}]'".format(missing, EXTRAS[missing]), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
