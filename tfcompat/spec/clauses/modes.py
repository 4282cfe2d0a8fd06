"""Training, inference and frozen layers."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="MODE",
    title="Training, inference and frozen layers",
    about="What `training` and `trainable` decide.  They are independent: a frozen layer that is told to train "
    "normalizes with the moments of the batch.",
    clauses=(
        Clause(
            id="BN-MODE-1",
            text="At inference each element must be normalized with the moving averages as they are, not with "
            "moments of the batch.",
            formula=r"y = \gamma \, \frac{x - \texttt{moving\_mean}}{\sqrt{\texttt{moving\_variance} + "
            r"\varepsilon}} + \beta",
            traits=(),
            source="Ioffe & Szegedy 2015, algorithm 2; TensorFlow",
            cases="rank?-inference|axis-*-inference|*float*-inference*|fused-false-inference|no-affine-inference|"
            "initializers-all-inference|training-omitted-*|training-false-*|alternating*",
        ),
        Clause(
            id="BN-MODE-2",
            text="A scalar bool tensor for `training` must decide anew in every step, in one graph or function.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|alternating*|training-variable-*",
        ),
        Clause(
            id="BN-MODE-3",
            text="A constant tensor for `training` must give the output that the same Python bool gives.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="training-constant-*",
        ),
        Clause(
            id="BN-MODE-4",
            text="A scalar int tensor for `training` must count as true unless it is 0.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="training-int-tensor*",
        ),
        Clause(
            id="BN-MODE-5",
            text="The ints 0 and 1, the float 1.0 and NumPy bools must be taken for `training` as the bools that "
            "they equal.",
            formula="",
            traits=("training_as_number",),
            source="TensorFlow",
            cases="training-int-?-rank?|training-numpy-*|training-float",
        ),
        Clause(
            id="BN-MODE-6",
            text="`training=None` must normalize as inference does where no learning phase of Keras says otherwise, "
            "and in a graph make update operations all the same.",
            formula="",
            traits=("training_none",),
            source="TensorFlow",
            cases="training-none-*",
        ),
        Clause(
            id="BN-MODE-7",
            text="A frozen layer must still normalize with the moments of the batch while training.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="not-trainable-*|class-not-trainable|class-frozen*|adjustment-not-trainable|regularizer-not-trainable",
        ),
        Clause(
            id="BN-MODE-8",
            text="`gamma` and `beta` of a frozen layer must not be trainable variables, and 0 must freeze as False "
            "does.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="not-trainable-*|class-not-trainable|class-frozen*|trainable-int-0",
            structure=True,
        ),
        Clause(
            id="BN-MODE-9",
            text="In a graph, a frozen layer must put no update operations into `UPDATE_OPS`, so that its averages "
            "stand still.",
            formula="",
            traits=("!frozen_layer_updates",),
            source="TensorFlow",
            cases="not-trainable-rank?|not-trainable-*-training-true|not-trainable-renorm|"
            "not-trainable-virtual-batch|not-trainable-class|trainable-none-*|trainable-int-0|class-not-trainable|"
            "class-thawed",
        ),
        Clause(
            id="BN-MODE-10",
            text="In a graph, a frozen layer must move its averages as any other.",
            formula="",
            traits=("frozen_layer_updates",),
            source="TensorFlow; docs/findings.md",
            cases="not-trainable-rank?|not-trainable-*-training-true|not-trainable-renorm|"
            "not-trainable-virtual-batch|trainable-none-*|trainable-int-0",
        ),
        Clause(
            id="BN-MODE-11",
            text="Outside of graphs, a frozen layer must keep its moving averages while training.",
            formula="",
            traits=("!frozen_layer_updates_eagerly",),
            source="TensorFlow",
            cases="not-trainable-rank*|not-trainable-unfused|not-trainable-class|class-frozen*|trainable-int-0",
        ),
        Clause(
            id="BN-MODE-12",
            text="Outside of graphs, a frozen layer must move the averages of the fused kernel, and only of that.",
            formula="",
            traits=("frozen_layer_updates_eagerly",),
            source="TensorFlow; docs/findings.md",
            cases="not-trainable-rank*|not-trainable-unfused|not-trainable-class|class-frozen*|trainable-int-0",
        ),
        Clause(
            id="BN-MODE-13",
            text="Outside of graphs, a frozen layer must move the renorm averages while training, though not the "
            "moving ones.",
            formula="",
            traits=("takes_renorm",),
            source="TensorFlow; docs/findings.md",
            cases="not-trainable-renorm|pair-01",
        ),
        Clause(
            id="BN-MODE-14",
            text="`trainable=None` must make `gamma` and `beta` trainable in a graph, though it freezes the averages.",
            formula="",
            traits=("trainable_none_trains",),
            source="TensorFlow",
            cases="trainable-none-*",
            structure=True,
        ),
        Clause(
            id="BN-MODE-15",
            text="A call inside of a conditional or a loop, on a device or under control dependencies must give the "
            "output that it gives elsewhere.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="in-control-*|in-device|in-cond-*|in-while-*",
        ),
        Clause(
            id="BN-MODE-16",
            text="In a graph, a layer that is frozen after its call must have no trainable variables until it is "
            "thawed, and what is built of it must go on as before.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="class-frozen*|class-thawed",
            structure=True,
        ),
        Clause(
            id="BN-MODE-17",
            text="In a graph, a layer that is frozen after its call must list no updates until it is thawed.",
            formula="",
            traits=("!frozen_layer_updates",),
            source="TensorFlow",
            cases="class-frozen*|class-thawed",
            structure=True,
        ),
        Clause(
            id="BN-MODE-18",
            text="In a graph, `gamma` and `beta` of a layer that was made frozen must be its trainable variables once "
            "it is thawed.",
            formula="",
            traits=("thawed_layer_trains",),
            source="TensorFlow",
            cases="class-thawed",
            structure=True,
        ),
        Clause(
            id="BN-MODE-19",
            text="In a graph, `gamma` and `beta` of a layer that was made frozen must not become trainable, even once "
            "it is thawed.",
            formula="",
            traits=("!thawed_layer_trains",),
            source="TensorFlow",
            cases="class-thawed",
            structure=True,
        ),
    ),
)
