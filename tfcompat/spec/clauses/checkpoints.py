"""Checkpoints."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="CKPT",
    title="Checkpoints",
    about="What a checkpoint of a graph holds: variables by the name of the layer's scope, a slash and the names "
    "below.  Shapes and dtypes are those of the second chapter.  Checkpoints of BN-CKPT-4 and of BN-CKPT-5 do not "
    "load into each other.",
    clauses=(
        Clause(
            id="BN-CKPT-1",
            text="The variables must be `gamma`, `beta`, `moving_mean` and `moving_variance`, made in this order, "
            "which is that of the losses of regularizers, too.",
            formula="",
            traits=("!beta_before_gamma",),
            source="TensorFlow",
            cases="rank?-defaults|both-regularizers*|two-unnamed|name-simple",
            structure=True,
        ),
        Clause(
            id="BN-CKPT-2",
            text="The variables must be `beta`, `gamma`, `moving_mean` and `moving_variance`, made in this order, "
            "which is that of the losses of regularizers, too.",
            formula="",
            traits=("beta_before_gamma",),
            source="TensorFlow",
            cases="rank?-defaults|both-regularizers*|two-unnamed|name-simple",
            structure=True,
        ),
        Clause(
            id="BN-CKPT-3",
            text="There must be no `gamma` without `scale` and no `beta` without `center`, but always both moving "
            "averages, at inference too.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="no-scale-*|no-center-*|no-affine-*|rank?-inference",
            structure=True,
        ),
        Clause(
            id="BN-CKPT-4",
            text="With renorm, `moving_stddev`, `renorm_mean` and `renorm_stddev` must follow, in this order, of "
            "the shape and dtype of `moving_mean`.",
            formula="",
            traits=("takes_renorm", "!renorm_debiased"),
            source="TensorFlow",
            cases="renorm-rank?|renorm-axis-list|renorm-named|virtual-batch-renorm|scope-partitioner-renorm",
            structure=True,
        ),
        Clause(
            id="BN-CKPT-5",
            text="With renorm, `renorm_mean`, `renorm_mean_weight`, `renorm_stddev` and `renorm_stddev_weight` must "
            "follow, in this order, the weights as scalars.",
            formula="",
            traits=("takes_renorm", "renorm_debiased"),
            source="TensorFlow",
            cases="renorm-rank?|renorm-axis-list|renorm-named|scope-partitioner-renorm",
            structure=True,
        ),
        Clause(
            id="BN-CKPT-6",
            text="The parts of a partitioned variable must be called `part_0`, `part_1` and so on, below the name "
            "of the variable.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-partitioner*",
            structure=True,
        ),
        Clause(
            id="BN-CKPT-7",
            text="A checkpoint of the variables must hold all of a layer's state: one that is restored must go on as "
            "from where it was saved.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="class-saved-and-restored",
        ),
    ),
)
