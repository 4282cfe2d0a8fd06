"""Statistics."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="STAT",
    title="Statistics",
    about="The moments of a group and the output that they give while training.",
    clauses=(
        Clause(
            id="BN-STAT-1",
            text="While training, each element must be normalized with the mean and the variance of its group, then "
            "scaled by `gamma` and moved by `beta`, with `epsilon` added to the variance under the root.",
            formula=r"y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
            traits=(),
            source="Ioffe & Szegedy 2015, algorithm 1; TensorFlow",
            cases="rank?-defaults|rank?-fresh|rank6-defaults|epsilon-1-rank?|epsilon-numpy*|training-true-rank?|"
            "values-negative-zero-*",
        ),
        Clause(
            id="BN-STAT-2",
            text="The variance that normalizes must be the biased one, divided by the number of elements of the "
            "group, in every kernel.",
            formula=r"\mu = \frac{1}{n} \sum_{i=1}^{n} x_i, \qquad \sigma^2 = \frac{1}{n} \sum_{i=1}^{n} (x_i - "
            r"\mu)^2",
            traits=(),
            source="Ioffe & Szegedy 2015, algorithm 1; TensorFlow",
            cases="rank?-defaults|one-2-1-1|one-1-3-2|axis-0-*|fused-false-rank4",
        ),
        Clause(
            id="BN-STAT-3",
            text="The variance must be taken of deviations from the mean, not as a difference of the mean square "
            "and the squared mean of the input, which cancels where the mean is large.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="*huge-mean*",
        ),
        Clause(
            id="BN-STAT-4",
            text="Without `gamma` (`scale=False`) the scale must be 1, and without `beta` (`center=False`) the "
            "offset 0.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="no-scale-*|no-center-*|no-affine-*|renorm-no-*|virtual-batch-no-affine|adjustment-no-*",
        ),
        Clause(
            id="BN-STAT-5",
            text="A group of equal values, one of a single element too, must have variance 0 and so give `beta`, as "
            "long as `epsilon` is above 0.",
            formula=r"x_1 = \dots = x_n \Rightarrow y = \beta",
            traits=(),
            source="TensorFlow",
            cases="values-constant*|values-zeros-*|values-negative-zeros-*|one-1-1-1*|one-rank?|rank1-known|"
            "axis-list-all-rank2|epsilon-1e-6-constant",
        ),
        Clause(
            id="BN-STAT-6",
            text="A group of equal values must give NaN if `epsilon` is 0.",
            formula=r"0 \cdot \infty",
            traits=("!fused_epsilon_clamped",),
            source="TensorFlow",
            cases="epsilon-0-constant",
        ),
        Clause(
            id="BN-STAT-7",
            text="A NaN or an infinity must leave nothing finite in the output of its group and in the averages of "
            "its group, and must not reach other groups.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="values-nan-*|values-inf-*|values-negative-inf-*|renorm-nan",
        ),
        Clause(
            id="BN-STAT-8",
            text="Moments of float32 inputs must be float32, so that a variance beyond its range is infinite and "
            "gives `beta`.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="values-huge-rank?",
        ),
        Clause(
            id="BN-STAT-9",
            text="An empty group must have NaN for both moments, and an empty input an empty output.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="empty-*|virtual-batch-empty|renorm-empty-batch",
        ),
        Clause(
            id="BN-STAT-10",
            text="With a mask, which has the shape of the input without its last axis, the moments of the unfused "
            "kernel must be weighted by it, and all elements be normalized with them.",
            formula=r"\mu = \frac{\sum_i w_i x_i}{\sum_i w_i}, \qquad \sigma^2 = \frac{\sum_i w_i (x_i - "
            r"\mu)^2}{\sum_i w_i}",
            traits=("masks",),
            source="TensorFlow",
            cases="class-mask-rank3*|class-mask-float16",
        ),
        Clause(
            id="BN-STAT-11",
            text="The fused kernel must not look at a mask.",
            formula="",
            traits=("masks",),
            source="TensorFlow",
            cases="class-mask-fused",
        ),
        Clause(
            id="BN-STAT-12",
            text="An implementation may add the elements of a group in any order and round roots and their inverses "
            "to neighbouring numbers, which shows by a few eps, more where a sum cancels.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="large-*|vector-*|long-training*",
        ),
        Clause(
            id="BN-STAT-13",
            text="An implementation may take subnormal numbers for 0.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="values-subnormal-*|values-tiny-*",
        ),
    ),
)
