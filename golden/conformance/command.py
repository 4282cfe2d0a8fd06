"""`python -m golden verify --subject package.module:factory`."""

import collections
import json
import sys

from golden import catalogue, expectations, grid
from golden.choices import BadInput, matching
from golden.conformance import clauses, limits
from golden.conformance.judge import STATUSES, Conformance, subject
from golden.progress import Progress
from golden.store import Key, Store

_MARKS = collections.OrderedDict(zip(STATUSES, ("%d", "!%d", "-%d", "(%d)")))


def run(options):
    """Verifies; returns 1 where something is not met, or with --strict not there.

    Raises:
      BadInput: no such subject, release, mode or case, or an option that is for subjects on TensorFlow.
    """
    cases, store = catalogue.load(), Store(options.data)
    _refuse_others(options)
    chosen, release = matching(options.case, cases), _release(options.release, store)
    modes = _modes(options.mode, release, store)
    specification = clauses.load(options.clauses)
    run = Conformance(subject(options.subject), store, cases, limits.load(), options.factor)
    headline = "%s beside the recordings of TensorFlow %s" % (options.subject, release)
    print(headline, file=sys.stderr)
    progress = Progress(sum(len(chosen.intersection(catalogue.select(cases, mode))) for mode in modes))
    for mode in modes:
        run.run(release, mode, chosen, progress.step)
    progress.close()
    judged = clauses.judged(specification, run.outcomes)
    counts = collections.Counter(outcome.status for outcome in run.outcomes)
    failed = bool(counts["not met"] or (options.strict and counts["not there"]))
    if options.json:
        print(json.dumps(_as_json(options, release, run.outcomes, judged, failed), indent=1, sort_keys=True))
    else:
        print("\n".join([headline, ""] + _report(run.outcomes, judged)))
    return int(failed)


def _refuse_others(options):
    for name, given in (
        ("--keras", options.keras),
        ("--live", options.live),
        ("--integrity", options.integrity),
        ("--configuration", options.configuration != "onednn-off"),
    ):
        if given:
            raise BadInput("%s is for subjects on TensorFlow; %s runs without it" % (name, options.subject))


def _release(wanted, store):
    """The recorded release that stands for the wanted one; without one, the newest that is no release candidate."""
    there = expectations.recorded_releases(store, "onednn-off")
    final = [release for release in there if "rc" not in release]
    found = expectations.stand_in(wanted, there) if wanted else next(reversed(final), None)
    if found is None:
        told = (wanted, ", ".join(there) or "none")
        raise BadInput("there is no recording of TensorFlow %s; recorded are: %s" % told)
    return found


def _modes(wanted, release, store):
    """The recorded modes of a release, or the wanted ones."""
    keys = store.keys()
    there = [mode for mode in catalogue.MODES if Key(release, "onednn-off", mode) in keys]
    missing = [mode for mode in wanted or () if mode not in there]
    if missing:
        told = (release, " and ".join(missing), ", ".join(there))
        raise BadInput("there is no recording of TensorFlow %s in the mode %s; recorded are: %s" % told)
    return [mode for mode in there if mode in (wanted or there)]


def _report(outcomes, judged):
    """Lines for people: the table of families, what is not met, and the table of clauses."""
    lines = grid.counted([(o.family, o.mode, o.status) for o in outcomes], _MARKS)
    lines += ["", "n met, !n not met, -n not there, (n) not compared", ""]
    for outcome in outcomes:
        if outcome.status == "not met":
            lines += ["NOT MET %s %s" % (outcome.mode, outcome.case)]
            lines += ["  " + line for line in outcome.detail.split("\n")] + [""]
    for status in ("not there", "not compared"):
        reasons = collections.Counter(outcome.detail for outcome in outcomes if outcome.status == status)
        lines += ["%s (%d): %s" % (status, count, reason) for reason, count in reasons.most_common()]
    lines += ["", "clause            verdict        met  not met  not there  not compared"]
    for clause in judged:
        counts = tuple(clause.counts[status] for status in STATUSES)
        lines.append("%-16s  %-12s  %4d  %7d  %9d  %12d" % ((clause.id, clauses.verdict(clause)) + counts))
    lines += ["", "clauses about names, collections, dtypes and errors are for implementations on TensorFlow"]
    counts = collections.Counter(outcome.status for outcome in outcomes)
    return lines + ["", ", ".join("%d %s" % (counts[status], status) for status in STATUSES)]


def _as_json(options, release, outcomes, judged, failed):
    return {
        "subject": options.subject,
        "release": release,
        "counts": {status: sum(outcome.status == status for outcome in outcomes) for status in STATUSES},
        "failed": failed,
        "clauses": [dict(clause._asdict(), verdict=clauses.verdict(clause)) for clause in judged],
        "outcomes": [dict(outcome._asdict()) for outcome in outcomes],
    }
