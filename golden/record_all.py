"""Records every release of TensorFlow: makes its environment, runs the recorder in it, and takes it away again.

What is recorded already is not recorded again, so a run that was stopped goes on where it was. A release that cannot be
installed, or whose recorder fails, is told in the table at the end and does not stop the others.
"""

import argparse
import collections
import json
import os
import time

from golden import catalogue, every, pins
from golden.store import DATA, Key, Store

#: What became of a release. status: one word for the table; good: whether it is as it should be; detail: why not.
Result = collections.namedtuple("Result", "release python status good seconds detail")


def parser():
    """The argument parser of `scripts/record_all.py`."""
    record_all = argparse.ArgumentParser(prog="record_all.py", description=__doc__.split("\n")[0])
    every.add_options(record_all)
    record_all.add_argument("--configuration", default="onednn-off", choices=list(pins.CONFIGURATIONS))
    record_all.add_argument("--verify", action="store_true", help="record again and compare; write nothing")
    record_all.add_argument("--data", default=DATA, help="folder of the recordings (%(default)s)")
    record_all.add_argument(
        "--recorder", default=os.path.join(pins.ROOT, "scripts", "record.py"), help=argparse.SUPPRESS
    )
    return record_all


def main(argv=None):
    """Records; returns 0, 1 if a release failed, 2 with one line for bad input, or 130 when interrupted."""
    options = parser().parse_args(argv)
    told = "what is recorded stays, and the next run goes on from there"
    results = every.results("record_all", options, Recording, told)
    if isinstance(results, int):
        return results
    print(json.dumps([r._asdict() for r in results], indent=1) if options.json else "\n".join(table(results)))
    return int(not all(result.good for result in results))


class Recording(every.Work):
    """Records each release, or with `--verify` compares a new recording with the one that is there."""

    def __init__(self, options):
        super().__init__(options)
        self.cases, self.store = catalogue.load(), Store(options.data)

    def one(self, row):
        """The `Result` of one row."""
        started = time.monotonic()
        try:
            status, good, detail = self._record(row)
        except every.Failed as failure:
            status, good, detail = failure.status, False, str(failure)
        return Result(row.release, row.python, status, good, round(time.monotonic() - started, 1), detail)

    def _record(self, row):
        if not self.options.verify and self.is_complete(row):
            return "there", True, ""
        with self.environment(row) as python:
            command = [python, self.options.recorder, "--data", os.path.abspath(self.options.data)]
            command += ["--configuration", self.options.configuration] + ["--verify"] * self.options.verify
            for mode in row.modes:
                command += ["--mode", mode]
            code, printed = self.children.run(command, "not recorded", cwd=pins.ROOT)
        if self.options.verify and code in (0, 1):
            return ("as recorded", True, "") if code == 0 else ("differs", False, every.end(printed))
        if code:
            raise every.Failed("not recorded", every.end(printed))
        return "recorded", True, ""

    def is_complete(self, row):
        """Whether every case of every mode of a release is recorded."""
        return all(self._has_all(Key(row.release, self.options.configuration, mode)) for mode in row.modes)

    def _has_all(self, key):
        there = os.path.exists(self.store.index_path(key))
        return there and set(self.store.index(key).cases) >= set(catalogue.select(self.cases, key.mode))


def table(results):
    """Lines for people."""
    width = max([len(result.status) for result in results] + [6])
    lines = ["%-10s %-6s %-*s %7s" % ("release", "python", width, "status", "minutes")]
    for result in results:
        minutes = "%.1f" % (result.seconds / 60)
        lines.append("%-10s %-6s %-*s %7s" % (result.release, result.python, width, result.status, minutes))
    for result in results:
        lines += ["", "%s: %s" % (result.release, result.status), result.detail] if not result.good else []
    return lines
