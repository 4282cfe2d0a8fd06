"""The table of workloads: what is normalized, and in what kind of step."""

import fnmatch
import types
from typing import Any, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from benchmarks.errors import UsageError

#: How often a tensor of the input's size is read or written, at least, if no cache holds it. Training: the forward pass
#: reads x twice (statistics, then output) and writes y; the backward pass reads x and dy twice each and writes dx.
PASSES = {"train": 8, "inference": 2}

OURS = ("exact", "fast")


class Workload(NamedTuple):
    """One row of the table.

    Attributes:
      name: what `--only` chooses.
      shape: of the input, batch first.
      axis: that keeps its own statistics.
      arguments: of the layer, beside the axis.
      dtype: of the input; gamma, beta and averages are float32.
      step: `train` or `inference`.
      mode: `eager` where the row is about eager mode; None: the mode that is asked for.
      xla: whether the whole step is compiled by XLA.
      peers: who takes part; None: all that can.
      quick: whether `--quick` has it.
      batches: whether other sizes of the batch are tried, too.
    """

    name: str
    shape: Tuple[int, ...]
    axis: int = -1
    arguments: Mapping[str, Any] = types.MappingProxyType({})
    dtype: str = "float32"
    step: str = "train"
    mode: Optional[str] = None
    xla: bool = False
    peers: Optional[Tuple[str, ...]] = None
    quick: bool = False
    batches: bool = False

    @property
    def tensor_bytes(self) -> int:
        """Bytes of the input."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize

    @property
    def moved_bytes(self) -> int:
        """Bytes that a step has to move."""
        return PASSES[self.step] * self.tensor_bytes


_IMAGE = (32, 56, 56, 64)
_TINY = (8, 4, 4, 3)

WORKLOADS = [
    Workload("image", _IMAGE, quick=True),
    Workload("image-small", (8, 14, 14, 32), quick=True, batches=True),
    Workload("image-inference", _IMAGE, step="inference"),
    Workload("image-float16", _IMAGE, dtype="float16"),
    Workload("image-channels-first", (32, 64, 56, 56), axis=1),
    Workload("image-renorm", _IMAGE, arguments={"renorm": True}, quick=True),
    Workload("image-virtual", _IMAGE, arguments={"virtual_batch_size": 8}, quick=True),
    Workload("resnet-112", (16, 112, 112, 64)),
    Workload("resnet-28", (32, 28, 28, 128)),
    Workload("resnet-14", (32, 14, 14, 256)),
    Workload("resnet-7", (32, 7, 7, 512)),
    Workload("unet-3d", (2, 16, 64, 64, 16)),
    Workload("sequence", (32, 128, 256), quick=True, batches=True),
    Workload("sequence-inference", (32, 128, 256), step="inference"),
    Workload("transformer", (32, 128, 768)),
    Workload("features", (256, 1024), quick=True, batches=True),
    Workload("features-inference", (256, 1024), step="inference"),
    Workload("tabnet", (4096, 64)),
    Workload("tabnet-virtual", (4096, 64), arguments={"virtual_batch_size": 128}),
    Workload("tiny-train", _TINY, mode="eager", quick=True),
    Workload("tiny-inference", _TINY, step="inference", mode="eager", quick=True),
    Workload("xla-fused", _IMAGE, xla=True, quick=True, batches=True),
    Workload("xla-unfused", _IMAGE, arguments={"fused": False}, xla=True),
    Workload("xla-renorm", _IMAGE, arguments={"renorm": True}, xla=True, peers=OURS),
    Workload("xla-virtual", _IMAGE, arguments={"virtual_batch_size": 8}, xla=True, peers=OURS),
]


def named(name):
    """The workload of a name."""
    return next(workload for workload in WORKLOADS if workload.name == name)


def choose(patterns, quick):
    """The workloads whose names fit any of some patterns, or else all, or those that are quick.

    Raises:
      UsageError: a pattern that nothing fits.
    """
    if not patterns:
        return [workload for workload in WORKLOADS if workload.quick or not quick]
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(workload.name, pattern) for workload in WORKLOADS):
            names = ", ".join(workload.name for workload in WORKLOADS)
            raise UsageError("--only {}: no workload has such a name; there are {}".format(pattern, names))
    return [
        workload for workload in WORKLOADS if any(fnmatch.fnmatchcase(workload.name, pattern) for pattern in patterns)
    ]


def inputs(workload, batch=None):
    """The input and the gradient of the output, the same in every process; `batch` in place of the workload's own."""
    shape = (workload.shape[0] if batch is None else batch,) + workload.shape[1:]
    random = np.random.RandomState(0)
    x = random.standard_normal(shape).astype("float32") * 2.0 + 1.0
    return x.astype(workload.dtype), random.standard_normal(shape).astype(workload.dtype)
