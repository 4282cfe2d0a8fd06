"""Steps of PyTorch: the same forward and backward pass, eager, on tensors whose channels are last in memory.

Sequences are normalized as rows of a matrix, which is the same and the fastest that PyTorch has.
"""

import numpy as np
import torch

from benchmarks import workloads


def set_up(mode, threads):
    """Prepares the process, once.

    Returns:
      what its libraries are: name -> version.
    """
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    return {"torch": torch.__version__}


def step_of(peer, workload, mode):
    """A `Step` that has not run."""
    return Step(workload)


class Step:
    """A step in eager mode."""

    def __init__(self, workload):
        self.workload = workload
        self.x, self.g = (self._arranged(torch.from_numpy(values)) for values in workloads.inputs(workload))
        self.layer = None

    def _arranged(self, tensor):
        """Channels as axis 1, with no copy."""
        if tensor.ndim == 3:
            tensor = tensor.reshape(-1, tensor.shape[-1])
        return tensor if self.workload.axis == 1 else tensor.movedim(-1, 1)

    def build(self):
        """Makes the layer, with the defaults of tf.layers."""
        kinds = {2: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
        self.layer = kinds[self.x.ndim](self.x.shape[1], eps=1e-3, momentum=0.01)
        self.layer.train(self.workload.step == "train")
        self.x.requires_grad_(self.workload.step == "train")

    def __call__(self):
        """Runs the step once."""
        if self.workload.step == "inference":
            with torch.inference_mode():
                return [self.layer(self.x)]
        y = self.layer(self.x)
        return [y] + list(torch.autograd.grad(y, [self.x, self.layer.weight, self.layer.bias], self.g))

    def values(self):
        """Runs once; what came out, as a list of arrays, and the averages after it."""
        results = [self._as_given(value.detach()) for value in self()]
        return results + [self.layer.running_mean.numpy(), self.layer.running_var.numpy()]

    def _as_given(self, tensor):
        if tensor.ndim == 1:
            return tensor.numpy()
        moved = tensor if self.workload.axis == 1 else tensor.movedim(1, -1)
        return np.reshape(moved.numpy(), self.workload.shape)
