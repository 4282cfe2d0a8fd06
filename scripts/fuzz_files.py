"""Damages files and requires a success or one of our errors; see `fuzz/file_command.py` or `--help`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from fuzz.file_command import main

if __name__ == "__main__":
    sys.exit(main())
