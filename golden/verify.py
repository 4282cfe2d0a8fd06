"""Runs the catalogue on a subject and compares what it does with what is expected."""

import collections
import functools

from golden import catalogue, compare, expectations, pins, processes
from golden.expectations import Expectation, NotRecorded, Recorded
from golden.files import DataError
from golden.store import Key

STATUSES = ("identical", "within bound", "skipped", "wrong")

#: What to run. subject: module or `real`; runs: list of (keras, mode); cases: ids; configuration: of the recordings;
#: release: the recorded one that is expected, or None to expect what the real function does in the same process;
#: follows: the release that the subject is told to follow, or None; device: None or a GPU; full: whether this is
#: everything, so that every bound must be needed.
Request = collections.namedtuple("Request", "subject runs cases configuration release follows device full")

#: status: one of `STATUSES`; detail: the report, or the reason; skips: whether it counts as skipped under --strict.
Outcome = collections.namedtuple("Outcome", "case family keras mode status detail skips")


class Verification:
    """One verification: run it with `run`, then read `outcomes` and `unneeded`.

    Args:
      request: a `Request`.
      cases: the catalogue.
      store: the `Store` with the recordings.
      rows: the `Bound`s.
      worker: module that runs as the worker.
    """

    def __init__(self, request, cases, store, rows=(), worker="golden.worker"):
        self.request, self.cases, self.store, self.rows, self.worker = request, cases, store, rows, worker
        self.outcomes, self.provenance = [], []
        self._covering, self._used = set(), set()

    def selected(self, mode):
        """The ids of the requested cases that run in a mode."""
        return [case_id for case_id in catalogue.select(self.cases, mode) if case_id in self.request.cases]

    def total(self):
        """How many outcomes there will be."""
        return sum(len(self.selected(mode)) for _, mode in self.request.runs)

    def run(self, progress):
        """Runs everything; `progress.step` is called for each case.

        Raises:
          WorkerFailed: a worker could not start.
          DataError: an index is damaged, or was recorded on another device.
        """
        wanted = [(keras, mode, self.selected(mode)) for keras, mode in self.request.runs if self.selected(mode)]
        results = processes.side_by_side([functools.partial(self._observe, *place, progress) for place in wanted])
        for (keras, mode, case_ids), result in zip(wanted, results):
            run = result()
            self.provenance.append(dict(run.provenance, keras_choice=keras))
            judge = self._live(mode) if self.request.release is None else self._recorded(keras, mode, run.provenance)
            for case_id in case_ids:
                self._judge(judge, keras, mode, case_id, run.observations[case_id])

    def unneeded(self):
        """In a full run, the bounds that covered a case and were needed for none: they can go."""
        return [row for row in self.rows if row in self._covering - self._used] if self.request.full else []

    def _observe(self, keras, mode, case_ids, progress):
        request = self.request
        subject = request.subject if request.release else "%s,%s" % (pins.REAL, request.subject)
        base = request.configuration if request.configuration in pins.CONFIGURATIONS else "onednn-off"
        return processes.observe(
            subject,
            mode,
            case_ids,
            keras=keras,
            configuration=base,
            device=request.device,
            follows=request.follows,
            progress=lambda case_id: progress.step("%s %s %s" % (keras, mode, case_id)),
            worker=self.worker,
        )

    def _recorded(self, keras, mode, provenance):
        """A function from (case, observations) to (`Expectation`, obtained) by the recordings."""
        request = self.request
        here = pins.configuration_key(request.configuration, provenance, request.device)
        if here != request.configuration:
            raise DataError("this device is %s, the recordings are for %s" % (here, request.configuration))
        recorded = Recorded(self.store, Key(request.release, here, mode), self.cases, self.rows)
        return lambda case_id, observations: (
            recorded.expectation(case_id, keras, provenance),
            observations[-1],
        )

    def _live(self, mode):
        """A function from (case, observations) to (`Expectation`, obtained): the real function ran in one process."""
        ignored = expectations.not_deterministic(self.store, mode)
        return lambda case_id, observations: (
            Expectation(observations[0], (), ignored.get(case_id, ()), False),
            observations[-1],
        )

    def _judge(self, judge, keras, mode, case_id, observations):
        """Adds the `Outcome` of one case."""
        skips = False
        try:
            expectation, obtained = judge(case_id, observations)
            self._covering.update(expectation.bounds)
            verdict = expectation.check(obtained)
            status, detail = verdict.status, "\n".join("%s: %.3g eps, %s" % (n, e, b) for n, b, e in verdict.used)
            self._used.update(bound for _, bound, _ in verdict.used)
            skips = any(bound.skips for _, bound, _ in verdict.used)
        except NotRecorded as reason:
            status, detail, skips = "skipped", str(reason), True
        except (compare.Mismatch, DataError) as report:
            status, detail = "wrong", str(report)
        family = self.cases[case_id]["family"]
        self.outcomes.append(Outcome(case_id, family, keras, mode, status, detail, skips))
