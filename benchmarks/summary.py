"""What the numbers of all rounds come to."""

import numpy as np

from benchmarks.peers import PEERS, mode_of

#: The real function, twice.
_SAME = ("tf.layers", "control")


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


def beside_the_real_one(rows):
    """How `exact` compares with the real function where `control`, the real function once more, ran too.

    Returns:
      None if no row has all three, or a dict: `exact` and `control`, workload -> median over the rounds of the ratio to
      `tf.layers`; `noise`, the farthest that a ratio of the control is from 1; `slower`, the workloads in which `exact`
      is slower than `tf.layers` by more than the noise.
    """
    three = [row for row in rows if all("median" in row["peers"].get(name, {}) for name in ("exact", *_SAME))]
    if not three:
        return None
    exact, control = (
        {row["workload"]: ratio(row["peers"][name], row["peers"]["tf.layers"]) for row in three}
        for name in ("exact", "control")
    )
    noise = max(abs(apart - 1.0) for apart in control.values())
    slower = [name for name, apart in exact.items() if apart > 1.0 + noise]
    return {"exact": exact, "control": control, "noise": noise, "slower": slower}


def ratio(cell, base):
    """The median over the rounds of how much longer one took than the other."""
    return float(np.median([own / other for own, other in zip(cell["rounds"], base["rounds"])]))


def _cell(cell, base, limit):
    if not cell.get("rounds"):
        return dict(cell)
    low, median, high = (float(value) for value in np.percentile(cell["rounds"], [25, 50, 75]))
    return dict(cell, median=median, quartiles=[low, high], ratio=ratio(cell, base), over_limit=median / limit)
