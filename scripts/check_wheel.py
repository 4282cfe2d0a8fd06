"""Checks the tfcompat that is installed here as its users meet it: alone, then with an extra, then its types.

    tox -e packaging-py37,packaging-py39,packaging-py311,packaging-py313

Needs the standard library and pip only, and installs the extra and mypy beside it.  Works in a folder of its own, and
lets no interpreter look into the folder of a script, so that nothing of the source tree is found by chance.
"""

import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMAND = [os.path.join(os.path.dirname(sys.executable), "tfcompat")]
EXPLAIN = [*COMMAND, "explain", "--release", "2.15", "--shape", "10,3,3,64", "--steps", "20"]
TYPE_CHECK = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "typed_program.py"]

#: Imports the module that is named, and prints where it is and which of the others are imported then.
PROGRAM = """
import importlib, sys
module = importlib.import_module(sys.argv[1])
print(module.__file__, sorted({"numpy", "tensorflow", "keras", "rich"} & set(sys.modules)))
"""
IMPORT = [sys.executable, "-I", "-W", "error", "-c", PROGRAM]

#: One thing that holds. what: in words; command: its words; status: how it exits; printed: a pattern in what it prints.
Check = collections.namedtuple("Check", "what command status printed")

ALONE = (
    Check("importing it imports no other package", [*IMPORT, "tfcompat"], 0, r"site-packages\S+ \[\]$"),
    Check("the harness is not installed", [*IMPORT, "golden"], 1, "No module named 'golden'"),
    Check("the command tells its version", [*COMMAND, "--version"], 0, r"^tfcompat \d+\.\d+\.\d+"),
    Check("the command tells what it can", [*COMMAND, "--help"], 0, "explain +what a call does"),
    Check("the extra that is missing is named", EXPLAIN, 2, r"pip install 'tfcompat\[migrate\]'"),
)
MIGRATE = (Check("a call is explained", EXPLAIN, 0, r"n = 10 x 3 x 3 = 90 .*\n(.*\n)*warning momentum-too-slow"),)
TYPES = (Check("a program is checked against its types", TYPE_CHECK, 0, "Success: no issues found"),)

#: Requirements that are installed, and what holds from then on.
STAGES = (
    ([], ALONE),
    (["tfcompat[migrate]"], MIGRATE),
    (["mypy==2.4.*; python_version >= '3.10'", "mypy<2; python_version < '3.10'"], TYPES),
)


class Wrong(Exception):
    """A check failed; the message has what was expected and what came."""


def main(argv=None, stages=STAGES):
    """Checks; returns 0, or 1 with the first thing that does not hold on stderr."""
    argparse.ArgumentParser(prog="check_wheel.py", description=__doc__.split("\n")[0]).parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(ROOT, "tests", "packaging", "typed_program.py"), folder)
        try:
            for requirements, checks in stages:
                if requirements:
                    run([sys.executable, "-m", "pip", "--quiet", "install", *requirements], 0, "", folder)
                for check in checks:
                    run(check.command, check.status, check.printed, folder)
                    print("Python %d.%d: %s" % (sys.version_info[0], sys.version_info[1], check.what), flush=True)
        except Wrong as wrong:
            print("check_wheel: %s" % wrong, file=sys.stderr)
            return 1
    return 0


def run(command, status, printed, folder):
    """Runs a command in a folder.

    Args:
      status: how it has to exit.
      printed: a pattern that has to be in what it prints.

    Raises:
      Wrong: it could not be started, exited otherwise or printed something else.
    """
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Wrong("%s; install the wheel into the environment of %s" % (error, sys.executable)) from None
    told = done.stdout.decode("utf-8", "replace")
    if done.returncode != status or not re.search(printed, told, re.MULTILINE):
        expected = "expected were status %d and %r, got status %d and" % (status, printed, done.returncode)
        raise Wrong("%s\n%s\n%s" % (" ".join(command), expected, told))


if __name__ == "__main__":
    sys.exit(main())
