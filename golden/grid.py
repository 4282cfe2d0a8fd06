"""Tables of text: columns that line up, and how many of each kind there are in each family."""

import collections


def aligned(rows):
    """Rows of strings as lines: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]) for row in rows]


def counted(entries, marks, columns=None):
    """Lines of a table family x column, with a row of totals.

    Args:
      entries: list of (family, column, kind), all strings.
      marks: kind -> how a number of them is written, in the order in which a cell has them.
      columns: the columns; None: those of the entries, as they come.
    """
    columns = list(collections.OrderedDict.fromkeys(entry[1] for entry in entries)) if columns is None else columns
    cells = collections.defaultdict(collections.Counter)
    for entry_family, column, kind in entries:
        for family in (entry_family, "total"):
            cells[family, column][kind] += 1
    families = sorted({entry[0] for entry in entries}) + ["total"]
    rows = [["family"] + columns]
    rows += [[family] + [cell(cells[family, column], marks) for column in columns] for family in families]
    lines = aligned(rows)
    rule = "-" * len(lines[0])
    return [lines[0], rule] + lines[1:-1] + [rule, lines[-1]]


def cell(counts, marks):
    """How many of each kind, as `marks` write it; `-` for none."""
    return " ".join(mark % counts[kind] for kind, mark in marks.items() if counts[kind]) or "-"
