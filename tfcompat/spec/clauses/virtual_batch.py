"""Virtual batches and adjustment."""

from tfcompat.spec.clauses.clause import Chapter, Clause

VIRTUAL = Chapter(
    key="VIRTUAL",
    title="Virtual batches",
    about="Hoffer et al. 2017 call them ghost batches: $v$ = `virtual_batch_size` examples of a batch of $N$ share "
    "statistics.",
    clauses=(
        Clause(
            id="BN-VIRTUAL-1",
            text="While training, examples must be in one virtual batch if their places in the batch are the same "
            "modulo N / v: the input is read as (v, N / v, ...), and virtual batches lie along its second axis.",
            formula=r"i \in \text{virtual batch } (i \bmod N / v)",
            traits=("takes_virtual_batch",),
            source="Hoffer et al. 2017, algorithm 1; TensorFlow",
            cases="virtual-batch-1|virtual-batch-2|virtual-batch-?-static|virtual-batch-rank?|"
            "virtual-batch-training-true*|virtual-batch-axis-1|virtual-batch-axis-list|vector-19-virtual-batch",
        ),
        Clause(
            id="BN-VIRTUAL-2",
            text="Each virtual batch must be normalized with its own mean and biased variance, and all with the "
            "same parameters.",
            formula="",
            traits=("takes_virtual_batch",),
            source="Hoffer et al. 2017, algorithm 1; TensorFlow",
            cases="virtual-batch-2|virtual-batch-training-true*|virtual-batch-no-affine|train-step-virtual-batch|"
            "training-true-virtual-batch",
        ),
        Clause(
            id="BN-VIRTUAL-3",
            text="The averages must move, once a step, towards the mean over virtual batches of their means and of "
            "their variances.",
            formula=r"s_\mu = \frac{v}{N} \sum_g \mu_g, \qquad s_{\sigma^2} = \frac{v}{N} \sum_g \sigma_g^2",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="virtual-batch-2|virtual-batch-4|virtual-batch-training-true*|virtual-batch-float64|"
            "train-step-virtual-batch",
        ),
        Clause(
            id="BN-VIRTUAL-4",
            text="At inference virtual batches must not show: every example is normalized with the moving averages.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="virtual-batch-inference|virtual-batch-inference-1|training-false-virtual-batch|"
            "training-none-virtual-batch",
        ),
        Clause(
            id="BN-VIRTUAL-5",
            text="With TF2 behaviour, virtual batches must be made only where `training` is known to be true before "
            "anything runs; with a tensor the whole batch shares statistics, of biased variance, and any batch size "
            "is taken.",
            formula="",
            traits=("virtual_batch_off_at_inference",),
            source="TensorFlow; docs/findings.md",
            cases="virtual-batch-2|virtual-batch-3|virtual-batch-8|virtual-batch-rank2|"
            "virtual-batch-inference-not-dividing",
        ),
        Clause(
            id="BN-VIRTUAL-6",
            text="Inputs with other dimensions of unknown size than the first must be taken: the shape is read when "
            "it runs.",
            formula="",
            traits=("virtual_batch_of_unknown_shape",),
            source="TensorFlow",
            cases="virtual-batch-unknown-spatial",
            structure=True,
        ),
        Clause(
            id="BN-VIRTUAL-7",
            text="Virtual batches of inputs with more unknown dimensions than the first must be refused with a "
            "TypeError.",
            formula="",
            traits=("!virtual_batch_of_unknown_shape",),
            source="TensorFlow",
            cases="virtual-batch-unknown-spatial",
            structure=True,
        ),
        Clause(
            id="BN-VIRTUAL-8",
            text="With renorm, all virtual batches must have one correction, taken of the mean of their means and "
            "of their variances.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="virtual-batch-renorm*",
        ),
    ),
)

ADJUST = Chapter(
    key="ADJUST",
    title="Adjustment",
    about="`adjustment` is a function that gives a scale and a bias for the normalized values, random ones for "
    "example.",
    clauses=(
        Clause(
            id="BN-ADJUST-1",
            text="While training, the normalized values must be multiplied by the scale and moved by the bias that "
            "`adjustment` gives, before `gamma` and `beta` act on them and after a correction of renorm.",
            formula=r"y = \gamma \left( s \left( \frac{x - \mu}{\hat{\sigma}} \, r + d \right) + b \right) + \beta",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="adjustment-named*|adjustment-lambda|adjustment-scale-only|adjustment-renorm|"
            "adjustment-training-true|adjustment-no-affine|adjustment-fused-true",
        ),
        Clause(
            id="BN-ADJUST-2",
            text="`adjustment` must be called with the dynamic shape of the input, a vector of ints, and the two "
            "tensors that it gives be broadcast to the input, so that they can differ from example to example.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="adjustment-per-example*|adjustment-no-scale|adjustment-named*",
        ),
        Clause(
            id="BN-ADJUST-3",
            text="`adjustment` must be free to draw random numbers, which are those of the operations and seeds "
            "that it makes.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="adjustment-random",
        ),
        Clause(
            id="BN-ADJUST-4",
            text="At inference there must be no adjustment.",
            formula=r"s = 1, \qquad b = 0",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="adjustment-inference|adjustment-named*|adjustment-per-example",
        ),
        Clause(
            id="BN-ADJUST-5",
            text="The averages must move as they do without an adjustment.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="adjustment-named*|adjustment-lambda|adjustment-training-true|adjustment-not-trainable",
        ),
    ),
)
