"""The command line: `python -m golden verify`, `fsck`, `show`, `list`, `drift`, `history`."""

import argparse
import json
import sys

from golden import (
    bounds,
    catalogue,
    changes,
    environments,
    expectations,
    fsck,
    installed,
    integrity,
    pins,
    report,
    show,
)
from golden.choices import BadInput, kerases_for, matching
from golden.conformance import command as conformance
from golden.files import DataError
from golden.processes import WorkerFailed
from golden.progress import Progress
from golden.store import DATA, Store
from golden.verify import Request, Verification


def parser():
    """The argument parser of `python -m golden`."""
    top = argparse.ArgumentParser(prog="python -m golden", description=__doc__)
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True

    verify = commands.add_parser("verify", help="compare a subject with the recordings of the installed TensorFlow")
    verify.add_argument(
        "--subject",
        default="tfcompat.layers",
        help="`real`, a module (%(default)s), or package.module:factory of an implementation without TensorFlow",
    )
    verify.add_argument("--mode", action="append", choices=catalogue.MODES, help="repeat for several (all)")
    verify.add_argument("--keras", action="append", choices=("keras2", "keras3"), help="repeat for both (all here)")
    verify.add_argument("--case", action="append", metavar="GLOB", help="repeat for several (all)")
    verify.add_argument("--release", help="let the subject follow this recorded release (the installed one)")
    verify.add_argument("--configuration", default="onednn-off", help="of the recordings (%(default)s)")
    verify.add_argument(
        "--integrity", action="store_true", help="check the recordings alone, as --release does without TensorFlow"
    )
    verify.add_argument("--live", action="store_true", help="expect what the real function does in the same process")
    verify.add_argument("--strict", action="store_true", help="a skip, or what is not there, is a failure")
    verify.add_argument(
        "--factor",
        type=float,
        default=1.0,
        help="of a factory: multiplies the limits, which are those of exact arithmetic (%(default)s)",
    )
    verify.add_argument(
        "--clauses", default="tfcompat.spec.clauses", help="of a factory: module of the clauses (%(default)s)"
    )
    verify.add_argument("--json", action="store_true", help="print JSON instead of a table")
    verify.set_defaults(run=run_verify)

    one = commands.add_parser("show", help="print what was recorded of a case")
    one.add_argument("case")
    one.add_argument("--release", help="a recorded release (all)")
    one.add_argument("--mode", choices=catalogue.MODES, help="(all)")
    one.add_argument("--configuration", default="onednn-off", help="(%(default)s)")
    one.set_defaults(run=run_show)

    everything = commands.add_parser("list", help="print the catalogue and what is recorded")
    everything.set_defaults(run=run_list)
    for command in (verify, one, everything, fsck.add_to(commands), *changes.add_to(commands)):
        command.add_argument("--data", default=DATA, help="folder of the recordings (%(default)s)")
        command.add_argument("--worker", default="golden.worker", help=argparse.SUPPRESS)
    return top


def main(argv=None):
    """Runs a command; returns 0, 1 if something is wrong, or 2 with one line on stderr for bad input."""
    options = parser().parse_args(argv)
    try:
        return options.run(options)
    except (BadInput, DataError, installed.NotInstalled, WorkerFailed) as error:
        print("golden: %s" % error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        sys.stderr.close()
        return 0


def request_of(options, cases, store):
    """The `Request` that the options of `verify` stand for, and a line that says what is expected."""
    chosen, here = matching(options.case, cases), installed.release()
    if options.live and (options.release or options.subject == pins.REAL):
        raise BadInput("--live compares a module with the real function: it takes no --release and no --subject real")
    expected = None if options.live else options.release or here
    stands_for = expected and expectations.recorded_release(store, expected, options.configuration)
    kerases = kerases_for(options.subject, options.keras, here)
    modes = options.mode or environments.modes_of(expected or here)
    runs = [(keras, mode) for keras in kerases for mode in modes]
    device = "GPU:0" if options.configuration.startswith("gpu-") else None
    if device is None and options.configuration not in pins.CONFIGURATIONS:
        raise BadInput("configuration is one of %s, or a recorded GPU" % ", ".join(pins.CONFIGURATIONS))
    full = not (options.case or options.mode or options.keras or options.live)
    follows = options.release if options.subject != pins.REAL else None
    request = Request(options.subject, runs, chosen, options.configuration, stands_for, follows, device, full)
    return request, _headline(options, here, expected, stands_for)


def _headline(options, here, expected, stands_for):
    if options.live:
        return "%s beside the real function, TensorFlow %s, %s" % (options.subject, here, options.configuration)
    told = "%s on TensorFlow %s, expected as recorded on %s, %s" % (
        options.subject, here, stands_for, options.configuration
    )  # fmt: skip
    return told + (" (%s itself is not recorded)" % expected if expected != stands_for else "")


def run_integrity(options, cases, store):
    """`verify` of the recordings alone."""
    checked = [
        (key, len(catalogue.select(cases, key.mode)), integrity.problems(store, key, cases))
        for key in integrity.keys(store, options.release)
    ]
    wrong = sum(len(found) for _, _, found in checked)
    if options.json:
        told = [{"recordings": "/".join(key), "cases": count, "problems": found} for key, count, found in checked]
        print(json.dumps({"integrity": told, "failed": bool(wrong)}, indent=1))
        return int(bool(wrong))
    print("Integrity of the recordings; no case was run\n")
    print("\n".join(integrity.table(checked) + ["", "%d recordings, %d problems" % (len(checked), wrong)]))
    return int(bool(wrong))


def run_verify(options):
    """`verify`."""
    if ":" in options.subject:
        return conformance.run(options)
    cases, store = catalogue.load(), Store(options.data)
    if options.integrity or (options.release and not installed.is_there()):
        return run_integrity(options, cases, store)
    request, headline = request_of(options, cases, store)
    verification = Verification(request, cases, store, bounds.load(), options.worker)
    print(headline, file=sys.stderr)
    progress = Progress(verification.total())
    verification.run(progress)
    progress.close()
    failed = report.failed(verification, options.strict)
    if options.json:
        print(json.dumps(report.as_json(verification, options.strict), indent=1, sort_keys=True))
        return int(failed)
    outcomes = verification.outcomes
    lines = [headline, ""] + report.table(outcomes) + ["", "n identical, ~n within bound, sn skipped, !n wrong"]
    lines += report.reasons(outcomes) + report.wrong(outcomes)
    lines += ["", *("no longer needed: " + str(row) for row in verification.unneeded()), report.totals(outcomes)]
    print("\n".join(lines))
    return int(failed)


def run_show(options):
    """`show`."""
    print("\n".join(show.case(Store(options.data), options.case, options.release, options.mode, options.configuration)))
    return 0


def run_list(options):
    """`list`."""
    print("\n".join(show.everything(catalogue.load(), Store(options.data))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
