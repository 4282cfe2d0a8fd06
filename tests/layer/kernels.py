"""One small layer of every kind: what it is made with and the shape of its input."""

import numpy as np

from features import tf

IMAGE = (4, 2, 3, 3)


def jitter(shape):
    """An adjustment: scale 1.25 and bias 0.5 for every element of a batch."""
    ones = tf.ones([shape[0]] + [1] * (len(IMAGE) - 1))
    return 1.25 * ones, 0.5 * ones


#: Name -> (arguments, shape of the input, kernel that the plan must name).
KERNELS = {
    "fused": ({}, IMAGE, "fused"),
    "unfused": ({"fused": False}, IMAGE, "unfused"),
    "rank2": ({}, (6, 3), "unfused"),
    "axis1": ({"axis": 1, "fused": False}, IMAGE, "unfused"),
    "axes": ({"axis": [1, 3]}, IMAGE, "unfused"),
    "renorm": ({"renorm": True, "renorm_clipping": {"rmax": 3.0, "rmin": 0.25, "dmax": 5.0}}, IMAGE, "unfused"),
    "virtual": ({"virtual_batch_size": 2}, IMAGE, "unfused"),
    "adjustment": ({"adjustment": jitter}, IMAGE, "unfused"),
}


def batch(shape=IMAGE, seed=1, dtype="float32"):
    """Random numbers of mean 3 and deviation 2."""
    return (3 + 2 * np.random.RandomState(seed).standard_normal(shape)).astype(dtype)


def close(got, expected, eps=64):
    """Raises unless max|got - expected| is within `eps` float32 eps of max|expected|."""
    got, expected = np.asarray(got, "float64"), np.asarray(expected, "float64")
    assert got.shape == expected.shape, (got.shape, expected.shape)
    error = np.max(np.abs(got - expected)) / (np.finfo("float32").eps * max(np.max(np.abs(expected)), 1e-30))
    assert error <= eps, "max|d| is %.3g eps of max|expected|, allowed is %g" % (error, eps)


def values(layer):
    """Name -> value of every variable of a layer."""
    names = ("gamma", "beta", "moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev")
    variables = {name: getattr(layer, name) for name in names}
    return {name: tf.convert_to_tensor(v).numpy() for name, v in variables.items() if v is not None}
