"""Verifies the layer on several releases of TensorFlow, each in an environment of its own, on every Keras it has there.

A release that cannot be installed, or on which the layer is wrong, is told in the table and does not stop the others.
"""

import argparse
import collections
import json
import time

from golden import every, pins
from golden.verify import STATUSES

#: What became of one Keras of one release. counts: status of a case -> how many; detail: why it is not good.
Result = collections.namedtuple("Result", "release python keras status good seconds counts detail")


def parser():
    """The argument parser of `scripts/verify_all.py`."""
    verify_all = argparse.ArgumentParser(prog="verify_all.py", description=__doc__.split("\n")[0])
    every.add_options(verify_all)
    verify_all.add_argument("--subject", default="tfcompat.layers", help="`real`, or a module (%(default)s)")
    verify_all.add_argument("--case", action="append", metavar="GLOB", help="repeat for several (all)")
    return verify_all


def main(argv=None):
    """Verifies; returns 0, 1 if anything is wrong, 2 with one line for bad input, or 130 when interrupted."""
    options = parser().parse_args(argv)
    results = every.results("verify_all", options, Verifying, "no environment is left")
    if isinstance(results, int):
        return results
    rows = [row for result in results for row in result.rows]
    print(json.dumps([row._asdict() for row in rows], indent=1) if options.json else "\n".join(table(rows)))
    return int(not all(row.good for row in rows))


#: The rows of one release, one for each Keras, and what `every.Work` tells of it.
OfRelease = collections.namedtuple("OfRelease", "release status good rows")


class Verifying(every.Work):
    """Runs `golden verify` on each release."""

    def one(self, row):
        """The `OfRelease` of a row."""
        started = time.monotonic()
        try:
            rows = self._verified(row, started)
        except every.Failed as failure:
            rows = [Result(row.release, row.python, "-", failure.status, False, _since(started), {}, str(failure))]
        good = all(result.good for result in rows)
        return OfRelease(row.release, "verified" if good else rows[0].status, good, rows)

    def _verified(self, row, started):
        command = ["-m", "golden", "verify", "--json", "--subject", self.options.subject]
        for pattern in self.options.case or ():
            command += ["--case", pattern]
        with self.environment(row) as python:
            _, printed = self.children.run([python] + command, "not verified", cwd=pins.ROOT)
        try:
            told, _ = json.JSONDecoder().raw_decode(printed, printed.index("\n{") + 1)
        except ValueError:
            raise every.Failed("not verified", every.end(printed)) from None
        return [self._of_keras(row, keras, told, started) for keras in _kerases(told)]

    def _of_keras(self, row, keras, told, started):
        outcomes = [outcome for outcome in told["outcomes"] if outcome["keras"] == keras]
        counts = {status: sum(outcome["status"] == status for outcome in outcomes) for status in STATUSES}
        wrong = ["%(mode)s %(case)s\n%(detail)s" % outcome for outcome in outcomes if outcome["status"] == "wrong"]
        unneeded = ["no longer needed: " + bound for bound in told["unneeded_bounds"]]
        versions = {ran["keras"] for ran in told["provenance"] if ran["keras_choice"] == keras}
        name = "%s %s" % (keras, ", ".join(sorted(version.split()[-1] for version in versions if version)))
        detail = "\n".join(wrong + unneeded)
        status = "wrong" if detail else "verified"
        return Result(row.release, row.python, name.strip(), status, not detail, _since(started), counts, detail)


def _kerases(told):
    return list(collections.OrderedDict((outcome["keras"], None) for outcome in told["outcomes"]))


def _since(started):
    return round(time.monotonic() - started, 1)


def table(rows):
    """Lines for people: Markdown, so that a table can be shown as it is printed."""
    lines = ["| TensorFlow | Python | Keras | cases | %s |" % " | ".join(STATUSES), "|---|---|---|" + "---:|" * 5]
    for row in rows:
        counts = [row.counts.get(status, 0) for status in STATUSES]
        told = [row.release, row.python, row.keras, str(sum(counts))] + [str(count) for count in counts]
        lines.append("| %s |" % " | ".join(told))
    for row in rows:
        lines += ["", "%s, %s: %s" % (row.release, row.keras, row.status), row.detail] if not row.good else []
    return lines
