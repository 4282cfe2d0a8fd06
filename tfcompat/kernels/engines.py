"""Which way of computing is the fastest, as rows of a table; `python -m benchmarks` measures it."""

import math
from typing import Any, NamedTuple, Optional

from tfcompat.backend import ops
from tfcompat.kernels.fast import Fast
from tfcompat.plan import Plan, Shape

EXACT = None
PLAIN, COMPILED, INLINED = Fast(compiles=False), Fast(compiles=True), Fast(compiles=True, inlined=True)


class Row(NamedTuple):
    """One case; the first row that fits counts.

    Attributes:
      engine: `EXACT`, the kernels of the exact numerics, or a `Fast`.
      about: what was measured.
      kernel: of the plan, `fused` or `unfused`; None: either.
      eager: whether each operation runs when it is called; None: either.
      xla: whether XLA compiles what is around, so that TensorFlow's own kernels do not run; None: either.
      onednn: whether oneDNN's fused kernel takes the input as it is; None: either.
      training: whether the moments of the batch may be needed; None: either.
      least: fewest elements of the input; in a graph where a size is unknown it is taken to be large.
    """

    engine: Optional[Fast]
    about: str
    kernel: Optional[str] = None
    eager: Optional[bool] = None
    xla: Optional[bool] = None
    onednn: Optional[bool] = None
    training: Optional[bool] = None
    least: int = 0


ROWS = (
    Row(INLINED, "where XLA compiles all, kernels become sums that it computes term by term", xla=True),
    Row(EXACT, "oneDNN's fused kernel is as fast as memory allows", "fused", onednn=True),
    Row(COMPILED, "Eigen's takes two to five times as long for large inputs", "fused", eager=False, least=1 << 16),
    Row(COMPILED, "where every call costs, inputs have to be larger still", "fused", eager=True, least=1 << 21),
    Row(EXACT, "for small inputs one kernel is faster than several calls", "fused"),
    Row(COMPILED, "fewer operations and fewer passes over the input", "unfused", eager=False),
    Row(COMPILED, "passes over the input cost more than calls", "unfused", training=True, least=1 << 16),
    Row(COMPILED, "inference has fewer passes to save", "unfused", training=False, least=1 << 20),
    Row(EXACT, "for small inputs calls cost more than passes over the input", "unfused"),
)


def _elements(shape: Shape) -> float:
    product = 1
    for size in shape:
        if size is None:
            return math.inf
        product *= size
    return product


def _onednn_takes(plan: Plan, x: Any) -> bool:
    """Whether oneDNN's fused kernel takes an input as it is: of rank 4, channels last, in 32 bits or bfloat16."""
    return ops.HAS_ONEDNN and plan.data_format == "NHWC" and ops.dtype_name(x) != "float16"


def choose(plan: Plan, x: Any, training: Any) -> Optional[Fast]:
    """What computes the parts of a kernel for an input.

    None: what the exact numerics have; so it is for an input of unknown rank, too.
    """
    shape, known = ops.shape_of(x), ops.static_value(training)
    if shape is None:
        return EXACT
    elements = _elements(shape)
    case = {
        "kernel": plan.kernel,
        "eager": ops.is_eager(x),
        "xla": ops.in_xla(),
        "onednn": _onednn_takes(plan, x),
        "training": known is None or bool(known),
    }
    engine = next(
        row.engine
        for row in ROWS
        if row.least <= elements and all(getattr(row, name) in (None, is_so) for name, is_so in case.items())
    )
    return PLAIN if engine is not EXACT and not ops.HAS_XLA else engine
