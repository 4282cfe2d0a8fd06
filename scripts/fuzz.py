"""Compares tfcompat with the real function on random cases; see `fuzz/command.py` or `--help`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from fuzz.command import main

if __name__ == "__main__":
    sys.exit(main())
