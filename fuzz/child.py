"""Draws cases for one mode and runs each on the real function and on ours, in this process.

Prints an empty JSON object for each case, and one at the end that says what was counted, the smallest case that
differs, and which rows of `known` show no difference any more.
"""

import argparse
import collections
import functools
import sys

import hypothesis
from hypothesis.database import DirectoryBasedExampleDatabase

from fuzz import known
from fuzz.cases import cases
from fuzz.children import teller
from golden import catalogue, compare, runtime
from golden.runner import case as runner
from golden.runner import host

#: How often the real function runs again, at most, to see whether it differs from itself: of two orders of operations
#: one may be ten times as rare as the other.
_AGAIN = 40


class Pair:
    """The real function and the subject, on one Keras and in one mode.

    Args:
      keras: `keras2` or `keras3`, as the environment has it.
      mode: of the catalogue.
      real, subject: namespaces of the two.

    Attributes:
      counts: how many cases ran, how many of them raised, of how many the real function differs from itself, and how
        many were left out because a row of `known` is about them.
    """

    def __init__(self, keras, mode, real, subject):
        self._keras, self._mode = keras, mode
        self._real, self._subject = real, subject
        self.counts = collections.Counter()

    def check(self, case):
        """Raises `compare.Mismatch` where the two differ, but in what the real function does now so, now so."""
        rows = known.rows_of(case, self._keras, self._mode)
        if not all(row.arrays for row in rows):
            self.counts["known"] += 1
            return
        expected = self._seen(case, self._real)
        obtained = self._seen(case, self._subject)
        self.counts["cases"] += 1
        self.counts["raised"] += "raised" in expected.facts
        names = compare.differing(expected, obtained)
        excused = known.excused(names, rows)
        racy = self._racy(case, expected, set(names) - excused)
        self.counts["racy"] += bool(racy)
        compare.check(expected, obtained, ignored=racy | excused)

    def _racy(self, case, expected, names):
        """What the real function does now so, now so; it runs until these names are among that."""
        racy = set()
        for _ in range(_AGAIN):
            if racy.issuperset(names):
                break
            racy.update(compare.differing(expected, self._seen(case, self._real)))
        return racy

    def shows(self, row):
        """Whether the case of a row still differs."""
        case = catalogue.completed(dict({"id": "fuzz-0", "about": row.name}, **row.shows[2]), {"family": "fuzz"})
        return bool(compare.differing(self._seen(case, self._real), self._seen(case, self._subject)))

    def _seen(self, case, subject):
        return runtime.without_empty_collections(runner.run(case, self._mode, subject))


def differing(pair, mode, examples, seed, database, tell):
    """Draws cases until one differs; returns it shrunk and the report, or None.

    Args:
      pair: a `Pair`.
      examples: how many cases.
      seed: of hypothesis; the same gives the same cases, with the same hypothesis.
      database: folder in which hypothesis keeps what failed, or None.
      tell: called after each case that agrees, until one differs.
    """
    last = {}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=database and DirectoryBasedExampleDatabase(database),
        suppress_health_check=list(hypothesis.HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @hypothesis.given(cases(mode))
    def agree(case):
        try:
            pair.check(case)
        except Exception as error:
            last.update(case=case, report="%s: %s" % (type(error).__name__, error))
            raise
        if not last:  # else it is shrunk
            tell()

    try:
        agree()
    except Exception:
        if not last:
            raise
        return last
    return None


def main(argv=None):
    """Runs the child; the parent has set the environment."""
    parser = argparse.ArgumentParser(prog="fuzz.child", description=__doc__)
    parser.add_argument("--keras", required=True)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--subject", default="tfcompat.layers")
    parser.add_argument("--examples", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--database")
    options = parser.parse_args(argv)
    tell = teller()  # hypothesis prints what it finds
    host.choose_behaviour(options.mode)
    real = host.real_layers()  # before tfcompat is there
    pair = Pair(options.keras, options.mode, real, host.subject(options.subject))
    here = [row for row in known.ROWS if row.shows[:2] == (options.keras, options.mode)]
    unneeded = [row.name for row in here if not pair.shows(row)]
    tell_of_one = functools.partial(tell, {})
    found = differing(pair, options.mode, options.examples, options.seed, options.database, tell_of_one)
    tell({"counts": pair.counts, "found": found, "unneeded": unneeded})
    return 0


if __name__ == "__main__":
    sys.exit(main())
