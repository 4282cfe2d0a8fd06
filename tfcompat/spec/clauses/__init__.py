"""The numbered clauses: every statement about the function, with releases, source and the cases that show it."""

import fnmatch
from typing import Dict, Tuple

from tfcompat.spec.clauses import (
    arguments,
    averages,
    axis,
    bugs,
    checkpoints,
    errors,
    gradients,
    initializers,
    kernels,
    modes,
    names,
    renorm,
    shapes,
    statistics,
    updates,
    virtual_batch,
)
from tfcompat.spec.clauses.clause import Chapter, Clause

#: In reading order.
CHAPTERS: Tuple[Chapter, ...] = (
    arguments.CHAPTER,
    shapes.CHAPTER,
    axis.CHAPTER,
    statistics.CHAPTER,
    averages.CHAPTER,
    modes.CHAPTER,
    updates.CHAPTER,
    renorm.CHAPTER,
    virtual_batch.VIRTUAL,
    virtual_batch.ADJUST,
    kernels.CHAPTER,
    gradients.CHAPTER,
    errors.CHAPTER,
    names.CHAPTER,
    initializers.CHAPTER,
    checkpoints.CHAPTER,
    bugs.CHAPTER,
)

#: By id, in reading order.
CLAUSES: Dict[str, Clause] = {clause.id: clause for chapter in CHAPTERS for clause in chapter.clauses}


def clauses_of(case_id: str) -> Tuple[Clause, ...]:
    """The clauses that a case of the catalogue shows."""
    return tuple(
        clause
        for clause in CLAUSES.values()
        if any(fnmatch.fnmatchcase(case_id, pattern) for pattern in clause.cases.split("|"))
    )
