"""Verifies the layer on several releases of TensorFlow; see `golden/verify_all.py` or `--help`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from golden.verify_all import main

if __name__ == "__main__":
    sys.exit(main())
