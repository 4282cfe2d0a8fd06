"""What a clause is."""

from typing import NamedTuple, Tuple


class Clause(NamedTuple):
    """One numbered statement about the function.

    Attributes:
      id: `BN-CHAPTER-n`; a shipped id never changes its meaning.
      text: one sentence, with `must` and `may` in the sense of RFC 2119: what an implementation must do, and what it is
        free to do; a text without `must` is broken by nothing.
      formula: the same in LaTeX, empty where there is none.
      traits: names of rows of `tfcompat.releases.TRAITS` that a release must have for the clause to hold; with `!` in
        front, must not have.
      source: paper and section, TensorFlow as recorded, docs/findings.md; with `; ` between them.  Releases stand here
        only where no trait tells them: `TensorFlow 1.4 - 2.0`.
      cases: shell patterns, with `|` between them, of the cases of the catalogue that show it.
      structure: whether names, collections, dtypes or errors show it, and no number: something that only an
        implementation on TensorFlow can be held to.
    """

    id: str
    text: str
    formula: str
    traits: Tuple[str, ...]
    source: str
    cases: str
    structure: bool = False


class Chapter(NamedTuple):
    """Clauses about one thing.

    Attributes:
      key: the middle of their ids.
      title: for people.
      about: what the chapter is about, and the words that it uses.
      clauses: in reading order, numbered from 1.
    """

    key: str
    title: str
    about: str
    clauses: Tuple[Clause, ...]
