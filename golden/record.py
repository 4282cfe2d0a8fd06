"""Records the installed TensorFlow: `python scripts/record.py`.

Every case runs twice in one process and once in a fresh one; what differs between them is marked as not deterministic.
Recordings are only ever added: `--verify` compares with them, `--replace --reason TEXT` changes them and says why.
"""

import argparse
import collections
import sys

from golden import catalogue, compare, environments, installed, notes, pins, processes
from golden.choices import BadInput, kerases_for, matching
from golden.expectations import NotRecorded, Recorded
from golden.files import DataError
from golden.progress import Progress
from golden.store import DATA, Key, Recording, Store, definition_digest


def parser():
    """The argument parser of `scripts/record.py`."""
    record = argparse.ArgumentParser(prog="record.py", description=__doc__.split("\n")[0])
    record.add_argument("--mode", action="append", choices=catalogue.MODES, help="repeat for several (all it has)")
    record.add_argument("--case", action="append", metavar="GLOB", help="repeat for several (all)")
    record.add_argument("--configuration", default="onednn-off", choices=list(pins.CONFIGURATIONS))
    record.add_argument("--device", help="for example GPU:0; recorded under a key made from the device")
    record.add_argument("--verify", action="store_true", help="record again and compare; write nothing")
    record.add_argument("--replace", action="store_true", help="let recordings change; needs --reason")
    record.add_argument("--prune", action="store_true", help="drop observations that no index names, and stop")
    record.add_argument("--reason", help="why they may change; kept in the index")
    record.add_argument("--subject", default=pins.REAL, help="only `real` is recorded")
    record.add_argument("--data", default=DATA, help="folder of the recordings (%(default)s)")
    record.add_argument("--worker", default="golden.worker", help=argparse.SUPPRESS)
    return record


def main(argv=None):
    """Records or verifies; returns 0, 1 if a verification found a difference, or 2 with one line for bad input."""
    options = parser().parse_args(argv)
    try:
        _require_sense(options)
        if options.prune:
            print("dropped %d observations that no index names" % Store(options.data).prune())
            return 0
        return Recorder(options).run()
    except (BadInput, DataError, installed.NotInstalled, processes.WorkerFailed) as error:
        print("record: %s" % error, file=sys.stderr)
        return 2


def _require_sense(options):
    if options.subject != pins.REAL:
        raise BadInput("only the real function is recorded, not %s" % options.subject)
    if options.replace != bool(options.reason):
        raise BadInput("--replace needs --reason TEXT, and --reason is for --replace")
    if options.replace and options.verify:
        raise BadInput("--verify writes nothing: it takes no --replace")


