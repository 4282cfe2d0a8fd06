"""Moving averages."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="AVG",
    title="Moving averages",
    about=r"How `moving_mean` and `moving_variance` move; [a worked example](#worked-example) has the numbers.  $m$ "
    r"is `momentum`, $\text{fl}$ rounds to float32.",
    clauses=(
        Clause(
            id="BN-AVG-1",
            text="A training step must take from each average its difference from the batch's moment, times one "
            "less the momentum, in this order of operations but for BN-AVG-9, and in the dtype of the average.",
            formula=r"a \leftarrow a - (a - s) (1 - m)",
            traits=(),
            source="Ioffe & Szegedy 2015, section 3.1; TensorFlow",
            cases="rank?-defaults|momentum-0-*|momentum-1-rank?|momentum-2-*|momentum-negative-*|momentum-tensor-*|"
            "momentum-fed-*|long-training*|alternating*",
        ),
        Clause(
            id="BN-AVG-2",
            text="The averages must start where their initializers say and never be corrected for that: after $t$ "
            "steps their start must still weigh $m^t$.",
            formula=r"a_t = m^t a_0 + (1 - m) \sum_{i=1}^{t} m^{t-i} s_i",
            traits=(),
            source="TensorFlow",
            cases="rank?-fresh|long-training*",
        ),
        Clause(
            id="BN-AVG-3",
            text="The unfused kernel must average the biased variance.",
            formula=r"s = \sigma^2",
            traits=(),
            source="TensorFlow",
            cases="rank2-defaults|rank3-defaults|fused-false-rank?|axis-list-1-3|axis-2-rank4-unfused|one-rank2",
        ),
        Clause(
            id="BN-AVG-4",
            text="The fused kernel must average the unbiased variance, but with the divisor 1 for a group of one "
            "element.",
            formula=r"s = \frac{n}{\max(n - 1, 1)} \, \sigma^2",
            traits=("takes_fused",),
            source="Ioffe & Szegedy 2015, section 3.1; TensorFlow",
            cases="rank4-defaults|rank4-fresh|fused-true-rank4|one-2-1-1|one-1-1-1|momentum-0-999-rank4",
        ),
        Clause(
            id="BN-AVG-5",
            text="The unfused kernel must compute one less a momentum that is a Python number in Python and round "
            "it to float32 once, for float64 averages too.",
            formula=r"\text{fl}(1 - m)",
            traits=("!averages_move_by_momentum",),
            source="TensorFlow",
            cases="momentum-0-9-rank2|rank3-defaults|float64-rank2|momentum-0-997-rank2",
        ),
        Clause(
            id="BN-AVG-6",
            text="The unfused kernel, and in 1.3 the fused one, must subtract the rounded momentum from 1, unless "
            "`training` is known to be true while the graph is built, where it rounds the difference of the two.",
            formula=r"1 - \text{fl}(m)",
            traits=("averages_move_by_momentum",),
            source="TensorFlow",
            cases="momentum-0-9-rank2|rank3-defaults|float64-rank2",
        ),
        Clause(
            id="BN-AVG-7",
            text="The fused kernel's averages, where operations move them, must be moved by the difference of 1 and "
            "the rounded momentum.",
            formula=r"1 - \text{fl}(m)",
            traits=("fused_by_default", "!fused_decay_rounded_once"),
            source="TensorFlow",
            cases="rank4-defaults|momentum-0-9-rank4",
        ),
        Clause(
            id="BN-AVG-8",
            text="The fused kernel's averages must be moved by one less the momentum, rounded once.",
            formula=r"\text{fl}(1 - m)",
            traits=("fused_decay_rounded_once",),
            source="TensorFlow",
            cases="rank4-defaults|momentum-0-9-rank4",
        ),
        Clause(
            id="BN-AVG-9",
            text="Outside of graphs, and if `momentum` is a Python number, the fused kernel must move the averages "
            "itself, by a formula that rounds otherwise.",
            formula=r"a \leftarrow (1 - f) a + f s, \qquad f = \text{fl}(1 - m)",
            traits=("average_in_kernel",),
            source="TensorFlow",
            cases="rank4-defaults|momentum-0-997-rank4",
        ),
        Clause(
            id="BN-AVG-10",
            text="At inference the averages must keep every bit, whether or not their update operations are run.",
            formula="",
            traits=("!averages_move_at_inference",),
            source="TensorFlow",
            cases="rank?-defaults|alternating*|training-constant-false-*|training-none-*",
        ),
        Clause(
            id="BN-AVG-11",
            text="The update operations must move the averages towards the moments of the batch at inference, too.",
            formula="",
            traits=("averages_move_at_inference",),
            source="TensorFlow",
            cases="rank?-defaults|alternating*|training-constant-false-*",
        ),
        Clause(
            id="BN-AVG-12",
            text="A training step on an empty batch must make the averages NaN.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="empty-rank2|empty-rank4*|empty-float16|virtual-batch-empty|renorm-empty-batch",
        ),
    ),
)
