"""The layers that the programs train, by name; what tests and programs both know."""

CLIPS = {"rmax": 1.5, "rmin": 0.5, "dmax": 0.25}

#: Name -> shape of a replica's batch, and arguments.
KINDS = {
    "plain": ((6, 3), {}),
    "image": ((4, 3, 3, 3), {}),
    "image-first": ((4, 3, 3, 3), {"axis": 1}),
    "unfused": ((4, 3, 3, 3), {"fused": False}),
    "axes": ((4, 3, 3, 3), {"axis": [1, 3]}),
    "renorm": ((6, 3), {"renorm": True}),
    "renorm-clipped": ((4, 3, 3, 3), {"renorm": True, "renorm_clipping": CLIPS, "renorm_momentum": 0.75}),
    "virtual": ((6, 3), {"virtual_batch_size": 2}),
    "virtual-renorm": ((6, 3), {"virtual_batch_size": 2, "renorm": True}),
    "frozen": ((4, 3, 3, 3), {"trainable": False}),
}
DEVICES = (2, 4)

#: Those that are run without a `tf.function`, too.
EAGER = ("image", "renorm")

#: Those whose last replica is given no examples.
EMPTY = ("plain", "image", "renorm", "renorm-clipped", "virtual")

#: Those whose checkpoint is read.
SAVED = ("image", "renorm")

#: Those that are synchronized: name -> kind, how many examples each replica sees, and by how much they are off zero.
SYNCHRONIZED = {
    "plain": ("plain", (6, 6), 0),
    "image": ("image", (4, 4), 0),
    "image-first": ("image-first", (4, 4), 0),
    "four": ("image", (4, 4, 4, 4), 0),
    "axes": ("axes", (4, 4), 0),
    "uneven": ("plain", (6, 1), 0),
    "three-uneven": ("image", (3, 1, 2), 0),
    "one-empty": ("image", (4, 0), 0),
    "off-zero": ("image", (4, 2), 1000),
    "renorm": ("renorm", (6, 4), 0),
    "renorm-clipped": ("renorm-clipped", (4, 2), 0),
}

#: Of averages, and of the results of a step.
STATISTICS = ("moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev")
STEP = ("output", "of-input", "of-gamma", "of-beta")

#: Those that several workers train.
WORKERS = ("image", "renorm")

#: Those that workers with a parameter server train.
SERVED = ("plain", "image", "renorm")
