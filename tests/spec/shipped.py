"""What versions of the package have shipped: `shipped.json`, and what of it is no longer so.

docs/versions.md says what each part is, and when it may change.
"""

import json
import pathlib
import re

from tfcompat.spec.clauses.when import releases_of

FILE = pathlib.Path(__file__).with_name("shipped.json")


def load():
    """The parts of the file: `releases`, `traits`, `clauses` and `withdrawn`."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def clause_problems(shipped, clauses):
    """What is wrong with the clauses, in sentences.

    Args:
      shipped: the parts of the file.
      clauses: id -> clause.
    """
    listed, withdrawn = shipped["clauses"], shipped["withdrawn"]
    problems = [_used_again(name) for name in withdrawn if name in listed or name in clauses]
    problems += [_unexplained(name) for name, row in withdrawn.items() if not _explains(row)]
    problems += [_gone(name) for name in listed if name not in clauses]
    for name, clause in clauses.items():
        now = {"releases": releases_of(clause), "text": clause.text}
        if name not in listed:
            problems.append("{} is not listed; add it with the version that it will come in: {}".format(name, now))
            continue
        problems += [
            _says_something_else(name, part, listed[name][part], now[part])
            for part in now
            if listed[name][part] != now[part]
        ]
    return problems


def _used_again(name):
    return "{} was withdrawn and is used again; a clause never gets an id that had another meaning".format(name)


def _explains(row):
    """Whether a withdrawn row says what it said, since and until which version, and why it no longer does."""
    complete = set(row) == {"since", "until", "text", "why"} and row["why"].endswith(".")
    return complete and number(row["since"]) < number(row["until"])


def _unexplained(name):
    return "{} is withdrawn and needs `since`, a later `until`, its `text`, and `why` in a sentence".format(name)


def _gone(name):
    return "{} is gone; move it to `withdrawn`, with the version and why".format(name)


def _says_something_else(name, part, before, now):
    return (
        "{} shipped with the {} {!r}, and has {!r}; if it means the same, write that into the list, if not, withdraw "
        "it and take the next number of its chapter".format(name, part, before, now)
    )


def release_problems(shipped, releases, traits):
    """What is wrong with the rows of releases, in sentences.

    Args:
      shipped: the parts of the file.
      releases: TensorFlow's, oldest first.
      traits: the rows of differences.
    """
    listed = [release for added in shipped["releases"].values() for release in added]
    problems = ["release {} is gone; layers follow it".format(name) for name in listed if name not in releases]
    problems += ["release {} is not listed; add it under its version".format(r) for r in releases if r not in listed]
    there = {trait.name: {"first": trait.first, "last": trait.last} for trait in traits}
    for name in {**shipped["traits"], **there}:
        before = {part: shipped["traits"].get(name, {}).get(part, "not listed") for part in ("first", "last")}
        now = there.get(name, "gone")
        if before != now:
            problems.append(
                "trait {} shipped as {} and is {}; layers that follow a release would change: see docs/versions.md, "
                "then write it into the list".format(name, before, now)
            )
    return problems


def versions(shipped):
    """Every version of the package that the file names."""
    rows = [*shipped["traits"].values(), *shipped["clauses"].values(), *shipped["withdrawn"].values()]
    named = [row[key] for row in rows for key in ("since", "until") if key in row]
    return set(named) | set(shipped["releases"])


def number(version):
    """`(0, 1, 0)` of `0.1.0`."""
    return tuple(int(part) for part in re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version).groups())
