"""Batch normalization in float32 NumPy, with what `python -m golden verify` needs to compare it with TensorFlow's."""

import numpy as np

KNOWN = {"axis", "momentum", "epsilon", "center", "scale", "fused", "name"}
STARTS = {"gamma": 1, "beta": 0, "moving_mean": 0, "moving_variance": 1}


class BatchNorm:
    """One channel axis, in float32; the rest of the function is not there."""

    def __init__(self, case):
        given = dict({"axis": -1, "momentum": 0.99, "epsilon": 1e-3, "fused": None}, **case.arguments)
        if set(given) - KNOWN or case.dtype != "float32" or np.ndim(given["axis"]) or given["epsilon"] is None:
            raise NotImplementedError("more than one channel axis in float32")
        rank, self.momentum, self.epsilon = len(case.shape), np.float32(given["momentum"]), np.float32(given["epsilon"])
        channel = given["axis"] % rank
        self.wide = [-1 if axis == channel else 1 for axis in range(rank)]
        self.reduced = tuple(axis for axis in range(rank) if axis != channel)
        fused = rank in (4, 5) and channel in (1, rank - 1) and given["fused"] in (None, True, 1, "yes")
        n = np.prod([case.shape[axis] for axis in self.reduced])
        self.bessel = np.float32(n / max(n - 1, 1)) if fused else np.float32(1)
        absent = {"gamma": not given.get("scale", True), "beta": not given.get("center", True)}
        made = [name for name in STARTS if not absent.get(name)]
        self.variables = {name: np.full(case.shape[channel], STARTS[name], np.float32) for name in made}

    def step(self, variables, x, training, dy):
        """One call: output, gradients of sum(dy * y), and the moving averages after it."""
        x, dy = np.float32(x), np.float32(dy)
        wide = {name: np.float32(value).reshape(self.wide) for name, value in variables.items()}
        gamma, beta = wide.get("gamma", np.float32(1)), wide.get("beta", np.float32(0))
        mean, variance = wide["moving_mean"], wide["moving_variance"]
        if training:
            mean, variance = x.mean(self.reduced, keepdims=True), x.var(self.reduced, keepdims=True)
        inverse = 1 / np.sqrt(variance + self.epsilon)
        x_hat = (x - mean) * inverse
        gradients = {"gamma": (dy * x_hat).sum(self.reduced), "beta": dy.sum(self.reduced), "x": dy * gamma * inverse}
        if not training:
            return gamma * x_hat + beta, gradients, {}
        through = dy.mean(self.reduced, keepdims=True) + x_hat * (dy * x_hat).mean(self.reduced, keepdims=True)
        gradients["x"] = (dy - through) * gamma * inverse
        batch = {"moving_mean": mean.ravel(), "moving_variance": variance.ravel() * self.bessel}
        moved = {name: variables[name] - (variables[name] - v) * (1 - self.momentum) for name, v in batch.items()}
        return gamma * x_hat + beta, gradients, moved
