"""Shapes and dtypes."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="SHAPE",
    title="Shapes and dtypes",
    about="Of the output, the parameters and the averages.  $r$ is the rank of the input, $C$ the size of a kept axis.",
    clauses=(
        Clause(
            id="BN-SHAPE-1",
            text="Inputs of every rank from 1 on must be normalized, with dimensions that are not kept of unknown "
            "size, to an output of the same static shape.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank1-known|rank?-defaults|static-full-*|static-unknown-spatial-rank?|axis-1-unknown-batch",
        ),
        Clause(
            id="BN-SHAPE-2",
            text="The output must have the dtype of the input, whatever dtype the parameters have, unless "
            "BN-SHAPE-11 casts it.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|float16-*|float64-*|bfloat16-*",
            structure=True,
        ),
        Clause(
            id="BN-SHAPE-3",
            text="With one kept axis and without virtual batches, parameters and averages must be vectors of the "
            "size of that axis.",
            formula=r"\text{shape}(\gamma) = (C)",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|axis-?-rank?|axis-m?-rank?|one-channel-*",
        ),
        Clause(
            id="BN-SHAPE-4",
            text="With several kept axes, parameters and averages must have the rank of the input, with the size of "
            "the input along kept axes and 1 along the others, in whatever order `axis` names them.",
            formula=r"\text{shape}(\gamma)_i = \text{shape}(x)_i \text{ if } i \text{ is kept, else } 1",
            traits=("axis_list",),
            source="TensorFlow",
            cases="axis-list-1-3|axis-list-3-1|axis-list-m1-m3|axis-list-1-2-3|axis-list-2-3|axis-list-1-2-rank3|"
            "axis-list-1-4-rank5|axis-list-all-rank2|initializers-all-axis-list",
        ),
        Clause(
            id="BN-SHAPE-5",
            text="With virtual batches, parameters and averages must have the shape of BN-SHAPE-4, for one kept "
            "axis too, with another 1 after its first dimension.",
            formula=r"(1, 1, \dots, C)",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="virtual-batch-2|virtual-batch-rank?|virtual-batch-axis-*|initializers-all-virtual-batch",
        ),
        Clause(
            id="BN-SHAPE-6",
            text="Parameters and averages must have the dtype of the input, but float32 for inputs of 16 bits.",
            formula="",
            traits=("!float32_only", "!float16_parameters"),
            source="TensorFlow",
            cases="float64-*|float16-*|bfloat16-*|layer-dtype-float64|initializers-all-float16",
            structure=True,
        ),
        Clause(
            id="BN-SHAPE-7",
            text="Parameters and averages of a float16 input must be float16.",
            formula="",
            traits=("float16_parameters",),
            source="TensorFlow",
            cases="float16-rank2|float16-rank3|float16-rank5|float16-rank4-unfused",
            structure=True,
        ),
        Clause(
            id="BN-SHAPE-8",
            text="Parameters and averages must be float32, and an input of float16, float64 or integers must be "
            "refused with a ValueError.",
            formula="",
            traits=("float32_only",),
            source="TensorFlow",
            cases="float64-rank2|float16-rank2|int32-*|scope-dtype-float64",
            structure=True,
        ),
        Clause(
            id="BN-SHAPE-9",
            text="The dtype of a variable scope must not matter.",
            formula="",
            traits=("!float32_only",),
            source="TensorFlow",
            cases="scope-dtype-float64",
            structure=True,
        ),
        Clause(
            id="BN-SHAPE-10",
            text="A layer that is made with a `dtype` must make parameters and averages as for inputs of that dtype.",
            formula="",
            traits=("!float32_only",),
            source="TensorFlow",
            cases="layer-dtype-*",
        ),
        Clause(
            id="BN-SHAPE-11",
            text="A layer that is made with a `dtype` must cast its input to that dtype, so that the output has it.",
            formula="",
            traits=("casts_input",),
            source="TensorFlow",
            cases="layer-dtype-*-on-*",
            structure=True,
        ),
        Clause(
            id="BN-SHAPE-12",
            text="The unfused kernel must compute with inputs of 16 bits in float32 and round the output once.",
            formula="",
            traits=("unfused_in_float32",),
            source="TensorFlow",
            cases="float16-rank2|float16-rank3|float16-rank4-unfused|float16-axis-list|bfloat16-rank2|"
            "bfloat16-rank3|bfloat16-rank4-unfused|bfloat16-axis-list|*float16-inference-rank2|"
            "virtual-batch-*float16|renorm-*float16",
        ),
        Clause(
            id="BN-SHAPE-13",
            text="The unfused kernel must take the moments of inputs of 16 bits in the dtype of the averages, and "
            "normalize in that of the input, with moments and parameters rounded to it.",
            formula="",
            traits=("!unfused_in_float32",),
            source="TensorFlow",
            cases="float16-rank2|float16-rank3|float16-rank4-unfused|float16-axis-list|bfloat16-rank2|"
            "bfloat16-rank3|bfloat16-rank4-unfused|bfloat16-axis-list|*float16-inference-rank2|"
            "virtual-batch-*float16",
        ),
        Clause(
            id="BN-SHAPE-14",
            text="A kept axis of size 0 must be taken, with parameters, averages and an output that are empty.",
            formula="",
            traits=("takes_no_channels",),
            source="TensorFlow",
            cases="no-channels-rank2|no-channels-unfused",
        ),
        Clause(
            id="BN-SHAPE-15",
            text="A kept axis of size 0 must be refused with a ValueError.",
            formula="",
            traits=("!takes_no_channels",),
            source="TensorFlow",
            cases="no-channels-*",
            structure=True,
        ),
    ),
)
