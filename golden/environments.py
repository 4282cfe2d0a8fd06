"""What installs each release of TensorFlow: rows of data, exact enough for the same installation in years."""

import collections
import os

from golden import files, installed
from golden.catalogue import MODES

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "environments.json")


class Environment(collections.namedtuple("Environment", "release python modes requires without_dependencies")):
    """How one release is installed.

    Attributes:
      release: for example `1.15.5`.
      python: the minor version of the interpreter, for example `3.7`.
      modes: the modes that the release has, a list of `catalogue.MODES`.
      requires: requirements for pip, each with `==`; the first is TensorFlow.
      without_dependencies: requirements that pip must install without looking at what they require themselves, since
        that contradicts `requires`; each with `==`, seldom any.
    """

    __slots__ = ()

    @property
    def installs(self):
        """The arguments of each `pip install` that is needed, in order."""
        apart = [["--no-deps"] + self.without_dependencies] if self.without_dependencies else []
        return [list(self.requires)] + apart


def load(path=PATH):
    """The `Environment`s of a JSON file, oldest release first.

    Raises:
      DataError: a malformed row; the message names the file and the row.
    """
    return files.rows(path, _row)


def _row(path, number, raw):
    raw = dict({"without_dependencies": []}, **raw)
    well_formed = (
        sorted(raw) == sorted(Environment._fields)
        and raw["requires"][0] == "tensorflow==" + raw["release"]
        and all("==" in requirement for requirement in raw["requires"] + raw["without_dependencies"])
        and [mode for mode in MODES if mode in raw["modes"]] == raw["modes"] != []
    )
    if not well_formed:
        raise ValueError(
            "%s, row %d: a row has release, python, modes (of %s, in this order), requires (each with ==, first "
            "tensorflow==RELEASE) and, where needed, without_dependencies (each with ==); got %r"
            % (path, number, ", ".join(MODES), raw)
        )
    return Environment(**raw)


def of_release(release, rows=None):
    """The `Environment` of a release or of another patch release of its minor, None where there is none."""
    rows = load() if rows is None else rows
    return next((row for row in rows if installed.minor(row.release) == installed.minor(release)), None)


def modes_of(release, rows=None):
    """The modes that a release has, all of them where it is not known."""
    row = of_release(release, rows)
    return list(row.modes if row else MODES)
