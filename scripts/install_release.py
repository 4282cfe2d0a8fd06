"""Installs a release of TensorFlow, with the very packages that it was recorded with, beside the Python that runs this.

    python scripts/install_release.py 1.15

Needs the standard library and pip only. The name of a tox environment, such as py37-tf1.15, does as well.
"""

import argparse
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from golden import environments


def main(argv=None):
    """Installs; returns the status of a pip that fails, or 2 with one line on stderr where there is no such release."""
    parser = argparse.ArgumentParser(prog="install_release.py", description=__doc__.split("\n")[0])
    parser.add_argument("release", help="for example 1.15 or 2.15.1")
    name = parser.parse_args(argv).release
    row = find(name.split("-tf")[-1])
    if row is None:
        there = ", ".join(row.release for row in environments.load())
        print("install_release: no environment for %s; there are %s" % (name, there), file=sys.stderr)
        return 2
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    return next(filter(None, (subprocess.call(pip + install) for install in row.installs)), 0)


def find(release):
    """The `Environment` of a release, None where there is none or the text is no release."""
    return environments.of_release(release) if re.match(r"\d+\.\d+", release) else None


if __name__ == "__main__":
    sys.exit(main())
