"""What an audit of the legacy models has to find, written down from the program that made them.

Artifact -> (rows of sites, layer -> codes).  A row is the layer, its form, whether it trains, and the arguments that
differ from `DEFAULTS`; `call` where the layer is called under another scope.
"""

DEFAULTS = {
    "axis": -1,
    "momentum": 0.99,
    "epsilon": 1e-3,
    "center": True,
    "scale": True,
    "virtual_batch_size": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": None,
}

#: Of a graph of inference: nothing moves the averages, and freezing drops the variables of renorm.
INFERENCE = {"momentum": "?"}
FROZEN = {"momentum": "?", "renorm": "?", "renorm_clipping": "?", "renorm_momentum": "?"}


def resnet(training, **arguments):
    names = ["resnet_model/batch_normalization" + suffix for suffix in ("", "_1", "_2", "_3", "_4", "_5")]
    # Fused kernels of TensorFlow 1 take no epsilon below 1.001e-5: the graph has that where the program said 1e-5.
    return [(name, "fused", training, dict({"epsilon": 1.001e-5}, **arguments)) for name in names]


def small(training, **arguments):
    return [
        ("batch_normalization", "fused", training, arguments),
        ("batch_normalization_1", "fused", training, arguments),
        ("batch_normalization_2", "unfused", training, dict(arguments, scale=False)),
    ]


def slim(training, **arguments):
    return [
        ("conv1/BatchNorm", "fused", training, dict(arguments, epsilon=2e-5)),
        ("conv2/BatchNorm", "fused", training, dict(arguments, epsilon=2e-5)),
        ("bn", "fused", training, dict(arguments, scale=False)),
    ]


def tpu(default, **arguments):
    training = "placeholder is_training (default {})".format(default)
    return [(name, "unfused", training, arguments) for name in ("tpu_batch_normalization", "tpu_batch_normalization_1")]


def every(rows, *codes):
    return {row[0]: list(codes) for row in rows}


def tabnet():
    virtual = {"momentum": 0.7, "virtual_batch_size": 4}
    return [
        ("Encoder/batch_normalization", "unfused", "True", {"momentum": 0.7}),
        ("Encoder/shared/batch_normalization", "unfused", "True", virtual),
        ("Encoder/step_0/batch_normalization", "unfused", "True", virtual),
        (
            "Encoder/shared/batch_normalization",
            "unfused",
            "True",
            dict(virtual, call="Encoder/shared_1/batch_normalization"),
        ),
        ("Encoder/step_1/batch_normalization", "unfused", "True", virtual),
    ]


def renorm():
    clipping = {"rmax": 2.0, "rmin": 0.5, "dmax": 1.0}
    arguments = {"momentum": 0.9, "renorm": True, "renorm_clipping": clipping, "renorm_momentum": 0.8}
    return [("batch_normalization", "unfused", "True", arguments)]


def dcgan():
    return [
        ("discriminator/bn0", "fused", "True", {"momentum": 0.9}),
        ("generator/bn0", "fused", "True", {"momentum": 0.9}),
        ("discriminator/bn0", "fused", "True", {"momentum": 0.9, "call": "discriminator_1/bn0"}),
    ]


def towers():
    return [
        ("net/bn", "fused", "True", {"call": "tower_0/net/bn"}),
        ("head_0/bn", "unfused", "True", {"call": "tower_0_1/head_0/bn"}),
        ("net/bn", "fused", "True", {"call": "tower_1/net/bn"}),
        ("head_1/bn", "unfused", "True", {"call": "tower_1_1/head_1/bn"}),
    ]


def conditional():
    given = "placeholder is_training (default True)"
    return [
        ("in_cond", "fused", given, {"momentum": 0.9, "call": "cond/in_cond"}),
        ("loop/in_while", "fused", "True", {"momentum": 0.9, "call": "loop/while/in_while"}),
    ]


def keras():
    given = "placeholder keras_learning_phase (default False)"
    return [
        ("batch_normalization", "fused", given, {"momentum": 0.9}),
        ("batch_normalization_1", "unfused", given, {"momentum": 0.8, "epsilon": 1e-4, "scale": False}),
    ]


RENORM_FROZEN = [("batch_normalization", "unfused", "False", FROZEN)]

EXPECTED = {
    "resnet/model.ckpt": (
        resnet("True", momentum=0.997),
        every(resnet("True"), "momentum-too-slow"),
    ),
    "resnet/frozen.pb": (resnet("False", **FROZEN), {}),
    "resnet/saved_model": (resnet("False", **INFERENCE), {}),
    "resnet-channels-first/model.ckpt": (resnet("True", momentum=0.997, axis=1), {}),
    "tabnet/model.ckpt": (tabnet(), {"Encoder/shared/batch_normalization": ["updates-of-some-calls"]}),
    "renorm/model.ckpt": (renorm(), {}),
    "renorm/frozen.pb": (RENORM_FROZEN, {}),
    "renorm-1-4/model.ckpt": (renorm(), {}),
    "renorm-1-4/frozen.pb": (RENORM_FROZEN, {}),
    # get_collection(UPDATE_OPS, "discriminator/") has no update of the call under discriminator_1.
    "dcgan/model.ckpt": (dcgan(), {"discriminator/bn0": ["updates-of-some-calls"]}),
    "slim/model.ckpt": (slim("True", momentum=0.9), {}),
    "slim/frozen.pb": (slim("False", **FROZEN), {}),
    "shadows/model.ckpt": (small("True", momentum=0.9), {}),
    "shadows/frozen.pb": (small("False", **FROZEN), {}),
    "no-statistics/model.ckpt": (small("True", momentum=0.9), every(small("True"), "statistics-missing")),
    "never-updated/model.ckpt": (
        small("True", momentum=0.9),
        every(small("True"), "updates-not-run", "statistics-initial"),
    ),
    "never-updated/frozen.pb": (small("False", **FROZEN), every(small("False"), "statistics-initial")),
    "never-updated/saved_model": (small("False", **INFERENCE), every(small("False"), "statistics-initial")),
    "broken-statistics/model.ckpt": (
        small("True", momentum=0.9),
        {"batch_normalization": ["statistics-not-finite"], "batch_normalization_1": ["variance-negative"]},
    ),
    "training-served/model.ckpt": (small("True", momentum=0.9), {}),
    "training-served/frozen.pb": (small("True", **FROZEN), every(small("True"), "training-fixed")),
    "training-served/saved_model": (small("True", momentum=0.9), every(small("True"), "training-fixed")),
    "towers/model.ckpt": (
        towers(),
        {
            "net/bn": ["updates-of-some-calls", "momentum-too-slow"],
            "head_0/bn": ["momentum-too-slow"],
            "head_1/bn": ["updates-not-run", "statistics-initial"],
        },
    ),
    "conditional/model.ckpt": (
        conditional(),
        every(conditional(), "updates-in-control-flow", "statistics-initial"),
    ),
    "partitioned/model.ckpt": ([("net/batch_normalization", "unfused", "True", {"momentum": 0.9})], {}),
    "tpu/model.ckpt": (tpu(True, momentum=0.9), {}),
    "tpu/frozen.pb": (tpu(False, **FROZEN), {}),
    "keras/model.ckpt": (keras(), {}),
}
