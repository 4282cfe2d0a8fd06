"""`tfcompat rewrite`: calls of tf.layers, contrib and slim in source files become calls of tfcompat."""

import argparse
import os
import sys
from typing import Any, List, NamedTuple, Sequence, Set, Tuple

from tfcompat.errors import InputError

_DESCRIPTION = """\
Rewrites calls of tf.layers.batch_normalization, tf.compat.v1.layers.batch_normalization, their class,
tf.contrib.layers.batch_norm and slim.batch_norm to calls of tfcompat. Everything else keeps every byte. Prints a diff,
and a line for each place: what it becomes, or why it is left. Nothing is written without --write.
"""

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def add_to(commands: Any) -> None:
    """Tells argparse the options."""
    command = commands.add_parser(
        "rewrite",
        help="rewrite source files",
        description=_DESCRIPTION,
        epilog="The exit status is 2 where a path or a file cannot be used, which stderr names; else 0.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder with all *.py in it")
    command.add_argument("--write", action="store_true", help="replace the files")
    command.add_argument(
        "--style",
        choices=("graph", "keras"),
        default="graph",
        help="graph: a function that puts its updates into UPDATE_OPS; keras: a layer, made and called (%(default)s)",
    )
    command.add_argument(
        "--from-release",
        metavar="RELEASE",
        help="the TensorFlow that the code was written for, for example 1.3: positional arguments that had another "
        "meaning then are written by name",
    )
    command.add_argument("--json", action="store_true", help="print what a program reads")
    command.set_defaults(run=run)


class File(NamedTuple):
    """A file that was looked through."""

    path: str
    rewritten: Any


def run(options: argparse.Namespace) -> int:
    """Plans, prints, then applies; 2 if a file in a folder could not be used, else 0.

    Raises:
      InputError: a path, a file that was named, or an option cannot be used; nothing was written then.
    """
    files, problems = _plan(options)
    if not options.json:
        _print_plan(files, options.write)
    if options.write:
        problems += _write(files)
    _print_json(options, files, problems) if options.json else print(_summary(options, files))
    for problem in problems:
        print("tfcompat: {}".format(problem), file=sys.stderr)
    return 2 if problems else 0


def _plan(options: argparse.Namespace) -> Tuple[List[File], List[str]]:
    from tfcompat.commands.terminal import progress_of_bytes
    from tfcompat.migrate import rewrite

    release = rewrite.release_of(options.from_release) if options.from_release else None
    how = rewrite.Options(style=options.style, release=release)
    found = rewrite.find(options.paths)
    files: List[File] = []
    problems: List[str] = []
    with progress_of_bytes() as progress:
        task = progress.add_task("rewriting", total=sum(os.path.getsize(one.path) for one in found))
        for one in found:
            try:
                source = rewrite.read(one.path)
                progress.advance(task, len(source))
                if one.asked or any(word in source for word in rewrite.WORDS):
                    files.append(File(one.path, rewrite.rewrite_source(source, one.path, how)))
            except InputError as error:
                if one.asked:
                    raise
                problems.append(str(error))
    return files, problems


def _write(files: Sequence[File]) -> List[str]:
    """Replaces files; what could not be replaced."""
    from tfcompat.migrate import rewrite

    problems = []
    for path, rewritten in files:
        try:
            if rewritten.changed:
                rewrite.replace(path, rewritten.before, rewritten.after)
        except InputError as error:
            problems.append(str(error))
    return problems


def _print_plan(files: Sequence[File], whatever_happens: bool) -> None:
    """Prints diffs and places; if the reader of the pipe has gone, goes on where files are to be written."""
    try:
        for file in files:
            _print_diff(file)
        _print_places(files)
        sys.stdout.flush()
    except BrokenPipeError:
        if not whatever_happens:
            raise
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 -- open as long as the process


def _print_places(files: Sequence[File]) -> None:
    notes: Set[Tuple[str, str]] = set()
    for path, rewritten in files:
        for site in rewritten.sites:
            notes.update((remark.code, remark.text) for remark in site.remarks if site.target)
            print("{}:{}:{}: {}".format(path, site.line, site.column, _sentence(site)))
    for code, text in sorted(notes):
        print("[{}] {}".format(code, text))


def _print_diff(file: File) -> None:
    from tfcompat.commands.terminal import console
    from tfcompat.migrate.rewrite import unified_diff

    out = console()
    for line in unified_diff(file.path, file.rewritten.text_before, file.rewritten.text_after):
        if out.is_terminal:
            out.print(line, style=_COLOURS.get(line[:1]))
        else:  # rich would drop the carriage returns, and patch would not find the lines
            sys.stdout.write(line + "\n")


def _sentence(site: Any) -> str:
    if site.target is None:
        return "left: {}: {} [{}]".format(site.source, site.remarks[0].text, site.remarks[0].code)
    codes = "".join(" [{}]".format(remark.code) for remark in site.remarks)
    return "rewritten: {} -> {}{}".format(site.source, site.target, codes)


def _summary(options: argparse.Namespace, files: Sequence[File]) -> str:
    sites = [site for file in files for site in file.rewritten.sites]
    changed = sum(file.rewritten.changed for file in files)
    left = sum(site.target is None for site in sites)
    end = "." if options.write or not changed else "; nothing is written without --write."
    return "{} rewritten, {} left, in {}{}".format(len(sites) - left, left, _files(changed, "changed"), end)


def _files(count: int, what: str) -> str:
    return "{} {} file{}".format(count, what, "" if count == 1 else "s")


def _print_json(options: argparse.Namespace, files: Sequence[File], problems: Sequence[str]) -> None:
    from tfcompat.commands.terminal import print_json
    from tfcompat.migrate.rewrite import unified_diff

    print_json(
        {
            "style": options.style,
            "from_release": options.from_release,
            "written": options.write,
            "files": [
                {
                    "path": path,
                    "changed": rewritten.changed,
                    "sites": [site.as_json() for site in rewritten.sites],
                    "diff": unified_diff(path, rewritten.text_before, rewritten.text_after),
                }
                for path, rewritten in files
                if rewritten.sites
            ],
            "problems": list(problems),
        }
    )
