"""`python -m benchmarks`: how fast implementations of batch normalization are, side by side."""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys

from rich.console import Console

from benchmarks import peers, plot, report, runner, summary, workloads
from benchmarks.errors import UsageError
from benchmarks.options import above_zero
from golden.files import write_atomically
from golden.progress import Progress

#: rounds, and seconds of each: by default, and with --quick.
_USUAL, _QUICK = (7, 0.5), (3, 0.1)
#: Load of a machine up to which nothing else runs on it.
_IDLE = 0.5
_LEFT_OUT = "pytorch is left out: --torch PYTHON names the interpreter of an environment that has it"


def parser():
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures implementations of batch normalization: each in its own process, with the same threads, "
        "taking turns. Prints a table. See docs/speed.md.",
    )
    made.add_argument("--quick", action="store_true", help="fewer workloads, shorter: under two minutes on two cores")
    made.add_argument("--only", action="append", metavar="PATTERN", help="workloads, as `image*`; may be repeated")
    made.add_argument("--peer", action="append", metavar="NAME", help=", ".join(peers.PEERS) + "; may be repeated")
    made.add_argument("--rounds", type=above_zero(int), help="of all peers (7, or 3 with --quick)")
    made.add_argument("--seconds", type=above_zero(float), help="of each peer in each round (0.5, or 0.1)")
    made.add_argument("--threads", type=above_zero(int), default=2, help="within an operation (%(default)s)")
    made.add_argument("--torch", metavar="PYTHON", help="interpreter of an environment with PyTorch")
    made.add_argument("--onednn", choices=("on", "off"), default="on", help="TF_ENABLE_ONEDNN_OPTS (%(default)s)")
    made.add_argument("--mode", choices=peers.MODES, default="function", help="that TensorFlow runs in (%(default)s)")
    made.add_argument("--json", metavar="FILE", help="write everything for programs; - is stdout")
    made.add_argument("--markdown", action="store_true", help="print Markdown in place of the table")
    made.add_argument("--plot", metavar="FILE", help="draw a bar chart: .svg, .png or .pdf")
    made.add_argument("--write", metavar="PAGE", help="put the Markdown between the two marks of a page")
    return made


def check(options):
    """Refuses what would fail after minutes of measuring.

    Raises:
      UsageError: with what can be done.
    """
    if options.markdown and options.json == "-":
        raise UsageError("--markdown and --json - would both print to stdout; give --json a file")
    if options.plot is not None:
        plot.check_suffix(options.plot)
    for name in ("json", "plot"):
        path = getattr(options, name)
        if path not in (None, "-"):
            _check_place("--" + name, path)
    if options.write is not None:
        report.in_place(options.write, "")
    if options.torch is not None:
        if os.path.dirname(options.torch):  # else it is found on the PATH
            options.torch = os.path.abspath(options.torch)  # workers run in another folder
        _check_torch(options.torch)


def _check_place(option, path):
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise UsageError("{} {}: there is no folder {}".format(option, path, folder))
    if os.path.isdir(path):
        raise UsageError("{} {}: is a folder".format(option, path))


def _check_torch(python):
    try:
        done = subprocess.run([python, "-c", "import numpy, torch"], stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise UsageError("--torch {}: cannot be run ({})".format(python, error.strerror)) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["ended with {}".format(done.returncode)]
        raise UsageError("--torch {}: cannot import NumPy and PyTorch ({})".format(python, said[-1]))


def machine():
    """What it was measured on."""
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as source:
            cpu = next(line.split(":")[1].strip() for line in source if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def notes(options, load):
    """What a reader of the results has to know, as lines; `load` is how many processors were busy before."""
    busy = "the machine was busy before it began (load {:.1f}): the numbers are not to be relied on".format(load)
    return [_LEFT_OUT] * (not options.torch and not options.peer) + [busy] * (load > _IDLE)


def _load():
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):  # where a system does not say
        return 0.0


def _possible(chosen, team, mode):
    """Those workloads that any of the peers takes part in."""
    possible = [workload for workload in chosen if any(peers.why_not(peer, workload, mode) is None for peer in team)]
    if not possible:
        reason = peers.why_not(team[0], chosen[0], mode)
        raise UsageError(
            "no peer can do any of the workloads; {} in {}: {}".format(team[0].name, chosen[0].name, reason)
        )
    return possible


def measured(options):
    """All results, JSON-ready."""
    team = peers.choose(options.peer, options.torch)
    chosen = _possible(workloads.choose(options.only, options.quick), team, options.mode)
    check(options)
    usual = _QUICK if options.quick else _USUAL
    options.rounds, options.seconds = options.rounds or usual[0], options.seconds or usual[1]
    progress = Progress(len(chosen) * len(team) * options.rounds + len(team))
    load = _load()
    print("starting {} processes".format(len(team)), file=sys.stderr)
    try:
        rows, versions, bandwidth = runner.measure(chosen, team, options, progress)
    finally:
        progress.close()
    return {
        "machine": machine(),
        "options": {name: getattr(options, name) for name in ("rounds", "seconds", "threads", "onednn", "mode")},
        "versions": versions,
        "bandwidth": bandwidth,
        "peers": {peer.name: peer.about for peer in team},
        "beside_the_real_one": summary.beside_the_real_one(rows),
        "notes": notes(options, load),
        "rows": rows,
    }


def tell(options, results):
    """Writes the files, then prints."""
    if options.plot is not None:
        write_atomically(options.plot, plot.rendered(results, options.plot))
    if options.write is not None:
        write_atomically(options.write, report.in_place(options.write, report.markdown(results)).encode("utf-8"))
    text = json.dumps(results, indent=1) + "\n"
    if options.json not in (None, "-"):
        write_atomically(options.json, text.encode("utf-8"))
    if options.json == "-":
        sys.stdout.write(text)
    elif options.markdown:
        sys.stdout.write(report.markdown(results))
    else:
        out = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=160)
        out.print(report.table(results))
        for line in report.beside_the_real_one(results) + report.batches(results) + report.absent(results):
            out.print(line, markup=False)


def main(argv=None):
    """See `parser`."""
    options = parser().parse_args(argv)
    try:
        tell(options, measured(options))
    except UsageError as error:
        print("python -m benchmarks: {}".format(error), file=sys.stderr)
        return 2
    except OSError as error:
        print("python -m benchmarks: cannot be written: {}".format(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
