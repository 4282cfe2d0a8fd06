"""Fused and unfused."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="KERNEL",
    title="Fused and unfused",
    about="Which kernel a call takes.  The formulas are the same; what differs is the variance that is averaged "
    "(BN-AVG-3, BN-AVG-4), rounding, masks, small epsilons and second derivatives.",
    clauses=(
        Clause(
            id="BN-KERNEL-1",
            text="`fused=None` must take the fused kernel where no clause of this chapter forbids it.",
            formula="",
            traits=("fused_by_default",),
            source="TensorFlow",
            cases="rank4-defaults|axis-1-rank4|axis-m3-rank4|axis-m1-rank4|axis-3-rank4",
        ),
        Clause(
            id="BN-KERNEL-2",
            text="The fused kernel must be taken only if `fused` is true.",
            formula="",
            traits=("!fused_by_default",),
            source="TensorFlow",
            cases="rank4-defaults|axis-3-rank4",
        ),
        Clause(
            id="BN-KERNEL-3",
            text="The fused kernel must be taken only if the input has rank 4 and one axis is kept, the second or "
            "the last, and there is no renorm, no virtual batch size and no adjustment.",
            formula="",
            traits=("takes_fused",),
            source="TensorFlow",
            cases="fused-true-rank?|fused-none-rank?|fused-*-axis-2|fused-true-virtual-batch|renorm-fused-*|"
            "adjustment-fused-true|axis-list-1-3-fused|axis-2-rank4|axis-0-rank4",
        ),
        Clause(
            id="BN-KERNEL-4",
            text="Rank 5 must be fused as rank 4 is.",
            formula="",
            traits=("fused_rank_5",),
            source="TensorFlow",
            cases="rank5-defaults|fused-none-rank5|fused-true-rank5|axis-1-rank5|axis-4-rank5|axis-m4-rank5|no-*-rank5",
        ),
        Clause(
            id="BN-KERNEL-5",
            text="`fused=False` must take the unfused kernel.",
            formula="",
            traits=("takes_fused",),
            source="TensorFlow",
            cases="fused-false-*|axis-*-unfused|training-*-unfused|*-unfused",
        ),
        Clause(
            id="BN-KERNEL-6",
            text="`fused=True` where BN-KERNEL-3 does not allow it must take the unfused kernel without a word.",
            formula="",
            traits=("takes_fused", "!fused_or_error"),
            source="TensorFlow",
            cases="fused-true-rank2|fused-true-rank3|fused-true-rank6|fused-true-axis-2|renorm-fused-true",
        ),
        Clause(
            id="BN-KERNEL-7",
            text="`fused=True` where BN-KERNEL-3 does not allow it must raise a ValueError.",
            formula="",
            traits=("fused_or_error",),
            source="TensorFlow",
            cases="fused-true-rank2|fused-true-rank3|fused-true-rank5|fused-true-rank6|fused-true-axis-2|"
            "renorm-fused-true",
            structure=True,
        ),
        Clause(
            id="BN-KERNEL-8",
            text="A regularizer must be a reason not to fuse.",
            formula="",
            traits=("regularizer_vetoes_fused", "fused_by_default"),
            source="TensorFlow",
            cases="gamma-regularizer|beta-regularizer|both-regularizers",
        ),
        Clause(
            id="BN-KERNEL-9",
            text="float64 must be a reason not to fuse, also with `fused=True`.",
            formula="",
            traits=("fused_needs_16_or_32_bits",),
            source="TensorFlow",
            cases="float64-rank4|float64-rank4-fused|float64-axis-1|float64-inference|fused-true-float64|"
            "momentum-0-9-float64",
        ),
        Clause(
            id="BN-KERNEL-10",
            text="float64 inputs that BN-KERNEL-3 allows to fuse must be refused, in a graph with a TypeError.",
            formula="",
            traits=("fused_by_default", "!fused_needs_16_or_32_bits"),
            source="TensorFlow",
            cases="float64-rank4|float64-axis-1|float64-inference|momentum-0-9-float64",
            structure=True,
        ),
        Clause(
            id="BN-KERNEL-11",
            text="The fused kernel must take 1.001e-5 for any smaller epsilon, as cuDNN does.",
            formula=r"\varepsilon \leftarrow \max(\varepsilon, \, 1.001 \cdot 10^{-5})",
            traits=("fused_epsilon_clamped",),
            source="TensorFlow",
            cases="epsilon-1e-5-rank4|epsilon-1e-6-rank4|epsilon-1e-12-rank4|epsilon-0-rank4|epsilon-negative-rank4|"
            "epsilon-int-0-rank4|epsilon-1e-6-constant",
        ),
        Clause(
            id="BN-KERNEL-12",
            text="Both kernels must take any epsilon as it is.",
            formula="",
            traits=("!fused_epsilon_clamped",),
            source="TensorFlow; docs/findings.md",
            cases="epsilon-1e-5-rank4|epsilon-1e-6-rank4|epsilon-1e-12-rank4|epsilon-0-rank4|epsilon-1-001e-5-rank4",
        ),
        Clause(
            id="BN-KERNEL-13",
            text="The unfused kernel must take any epsilon as it is.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="epsilon-1*-rank2|epsilon-0-rank2|epsilon-negative-rank2|epsilon-int-0-rank2|epsilon-1e-6-unfused",
        ),
    ),
)
