"""Hunts the mutants of what computes; needs the extra `test`. See `mutation/command.py` or `--help`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from mutation.command import main

if __name__ == "__main__":
    sys.exit(main())
