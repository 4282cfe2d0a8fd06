"""Initializers, regularizers, constraints."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="INIT",
    title="Initializers, regularizers, constraints",
    about="Functions of a shape or of a variable that the caller gives.",
    clauses=(
        Clause(
            id="BN-INIT-1",
            text="Each of the four initializers must be called with the shape and the dtype of its variable, and "
            "what it gives be the start of the variable.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="gamma-initializer|beta-initializer|moving-*-initializer|initializers-all*|initializer-constant|"
            "initializer-random-*|initializer-zeros-gamma",
        ),
        Clause(
            id="BN-INIT-2",
            text="The name of an initializer must stand for it.",
            formula="",
            traits=(),
            source="TensorFlow from 1.9",
            cases="initializer-string|positional-training",
        ),
        Clause(
            id="BN-INIT-3",
            text="A name that no initializer has must be refused with a ValueError.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="initializer-unknown",
            structure=True,
        ),
        Clause(
            id="BN-INIT-4",
            text="None must stand for the initializer of the variable scope, and without one for glorot uniform.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-initializer-none|initializer-none",
        ),
        Clause(
            id="BN-INIT-5",
            text="The initializer of a variable scope must not replace one that is given or a default.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-initializer",
            structure=True,
        ),
        Clause(
            id="BN-INIT-6",
            text="A regularizer must be called with its variable and give one loss, in a graph in "
            "`REGULARIZATION_LOSSES`, at inference and for a frozen layer too.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="gamma-regularizer|beta-regularizer|both-regularizers*|regularizer-inference|"
            "regularizer-not-trainable|regularizer-renorm|regularizer-train-step|class-regularizer",
            structure=True,
        ),
        Clause(
            id="BN-INIT-7",
            text="A regularizer of a variable that the layer does not have must give no loss.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="regularizer-without-scale",
            structure=True,
        ),
        Clause(
            id="BN-INIT-8",
            text="Each part of a partitioned variable must have a loss of its own, and a reused variable no second "
            "one.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-partitioner-regularizer|scope-regularizer-reuse",
            structure=True,
        ),
        Clause(
            id="BN-INIT-9",
            text="The regularizer of a variable scope must be applied to every variable of the layer, averages too.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-regularizer",
            structure=True,
        ),
        Clause(
            id="BN-INIT-10",
            text="The regularizer of a variable scope and that of an argument must both give a loss.",
            formula="",
            traits=("regularizers_add_up",),
            source="TensorFlow",
            cases="scope-regularizer-and-argument",
            structure=True,
        ),
        Clause(
            id="BN-INIT-11",
            text="The regularizer of an argument must take the place of that of a variable scope.",
            formula="",
            traits=("!regularizers_add_up",),
            source="TensorFlow",
            cases="scope-regularizer-and-argument",
            structure=True,
        ),
        Clause(
            id="BN-INIT-12",
            text="After each step of an optimizer a variable must be what its constraint makes of it.",
            formula=r"\gamma \leftarrow c(\gamma - \eta \, \partial L / \partial \gamma)",
            traits=("takes_constraints",),
            source="TensorFlow",
            cases="gamma-constraint|beta-constraint|both-constraints*",
        ),
    ),
)
