"""Errors."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="ERROR",
    title="Errors",
    about="What must be refused, and with which type; the words are free, and should say what came, what is allowed "
    "and what to do.  Unless it says otherwise, the first call raises, before anything is computed.  BN-ARG-7, "
    "BN-SHAPE-8, BN-SHAPE-15, BN-RENORM-15, BN-VIRTUAL-7, BN-KERNEL-7, BN-KERNEL-10 and the chapter on names have "
    "more.",
    clauses=(
        Clause(
            id="BN-ERROR-1",
            text="An `axis` that is no int, and in the releases that take them no list or tuple, must be refused "
            "with a TypeError, and so must a list with something else than ints.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="axis-string|axis-none|axis-float|axis-range|axis-list-of-float|axis-list-1-3|axis-tuple|axis-numpy",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-2",
            text="An axis outside of the rank of the input must be refused with a ValueError.",
            formula=r"-r \le a < r",
            traits=(),
            source="TensorFlow",
            cases="axis-out-of-range-4|axis-out-of-range-m5|axis-out-of-range-list-*",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-3",
            text="A list that names an axis twice, by different signs too, must be refused with a ValueError, and "
            "an empty list with an IndexError.",
            formula="",
            traits=("axis_list",),
            source="TensorFlow",
            cases="axis-duplicate*|axis-empty",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-4",
            text="An input of unknown rank or of rank 0 must be refused with a ValueError where variables are made.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank0|static-unknown-rank",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-5",
            text="A kept axis of unknown size must be refused with a ValueError where variables are made.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="static-unknown-channels*|static-unknown-all|static-unknown-spatial-axis-list|rank1-unknown",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-6",
            text="An input with another size along a kept axis than the first input of the layer must be refused "
            "with a ValueError.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="class-other-channels",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-7",
            text="An input of another rank than the first input of the layer must be refused with a ValueError.",
            formula="",
            traits=(),
            source="TensorFlow from 1.2",
            cases="class-other-rank",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-8",
            text="Inputs of integers must be refused, in a graph with a TypeError.",
            formula="",
            traits=("!float32_only",),
            source="TensorFlow",
            cases="int32-*",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-9",
            text="A `training` that is neither None, a scalar tensor nor, as BN-MODE-5 and BN-MODE-6 say, a bool or "
            "what equals one, must be refused with a TypeError, and a tensor that is no scalar with a ValueError.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="training-int-2|training-string|training-list|training-vector|training-int-1-rank?|"
            "training-numpy-true-*|training-none-rank?",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-10",
            text="`renorm_clipping` must be refused with a ValueError if it has a key that is not `rmax`, `rmin` or "
            "`dmax`, and with a TypeError if it is no dict, but not looked at without `renorm`.",
            formula="",
            traits=("takes_renorm",),
            source="TensorFlow",
            cases="renorm-clip-bad-key|renorm-clip-not-a-dict|clip-bad-key-without-renorm",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-11",
            text="`virtual_batch_size` must be refused with a ValueError if it is not positive, if axis 0 is kept, "
            "and beside an `adjustment`.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="virtual-batch-0*|virtual-batch-m1*|virtual-batch-axis-0|virtual-batch-adjustment",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-12",
            text="Where virtual batches are made, at inference too, a batch size that `virtual_batch_size` does not "
            "divide must be refused, with a ValueError if a graph knows it while it is built, else with an "
            "InvalidArgumentError when it runs.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="virtual-batch-3*|virtual-batch-8*|virtual-batch-inference-not-dividing",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-13",
            text="A float for `virtual_batch_size` must be refused with a TypeError in a graph without TF2 behaviour.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="virtual-batch-float",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-14",
            text="A `momentum` that is None or a string must be refused with a TypeError or a ValueError, at the "
            "latest in the first step that trains.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="momentum-none|momentum-string",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-15",
            text="In a graph, an int, a float64 tensor or a NumPy float64 number for `momentum` beside a tensor for "
            "`training` must be refused by the fused kernel with a ValueError, or with a TypeError in the control "
            "flow of TF2 behaviour.",
            formula="",
            traits=("fused_by_default", "!fused_decay_rounded_once"),
            source="TensorFlow",
            cases="momentum-int-?-rank4|momentum-numpy64-rank4|momentum-tensor64-rank4",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-16",
            text="The unfused kernel must take ints, float64 tensors and NumPy float64 numbers for `momentum`.",
            formula="",
            traits=("!averages_move_by_momentum",),
            source="TensorFlow",
            cases="momentum-int-?-rank2|momentum-numpy64-rank2|momentum-tensor64-rank2",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-17",
            text="The unfused kernel must refuse ints, float64 tensors and NumPy float64 numbers for `momentum` "
            "beside a tensor for `training`, with a TypeError.",
            formula="",
            traits=("averages_move_by_momentum",),
            source="TensorFlow",
            cases="momentum-int-?-rank2|momentum-numpy64-rank2|momentum-tensor64-rank2",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-18",
            text="A string for `epsilon` must be refused with a TypeError, and by the unfused kernel None with a "
            "ValueError.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="epsilon-string|epsilon-none-rank2",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-19",
            text="A tensor for `epsilon` must be refused by the fused kernel with a TypeError.",
            formula="",
            traits=("fused_by_default",),
            source="TensorFlow",
            cases="epsilon-tensor-rank4",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-20",
            text="None for `epsilon` must be refused by the fused kernel with a TypeError.",
            formula="",
            traits=("fused_epsilon_clamped",),
            source="TensorFlow",
            cases="epsilon-none-rank4",
            structure=True,
        ),
        Clause(
            id="BN-ERROR-21",
            text="None for `epsilon` must be 0.0001 to the fused kernel.",
            formula="",
            traits=("fused_by_default", "!fused_epsilon_clamped"),
            source="TensorFlow",
            cases="epsilon-none-rank4",
            structure=True,
        ),
    ),
)
