"""Which way of computing is the fastest, as rows of a table; `python -m benchmarks` measures it."""

import math
from typing import Any, NamedTuple, Optional

from tfcompat.backend import ops
from tfcompat.kernels.fast import Fast
from tfcompat.plan import Plan, Shape

EXACT = None
PLAIN, COMPILED = Fast(compiles=False), Fast(compiles=True)


class Row(NamedTuple):
    """One case; the first row that fits counts.

    Attributes:
      kernel: of the plan: `fused` or `unfused`.
      eager: whether each operation runs when it is called; None: either.
      xla: whether XLA compiles what is around, so that TensorFlow's own kernels do not run; None: either.
      onednn: whether oneDNN's kernels are used; None: either.
      least: fewest elements of the input; in a graph where a size is unknown it is taken to be large.
      engine: `EXACT`, the kernels of the exact numerics, or a `Fast`.
      about: what was measured.
    """

    kernel: str
    eager: Optional[bool]
    xla: Optional[bool]
    onednn: Optional[bool]
    least: int
    engine: Optional[Fast]
    about: str


ROWS = (
    Row("fused", False, True, None, 0, COMPILED, "the fused kernel becomes sums that XLA computes term by term"),
    Row("fused", None, None, True, 0, EXACT, "oneDNN's fused kernel is as fast as memory allows"),
    Row("fused", None, None, False, 1 << 16, COMPILED, "Eigen's takes nearly twice as long for large inputs"),
    Row("fused", None, None, False, 0, EXACT, "for small inputs one kernel is faster than several calls"),
    Row("unfused", True, None, None, 1 << 16, COMPILED, "passes over the input cost more than calls"),
    Row("unfused", True, None, None, 0, EXACT, "for small inputs calls cost more than passes over the input"),
    Row("unfused", False, None, None, 0, COMPILED, "fewer operations and fewer passes over the input"),
)


def _elements(shape: Shape) -> float:
    product = 1
    for size in shape:
        if size is None:
            return math.inf
        product *= size
    return product


def choose(plan: Plan, x: Any) -> Optional[Fast]:
    """What computes the parts of a kernel for an input.

    None: what the exact numerics have; so it is for an input of unknown rank, too.
    """
    shape, eager, xla = ops.shape_of(x), ops.is_eager(x), ops.in_xla()
    if shape is None:
        return EXACT
    engine = next(
        row.engine
        for row in ROWS
        if row.kernel == plan.kernel
        and row.eager in (None, eager)
        and row.xla in (None, xla)
        and row.onednn in (None, ops.HAS_ONEDNN)
        and row.least <= _elements(shape)
    )
    return PLAIN if engine == COMPILED and not ops.HAS_XLA else engine
