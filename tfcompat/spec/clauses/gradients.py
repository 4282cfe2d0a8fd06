"""Gradients."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="GRAD",
    title="Gradients",
    about=r"$g$ is the derivative of the loss by $y$, $\hat{x}$ what `gamma` is multiplied with: the normalized "
    r"value, corrected and adjusted.  Sums and means are over a group.",
    clauses=(
        Clause(
            id="BN-GRAD-1",
            text="While training, the gradient of the input must go through the mean and the variance of its group.",
            formula=r"\frac{\partial L}{\partial x} = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}} \left( g - "
            r"\bar{g} - \hat{x} \, \overline{g \hat{x}} \right)",
            traits=(),
            source="Ioffe & Szegedy 2015, section 3; TensorFlow",
            cases="rank?-defaults|training-true-rank?|fused-false-rank4|axis-1-rank4-unfused|virtual-batch-2",
        ),
        Clause(
            id="BN-GRAD-2",
            text="The gradient of `gamma` must be the sum of the products of the output's gradient and what `gamma` "
            "was multiplied with, and that of `beta` the sum of the output's gradient, over everything that they "
            "act on.",
            formula=r"\frac{\partial L}{\partial \gamma} = \sum g \, \hat{x}, \qquad \frac{\partial L}{\partial "
            r"\beta} = \sum g",
            traits=(),
            source="Ioffe & Szegedy 2015, section 3; TensorFlow",
            cases="rank?-defaults|rank?-inference|renorm-rank?|no-scale-rank?|no-center-rank?|train-step*",
        ),
        Clause(
            id="BN-GRAD-3",
            text="At inference the moving averages must be constants, so that the gradient of an element depends on "
            "no other.",
            formula=r"\frac{\partial L}{\partial x} = \frac{\gamma \, g}{\sqrt{\texttt{moving\_variance} + "
            r"\varepsilon}}",
            traits=(),
            source="TensorFlow",
            cases="rank?-inference|second-order-inference|alternating*|rank?-defaults",
        ),
        Clause(
            id="BN-GRAD-4",
            text="The corrections r and d of renorm must be constants for the gradient, also where they depend on "
            "the batch.",
            formula=r"\frac{\partial L}{\partial x} = \frac{\gamma \, r}{\sqrt{\sigma^2 + \varepsilon}} \left( g - "
            r"\bar{g} - \tilde{x} \, \overline{g \tilde{x}} \right), \qquad \tilde{x} = \frac{x - "
            r"\mu}{\sqrt{\sigma^2 + \varepsilon}}",
            traits=("takes_renorm",),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-rank?|renorm-clip-all|renorm-second-order|train-step-renorm",
        ),
        Clause(
            id="BN-GRAD-5",
            text="Second derivatives through the fused kernel must be those of the formula of BN-GRAD-1, with "
            "nothing taken for a constant.",
            formula="",
            traits=("fused_by_default",),
            source="TensorFlow",
            cases="second-order-rank4*|second-order-axis-1*|second-order-inference",
        ),
        Clause(
            id="BN-GRAD-6",
            text="Second derivatives through the unfused kernel must take the mean inside of the variance for a "
            "constant, which leaves first derivatives as they are and makes second ones wrong.",
            formula=r"\sigma^2 = \frac{1}{n} \sum_i (x_i - \text{const}(\mu))^2",
            traits=("!variance_of_shifted_sums", "!variance_depends_on_mean"),
            source="TensorFlow; docs/findings.md",
            cases="second-order-rank2*|second-order-unfused*|renorm-second-order",
        ),
        Clause(
            id="BN-GRAD-7",
            text="Second derivatives through the unfused kernel must be right.",
            formula="",
            traits=("variance_depends_on_mean",),
            source="TensorFlow; docs/findings.md",
            cases="second-order-rank2*|second-order-unfused*|renorm-second-order",
        ),
        Clause(
            id="BN-GRAD-8",
            text="Second derivatives through the unfused kernel must be right, its variance being the mean of the "
            "squares less the square of the mean, of values that are shifted first.",
            formula=r"\sigma^2 = \frac{1}{n} \sum_i (x_i - c)^2 - (\mu - c)^2",
            traits=("variance_of_shifted_sums",),
            source="TensorFlow; docs/findings.md",
            cases="second-order-rank?*|renorm-second-order",
        ),
        Clause(
            id="BN-GRAD-9",
            text="While training on an empty batch, the gradient of `gamma` must be 0 from the fused kernel and, "
            "but for virtual batches, NaN from the unfused one, and that of `beta` 0.",
            formula="",
            traits=("fused_by_default",),
            source="TensorFlow",
            cases="empty-rank2|empty-rank4*|empty-float16|renorm-empty-batch",
        ),
        Clause(
            id="BN-GRAD-10",
            text="In a graph without TF2 behaviour, the gradient of an empty batch of rank 5 must fail with an "
            "InvalidArgumentError.",
            formula="",
            traits=("fused_rank_5",),
            source="TensorFlow",
            cases="empty-rank5",
            structure=True,
        ),
    ),
)