class Recorder:
    """One run of the recorder.

    Args:
      options: as parsed by `parser()`.
    """

    def __init__(self, options):
        self.options = options
        self.cases, self.store = catalogue.load(), Store(options.data)
        self.chosen = matching(options.case, self.cases)
        self.release = installed.release()
        self.configuration = options.configuration
        kerases_for(pins.REAL, None, self.release)

    def run(self):
        """Records or verifies each mode; returns the exit status."""
        if self.options.device:
            self.configuration = self._device_configuration()
        plans = [(mode, self._to_run(mode)) for mode in self.options.mode or environments.modes_of(self.release)]
        runs = 1 if self.options.verify else 2
        progress = Progress(runs * sum(len(case_ids) for _, case_ids in plans))
        work = self._verify if self.options.verify else self._record
        differences = [work(mode, case_ids, progress) for mode, case_ids in plans]
        progress.close()
        return int(any(differences))

    def _key(self, mode):
        return Key(self.release, self.configuration, mode)

    def _device_configuration(self):
        """The configuration key of the device; asks a worker what it has."""
        run = self._observe(catalogue.MODES[0], [], 1, None)
        if pins.is_gpu(self.options.device) and run.provenance["gpu"] is None:
            raise BadInput("TensorFlow %s sees no GPU here" % self.release)
        return pins.configuration_key(self.options.configuration, run.provenance, self.options.device)

    def _selected(self, mode):
        return [case_id for case_id in catalogue.select(self.cases, mode) if case_id in self.chosen]

    def _to_run(self, mode):
        """The cases to run: all that are chosen, but to add recordings those that have none."""
        selected = self._selected(mode)
        if self.options.verify or self.options.replace or self._key(mode) not in self.store.keys():
            return selected
        recorded = self.store.index(self._key(mode)).cases
        digests = {case_id: definition_digest(self.cases[case_id]) for case_id in selected if case_id in recorded}
        changed = [case_id for case_id, digest in digests.items() if recorded[case_id].definition != digest]
        if changed:
            raise DataError(
                "%s: changed since recorded: %s; give a changed case a new id, or use --replace --reason TEXT"
                % (self.store.index_path(self._key(mode)), ", ".join(changed))
            )
        return [case_id for case_id in selected if case_id not in recorded]

    def _observe(self, mode, case_ids, repeats, progress):
        step = progress and (lambda case_id: progress.step("%s %s" % (mode, case_id)))
        run = processes.observe(
            pins.REAL,
            mode,
            case_ids,
            configuration=self.options.configuration,
            repeats=repeats,
            device=self.options.device,
            progress=step,
            worker=self.options.worker,
        )
        if run.provenance["tensorflow"].replace("-", "") != self.release:  # it writes 2.22.0-rc0 of 2.22.0rc0
            raise DataError("TensorFlow calls itself %s, its package %s" % (run.provenance["tensorflow"], self.release))
        for observations in run.observations.values():
            for observation in observations:
                _require_recordable(observation)
                observation.notes = notes.portable(observation.notes)
        return run

    def _record(self, mode, case_ids, progress):
        """Adds the recordings of a mode to the store; returns False, since nothing is compared."""
        if not case_ids:
            print("%s: all %d cases are recorded" % ("/".join(self._key(mode)), len(self._selected(mode))))
            return False
        twice = self._observe(mode, case_ids, 2, progress)
        fresh = self._observe(mode, case_ids, 1, progress)
        recording = Recording(self.store, self._key(mode), twice.provenance)
        unsteady, raised = {}, collections.Counter()
        for case_id in case_ids:
            first, *others = twice.observations[case_id] + fresh.observations[case_id]
            names = sorted({name for other in others for name in compare.differing(first, other)})
            unsteady.update({case_id: names} if names else {})
            raised.update([first.facts["raised"]["type"]] if "raised" in first.facts else [])
            recording.add(case_id, definition_digest(self.cases[case_id]), first, names)
        only = None if self.options.case else catalogue.select(self.cases, mode)
        recording.write(self.options.reason, only)
        print("%s: recorded %d cases" % ("/".join(self._key(mode)), len(case_ids)))
        print("  raised: %s" % (", ".join("%d %s" % (n, kind) for kind, n in sorted(raised.items())) or "none"))
        for case_id, names in unsteady.items():
            print("  not deterministic: %s: %s" % (case_id, ", ".join(names)))
        return False

    def _verify(self, mode, case_ids, progress):
        """Compares a mode with its recordings; returns whether anything differs."""
        run = self._observe(mode, case_ids, 1, progress)
        recorded = Recorded(self.store, self._key(mode), self.cases)
        reports = []
        for case_id in case_ids:
            try:
                expectation = recorded.expectation(case_id, "keras2", run.provenance)
                expectation.check(run.observations[case_id][0])
            except (compare.Mismatch, DataError, NotRecorded) as report:
                reports.append("  %s\n    %s" % (case_id, str(report).replace("\n", "\n    ")))
        told = "as recorded" if not reports else "%d of %d cases differ" % (len(reports), len(case_ids))
        print("\n".join(["%s: %s" % ("/".join(self._key(mode)), told)] + reports))
        return bool(reports)


def _require_recordable(observation):
    """Refuses what says more about this machine or the harness than about TensorFlow.

    Raises:
      DataError: a time-out, or a process that ended without a signal.
    """
    raised = observation.facts.get("raised", {})
    if raised.get("phase") == "process" and "signal" not in observation.notes:
        raise DataError("a worker did not survive, %s: %s" % (raised["type"], observation.notes))
