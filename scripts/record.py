"""Records the installed TensorFlow; needs TensorFlow and NumPy only. See `golden/record.py` or `--help`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from golden.record import main

if __name__ == "__main__":
    sys.exit(main())
