"""UPDATE_OPS and collections."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="UPDATE",
    title="UPDATE_OPS and collections",
    about="In a graph nothing moves the averages but the operations in `tf.GraphKeys.UPDATE_OPS`, which the train "
    "op has to depend on.  Forgotten updates are the most frequent mistake with this function.",
    clauses=(
        Clause(
            id="BN-UPDATE-1",
            text="In a graph, a call of a layer that is not frozen, whose `training` is not known to be false, must "
            "add exactly two operations to `UPDATE_OPS`, one for `moving_mean` and one for `moving_variance`, with "
            "renorm too.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|training-true-rank?|training-constant-true-*|renorm-rank?|class-two-layers|"
            "two-unnamed|two-different-scopes|reuse-named*",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-2",
            text="A call with a Python false for `training` must make no update operations.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-inference|fused-false-inference|renorm-inference|adjustment-inference|"
            "regularizer-inference|virtual-batch-inference|training-false-*|training-omitted-*|reuse-other-training|"
            "class-called-twice-rank?",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-3",
            text="A constant tensor that is false must make no update operations either.",
            formula="",
            traits=("!constant_training_read_late",),
            source="TensorFlow",
            cases="training-constant-false-*",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-4",
            text="The unfused kernel must make update operations for a constant tensor that is false, which change "
            "nothing where BN-AVG-10 holds.",
            formula="",
            traits=("constant_training_read_late",),
            source="TensorFlow",
            cases="training-constant-false-rank2",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-5",
            text="In a graph, the output must not depend on the update operations, and computing it must move nothing.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|training-true-*|train-step*|regularizer-train-step|scope-resource-train-step",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-6",
            text="Outside of graphs, the averages must move once with every call that trains, before the next reads "
            "them.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|long-training*|training-true-*|class-two-layers",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-7",
            text="Every call of a layer must make update operations of its own.",
            formula="",
            traits=("!first_call_updates",),
            source="TensorFlow",
            cases="class-called-twice-training",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-8",
            text="Only the first call of a layer must make update operations.",
            formula="",
            traits=("first_call_updates",),
            source="TensorFlow",
            cases="class-called-twice-training",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-9",
            text="In a graph, every variable must be in the collection of global variables, and `gamma` and `beta` "
            "alone in that of trainable ones.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|no-scale-*|no-center-*|no-affine-rank?|renorm-rank?",
            structure=True,
        ),
        Clause(
            id="BN-UPDATE-10",
            text="In a graph, a layer must list its update operations as `updates` and its regularization losses as "
            "`losses`.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="class-rank?|class-regularizer|class-renorm|class-called-twice-*|class-not-trainable",
            structure=True,
        ),
    ),
)
