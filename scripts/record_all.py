"""Records every release of TensorFlow, each in an environment of its own; see `golden/record_all.py` or `--help`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from golden.record_all import main

if __name__ == "__main__":
    sys.exit(main())
