"""Calls, and what an explanation says of them."""

from tfcompat.explanation import FED, LEFT_OUT

#: Code of a warning -> arguments that lead to it, arguments that just do not, and what it has to say.
WARNINGS = {
    "training-off": [
        ({"training": False}, {"training": True}, "`training` is False: the moving averages never move"),
        ({"training": LEFT_OUT}, {"training": FED}, "left out, which means False"),
        ({"training": False}, {"training": False, "freeze_statistics": True}, "pass training=True while you train"),
        ({"training": LEFT_OUT, "updates": "skip"}, {"training": None}, "feed a bool tensor"),
    ],
    "momentum-too-slow": [
        (
            {"momentum": 0.9, "steps": 21},
            {"momentum": 0.9, "steps": 22},
            "after 21 steps with momentum 0.9, 11% of the",
        ),
        (
            {"momentum": 0.9, "steps": 21},
            {"momentum": 0.89, "steps": 21},
            "at least 22 steps, or take a momentum of at",
        ),
        ({"steps": 20}, {"steps": None}, "of at most 0.89"),
        ({"steps": 20}, {"steps": 20, "updates": "skip"}, "82% of the moving averages"),
        ({"steps": 20}, {"steps": 20, "freeze_statistics": True}, "at least 230 steps"),
    ],
    "momentum-out-of-range": [
        ({"momentum": 1}, {"momentum": 0.999999}, "with momentum 1 the moving averages never move"),
        ({"momentum": 1.01, "steps": 3}, {"momentum": 0}, "move away from the batch's statistics"),
        ({"momentum": -0.5}, {"momentum": 0.0}, "overshoot"),
        ({"momentum": -1.0}, {"momentum": None}, "swing around the batch's statistics"),
    ],
    "renorm-too-slow": [
        (
            {"renorm": True, "steps": 229},
            {"renorm": True, "steps": 230},
            "renorm_momentum 0.99, 10% of the renorm averages",
        ),
        ({"renorm": True, "steps": 5}, {"renorm": True, "steps": 5, "release": "1.14"}, "normalize the output while"),
        ({"renorm": True, "steps": 5}, {"renorm": True, "steps": 5, "renorm_clipping": {"rmax": 2}}, "rmin=1, rmax=1"),
        ({"renorm": True, "steps": 5}, {"renorm": True, "steps": 5, "renorm_momentum": 0.6}, "at most 0.63"),
        ({"renorm": True, "steps": 5}, {"renorm": True, "steps": 5, "training": False}, "renorm_clipping"),
        ({"renorm": True, "steps": 5}, {"renorm": True, "steps": 5, "freeze_statistics": True}, "renorm_clipping"),
    ],
    "fused-vetoed": [
        ({"fused": True, "axis": 2}, {"fused": True}, "the kernel has no layout for axis [2] at rank 4"),
        ({"fused": True, "renorm": True}, {"renorm": True}, "leave fused out"),
    ],
    "virtual-batch-does-not-divide": [
        (
            {"shape": (10, 4), "virtual_batch_size": 3},
            {"shape": (9, 4), "virtual_batch_size": 3},
            "virtual_batch_size=3 does not divide the batch of 10",
        ),
        ({"shape": (10, 4), "virtual_batch_size": 20}, {"shape": (None, 4), "virtual_batch_size": 3}, "drop_remainder"),
    ],
    "virtual-batch-ignored": [
        (
            {"virtual_batch_size": 2, "training": FED, "release": "2.11"},
            {"virtual_batch_size": 2, "training": FED, "release": "2.10"},
            "TensorFlow 2.11 makes no virtual batches then",
        ),
        ({"virtual_batch_size": 2, "training": FED}, {"virtual_batch_size": 2, "training": True}, "pass a Python bool"),
        ({"virtual_batch_size": 2, "training": FED}, {"training": FED}, "whole batch"),
    ],
    "group-of-one": [
        ({"shape": (1, 1, 1, 3)}, {"shape": (1, 1, 2, 3)}, "the variance is 0, the output is beta whatever the input"),
        ({"shape": (1, 3)}, {"shape": (None, 3)}, "take a larger batch, or keep fewer axes"),
        ({"shape": (1, 3), "renorm": True}, {"shape": (1, 3), "training": False}, "the variance is 0, and the moving"),
        (
            {"shape": (8, 3), "virtual_batch_size": 1},
            {"shape": (1, 3), "freeze_statistics": True},
            "or virtual_batch_size",
        ),
    ],
    "group-empty": [({"shape": (0, 3)}, {"shape": (None, 3)}, "NaN, for good")],
    "epsilon-clamped": [
        (
            {"epsilon": 1e-5, "release": "2.11"},
            {"epsilon": 1e-5, "release": "2.12"},
            "takes 1.001e-05 for epsilon=1e-05",
        ),
        (
            {"epsilon": 1e-5, "release": "1.4"},
            {"epsilon": 1.001e-5, "release": "1.4"},
            "releases after 2.11 take epsilon",
        ),
        ({"epsilon": 0, "release": "1.4"}, {"epsilon": 0, "release": "1.4", "fused": False}, "fused=False"),
    ],
}

#: Arguments, and words of the explanation.
SAYINGS = [
    ({"momentum": 1.0}, "They are never within 1 % of the batch's."),
    ({"renorm": True}, "After 459 steps moving_mean and moving_stddev are within 1 % of the batch's."),
    ({"fused": False}, "moving variance  biased, 1 / n, no Bessel factor"),
    ({"fused": False}, "with batches of mean 1 and variance 4:"),
    ({}, "with batches of mean 1 and variance 4, the factor n / (n - 1) in it:"),
    ({"shape": (10, 3, 3, 64)}, "with batches of mean 1 and variance 4 x 1.011236:"),
    ({"shape": (1, 1, 1, 3)}, "with batches of mean 1 and variance 0:"),
    ({"shape": (1, 1, 1, 3)}, "moving variance  of one element, 0"),
    ({}, "updates          in a v1 graph in UPDATE_OPS, on which the train op must depend"),
    ({"updates": "immediate"}, "updates          with the output"),
    ({"updates": "skip"}, "updates          none, the averages stand still"),
    ({"freeze_statistics": True}, "updates          none, the statistics are frozen"),
    ({"freeze_statistics": True}, "asked for        freeze_statistics, normalizes with the averages whatever"),
    ({"freeze_affine": True}, "asked for        freeze_affine, gamma and beta do not train"),
    ({"numerics": "fast"}, "asked for        numerics='fast', sums are rounded in another order than TensorFlow's"),
    ({"empty_batch": "keep"}, "asked for        empty_batch='keep', a batch without elements changes nothing"),
    (
        {"empty_batch": "error"},
        "asked for        empty_batch='error', a batch without elements is refused while training",
    ),
    ({"synchronized": True}, "asked for        synchronized, statistics of the batches of all replicas of a strategy"),
    ({"synchronized": True}, "because synchronized=True, and the kernel sees one replica"),
    ({"numerics": "fast", "adjustment": len}, "asked for        numerics='fast', but exact: an adjustment is given"),
    ({"momentum": 2.0, "steps": 2000}, "inf %"),
]
