"""What the numbers of all rounds come to."""

import numpy as np

from benchmarks.peers import PEERS, mode_of


def row(workload, cells, bandwidth, mode):
    """A row of the results, JSON-ready; times in seconds.

    Args:
      workload: a `Workload`.
      cells: peer -> {"rounds": [median of each round], ...} or {"unavailable": reason}.
      bandwidth: bytes a second that memory moves.
      mode: that was asked for.

    Returns:
      dict with `base`, the peer that ratios are taken to, `limit`, the seconds that moving the bytes takes, and
      `peers`: the cells with `median`, `quartiles` and `ratio` of the rounds, and `over_limit`.
    """
    limit, base = workload.moved_bytes / bandwidth, base_of(cells)
    return {
        "workload": workload.name,
        "shape": list(workload.shape),
        "axis": workload.axis,
        "arguments": dict(workload.arguments),
        "dtype": workload.dtype,
        "step": workload.step,
        "mode": mode_of(workload, mode) + (", XLA" if workload.xla else ""),
        "moved_bytes": workload.moved_bytes,
        "tensor_bytes": workload.tensor_bytes,
        "limit": limit,
        "base": base,
        "peers": {name: _cell(cell, cells.get(base), limit) for name, cell in cells.items()},
    }


def base_of(cells):
    """The fastest of the implementations on TensorFlow that are not ours, or else of ours; None if nothing ran."""
    ran = {name: float(np.median(cell["rounds"])) for name, cell in cells.items() if cell.get("rounds")}
    references = [name for name in ran if PEERS[name].reference]
    return min(references or [name for name in ran if name != "pytorch"] or ran, key=ran.get, default=None)


def _cell(cell, base, limit):
    if not cell.get("rounds"):
        return dict(cell)
    low, median, high = (float(value) for value in np.percentile(cell["rounds"], [25, 50, 75]))
    ratio = float(np.median([own / other for own, other in zip(cell["rounds"], base["rounds"])]))
    return dict(cell, median=median, quartiles=[low, high], ratio=ratio, over_limit=median / limit)
