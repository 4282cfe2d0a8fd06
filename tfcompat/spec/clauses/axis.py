"""Axis."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="AXIS",
    title="Axis",
    about="Which axes are kept.  Newcomers read `axis` as the axes to average over; it names the others.",
    clauses=(
        Clause(
            id="BN-AXIS-1",
            text="Elements must be in one group exactly if they are at the same place along every kept axis, "
            "virtual batches apart, so that moments are taken over all other axes, the batch among them.",
            formula=r"\{0, \dots, r-1\} \setminus \text{axis}",
            traits=(),
            source="Ioffe & Szegedy 2015, section 3.2; TensorFlow",
            cases="rank?-defaults|axis-?-rank?|axis-m?-rank?|axis-list-*",
        ),
        Clause(
            id="BN-AXIS-2",
            text="A negative axis must count from the end.",
            formula=r"a < 0 \Rightarrow a + r",
            traits=(),
            source="TensorFlow",
            cases="axis-m?-rank?|axis-m?-rank4-unfused",
        ),
        Clause(
            id="BN-AXIS-3",
            text="Every axis must be allowed to be kept, the batch too, where each example then has statistics of "
            "its own.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="axis-0-*|axis-m4-rank4*|axis-m2-rank2|axis-2-rank4*|axis-?-rank5*|axis-?-rank3",
        ),
        Clause(
            id="BN-AXIS-4",
            text="A bool must count as 0 or 1, being an int.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="axis-bool",
        ),
        Clause(
            id="BN-AXIS-5",
            text="A list of ints must keep all of its axes, whatever their order and signs.",
            formula="",
            traits=("axis_list",),
            source="TensorFlow",
            cases="axis-list-1-3|axis-list-3-1|axis-list-m1-m3|axis-list-1-2-3|axis-list-2-3|"
            "axis-list-1-3-inference|axis-list-1-2-rank3|axis-list-1-4-rank5|axis-list-all-rank2|"
            "both-constraints-axis-list|training-*-axis-list",
        ),
        Clause(
            id="BN-AXIS-6",
            text="A list of one int must do what the int does.",
            formula="",
            traits=("axis_list",),
            source="TensorFlow",
            cases="axis-list-?-only|axis-list-0|axis-list-1-rank2",
        ),
        Clause(
            id="BN-AXIS-7",
            text="A tuple must do what a list of the same ints does.",
            formula="",
            traits=("axis_tuple",),
            source="TensorFlow",
            cases="axis-tuple|axis-tuple-single",
        ),
        Clause(
            id="BN-AXIS-8",
            text="A NumPy int must do what the int of its value does.",
            formula="",
            traits=("axis_numpy",),
            source="TensorFlow",
            cases="axis-numpy",
        ),
    ),
)
