"""Hunts mutants: changes the source in small ways, one at a time, and looks whether a recording or a test fails.

What was found stays in `.mutation`, and the next run goes on from there; `--save` writes what is committed.
"""

import argparse
import os
import sys

from mutation import hunt, mutants, reach, results

_LAST = "that the trials of a mutant take which nothing has found yet, before it survives (%(default)s)"


def parser():
    """The argument parser of `scripts/mutate.py`."""
    made = argparse.ArgumentParser(prog="mutate.py", description=__doc__.split("\n")[0])
    made.add_argument("--jobs", type=int, default=2, help="processes side by side (%(default)s)")
    made.add_argument("--only", action="append", metavar="PATH", help="of a file or folder; may be given again")
    made.add_argument("--last", type=float, default=hunt.LAST, metavar="SECONDS", help=_LAST)
    made.add_argument("--again", action="store_true", help="hunt what was killed before, too")
    made.add_argument("--report", action="store_true", help="hunt nothing, only tell what is known")
    made.add_argument("--save", action="store_true", help="write mutation/killed.json and mutation/report.json")
    made.add_argument("--json", action="store_true", help="tell it as JSON")
    return made


def main(argv=None):
    """Hunts; returns 0, 1 if a mutant survives without a reason, 2 with one line for bad input, 130 interrupted."""
    options = parser().parse_args(argv)
    every = mutants.files()
    paths = [path for path in every if not options.only or any(_within(path, only) for only in options.only)]
    if not paths or options.jobs < 1 or not hasattr(os, "fork"):
        print("mutate: needs fork, a job, and a path among %s" % ", ".join(mutants.TARGETS), file=sys.stderr)
        return 2
    known, reasons = results.Results(), results.load_reasons()
    try:
        if not options.report:
            hunt_all(paths, known, reasons, options)
    except KeyboardInterrupt:
        print("mutate: interrupted; what was found stays, and the next run goes on from there", file=sys.stderr)
        return 130
    if options.save:
        results.save(known.of, every, reasons)
    table = results.lines(paths, known.of, reasons)
    tell(table, unexplained(paths, known.of, reasons), options.json)
    return int(any(line.unexplained or line.unknown for line in table))


def hunt_all(paths, known, reasons, options):
    """Hunts the mutants that are not known to be killed, and keeps what comes of each."""
    killers = results.load_killers()
    killers.update({one.id: (one.where, one.how) for one in known.of.values() if one.status == "killed"})
    wanted = [one for path in paths for one in mutants.of_file(path) if options.again or _open(one, known, reasons)]
    # What survived before, and what is outside of functions, takes longest.
    wanted.sort(key=lambda one: (one.id in known.of, not one.line))
    team = hunt.Team(options.jobs)
    try:
        with _progress() as progress:
            reached = reach.survey(team, tell=progress.console.print)
            one_hunt = hunt.Hunt(team.ask, reached, killers, options.last)
            task = progress.add_task("mutants", total=len(wanted))
            for result in team.results(one_hunt.result, wanted):
                known.add(result)
                progress.advance(task)
    finally:
        team.close()


def unexplained(paths, of, reasons):
    """The mutants that survive without a reason: dicts."""
    found = []
    for path in paths:
        for mutant in mutants.of_file(path):
            result = of.get(mutant.id)
            if result is not None and result.status != "killed" and not results.reason_for(mutant, reasons):
                row = mutant._asdict()
                told = {name: row[name] for name in ("id", "path", "function", "before", "after")}
                found.append(dict(told, found=result.how))
    return found


def tell(table, left, as_json):
    """Prints a table, and what survives without a reason."""
    from tfcompat.commands import terminal

    if as_json:
        terminal.print_json({"modules": [line._asdict() for line in table], "survivors": left})
        return
    for row in left:
        print("%(path)s %(function)s %(id)s (%(found)s)\n  - %(before)s\n  + %(after)s" % row)
    every = table + [results.total(table)] if table else []
    columns = ("module", "mutants", "killed", "survive with a reason", "without", "not hunted yet", "% killed")
    terminal.print_table(columns, [line + (results.percent(line),) for line in every])


def _open(mutant, known, reasons):
    result = known.of.get(mutant.id)
    return result is None or (result.status != "killed" and not results.reason_for(mutant, reasons))


def _within(path, only):
    only = os.path.normpath(only)
    return path == only or path.startswith(only + os.sep)


def _progress():
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True, markup=False, highlight=False))
