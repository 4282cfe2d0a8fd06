"""Known bugs of releases."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="BUG",
    title="Known bugs of releases",
    about="What releases do that no clause asks for.  An implementation that follows such a release may do the "
    "same, or what the clauses say.  `golden/bounds.json` has the exemptions, docs/findings.md has more.",
    clauses=(
        Clause(
            id="BN-BUG-1",
            text="On a CPU the fused kernel may refuse the second axis of rank 4 with an InternalError.",
            formula="",
            traits=(),
            source="TensorFlow 1.4 - 2.0; docs/findings.md",
            cases="axis-1-rank4|axis-m3-rank4|axis-bool|axis-1-unknown-batch|axis-1-inference|fused-true-axis-1|"
            "no-affine-axis-1|one-channel-axis-1|large-axis-1|training-true-axis-1|vector-19-axis-1",
        ),
        Clause(
            id="BN-BUG-2",
            text="On a CPU the fused kernel may kill the process if the second axis of rank 4 is kept.",
            formula="",
            traits=(),
            source="TensorFlow 1.3",
            cases="fused-true-axis-1",
        ),
        Clause(
            id="BN-BUG-3",
            text="The fused kernel may kill the process or raise an InternalError if there are no channels.",
            formula="",
            traits=(),
            source="TensorFlow 1.5 - 2.5",
            cases="no-channels-fused",
        ),
        Clause(
            id="BN-BUG-4",
            text="The fused kernel may hide resource variables from gradients, so that an optimizer finds nothing "
            "to train.",
            formula="",
            traits=(),
            source="TensorFlow 1.4 - 1.8; docs/findings.md",
            cases="scope-resource|scope-resource-train-step",
        ),
        Clause(
            id="BN-BUG-5",
            text="Renorm with virtual batches may fail in the first step that trains, with an InvalidArgumentError.",
            formula="",
            traits=(),
            source="TensorFlow 1.5 - 1.8; docs/findings.md",
            cases="virtual-batch-renorm*",
        ),
        Clause(
            id="BN-BUG-6",
            text="The TypeError of BN-ERROR-1 may be an AttributeError.",
            formula="",
            traits=(),
            source="TensorFlow 1.13; docs/findings.md",
            cases="axis-string|axis-none|axis-float|axis-range|axis-numpy",
        ),
        Clause(
            id="BN-BUG-7",
            text="A tuple of one axis may be refused with a ValueError where the kernel is fused.",
            formula="",
            traits=(),
            source="TensorFlow 2.2 - 2.8; docs/findings.md",
            cases="axis-tuple-single",
        ),
        Clause(
            id="BN-BUG-8",
            text="The fused kernel may refuse bfloat16, for which it was not built.",
            formula="",
            traits=(),
            source="TensorFlow 1.5 - 1.13",
            cases="bfloat16-rank4|bfloat16-rank4-fused|bfloat16-axis-1|bfloat16-inference",
        ),
        Clause(
            id="BN-BUG-9",
            text="The fused kernel may have no gradient for bfloat16.",
            formula="",
            traits=(),
            source="TensorFlow 1.14 - 2.2",
            cases="bfloat16-rank4|bfloat16-rank4-fused|bfloat16-axis-1",
        ),
        Clause(
            id="BN-BUG-10",
            text="The fused kernel may fail on bfloat16, with one of three errors, or give float32 at inference.",
            formula="",
            traits=(),
            source="TensorFlow 2.4 - 2.13; docs/findings.md",
            cases="bfloat16-rank4|bfloat16-rank4-fused|bfloat16-axis-1|bfloat16-inference",
        ),
        Clause(
            id="BN-BUG-11",
            text="Inputs of 16 bits, and up to 1.3 of 64, may be refused where operations of two dtypes meet, with "
            "an error that says so.",
            formula="",
            traits=(),
            source="TensorFlow 1.2 - 1.13",
            cases="float16-rank?|float16-rank4-unfused|float16-axis-list|bfloat16-rank2|bfloat16-rank3|"
            "bfloat16-axis-list|virtual-batch-*float16|class-mask-float16|renorm-*float16|float64-rank2|"
            "layer-dtype-*-on-float32",
        ),
        Clause(
            id="BN-BUG-12",
            text="The fused kernel may refuse a NumPy float32 number for `momentum`.",
            formula="",
            traits=(),
            source="TensorFlow 1.4 - 1.7",
            cases="momentum-numpy-rank4",
        ),
        Clause(
            id="BN-BUG-13",
            text="A constant int tensor of 0 for `training` may be refused with a TypeError.",
            formula="",
            traits=(),
            source="TensorFlow 1.2 - 1.3",
            cases="training-int-tensor-zero",
        ),
        Clause(
            id="BN-BUG-14",
            text="With TF2 behaviour, names of initializers may be refused with a TypeError.",
            formula="",
            traits=(),
            source="TensorFlow 1.14 - 1.15; docs/findings.md",
            cases="initializer-string|positional-training",
        ),
        Clause(
            id="BN-BUG-15",
            text="Outside of graphs, second derivatives through the fused kernel may fail or be wrong.",
            formula="",
            traits=(),
            source="TensorFlow 1.9 - 1.13",
            cases="second-order-rank4*|second-order-inference",
        ),
        Clause(
            id="BN-BUG-16",
            text="The update operations of the fused kernel may put NaN into averages at inference, though the "
            "input is finite.",
            formula="",
            traits=(),
            source="TensorFlow 1.10 - 1.11; docs/findings.md",
            cases="values-huge-rank4",
        ),
        Clause(
            id="BN-BUG-17",
            text="At inference the fused kernel may give NaN for gradients of `gamma`, of empty inputs.",
            formula="",
            traits=(),
            source="TensorFlow 1.4 - 1.5",
            cases="empty-rank4|empty-rank4-spatial|empty-inference",
        ),
        Clause(
            id="BN-BUG-18",
            text="At inference the fused kernel may give NaN for all gradients.",
            formula="",
            traits=(),
            source="TensorFlow 1.3",
            cases="fused-true-rank4",
        ),
        Clause(
            id="BN-BUG-19",
            text="`gamma_initializer=None` outside of graphs may draw other numbers in every process, under a seed "
            "too.",
            formula="",
            traits=(),
            source="TensorFlow; docs/findings.md",
            cases="initializer-none",
        ),
        Clause(
            id="BN-BUG-20",
            text="A layer whose first input had another rank may be called again where BN-ERROR-7 does not hold yet.",
            formula="",
            traits=(),
            source="TensorFlow up to 1.1",
            cases="class-other-rank",
        ),
    ),
)
