"""Arguments and defaults."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="ARG",
    title="Arguments and defaults",
    about="What may be given, in which order, and what stands for an argument that is left out.",
    clauses=(
        Clause(
            id="BN-ARG-1",
            text="Left out, `axis` must be -1, `momentum` 0.99, `epsilon` 0.001, `center`, `scale` and `trainable` "
            "True, `training` False, and `name`, `reuse`, `beta_regularizer` and `gamma_regularizer` None.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-defaults|rank?-fresh|training-omitted-rank?",
        ),
        Clause(
            id="BN-ARG-2",
            text="Left out, `beta_initializer` and `moving_mean_initializer` must give zeros, and "
            "`gamma_initializer` and `moving_variance_initializer` ones.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank?-fresh|moving-*-initializer|gamma-initializer|beta-initializer",
        ),
        Clause(
            id="BN-ARG-3",
            text="`renorm`, by default False, `renorm_clipping`, None, and `renorm_momentum`, 0.99, must be arguments.",
            formula="",
            traits=("takes_renorm",),
            source="TensorFlow",
            cases="renorm-rank?|renorm-clip-none|renorm-momentum-*|renorm-both-momenta",
        ),
        Clause(
            id="BN-ARG-4",
            text="`fused` must be an argument and, unless it is None, count by its truth, so that 1 and a string "
            "are True and 0 is False.",
            formula="",
            traits=("takes_fused",),
            source="TensorFlow",
            cases="fused-int-?|fused-string|fused-true-rank4|fused-false-rank4",
        ),
        Clause(
            id="BN-ARG-5",
            text="`beta_constraint` and `gamma_constraint`, by default None, must be arguments.",
            formula="",
            traits=("takes_constraints",),
            source="TensorFlow",
            cases="gamma-constraint|beta-constraint",
        ),
        Clause(
            id="BN-ARG-6",
            text="`virtual_batch_size` and `adjustment`, by default None, must be arguments.",
            formula="",
            traits=("takes_virtual_batch",),
            source="TensorFlow",
            cases="virtual-batch-2|adjustment-named",
        ),
        Clause(
            id="BN-ARG-7",
            text="An argument that the release or every release lacks must be refused with a TypeError.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="unknown-keyword|renorm-rank4|fused-false-rank4|gamma-constraint|virtual-batch-2|adjustment-named",
            structure=True,
        ),
        Clause(
            id="BN-ARG-8",
            text="By position, arguments must follow the input in this order, as far as the release has them: "
            "`axis`, `momentum`, `epsilon`, `center`, `scale`, `beta_initializer`, `gamma_initializer`, "
            "`moving_mean_initializer`, `moving_variance_initializer`, `beta_regularizer`, `gamma_regularizer`, "
            "`beta_constraint`, `gamma_constraint`, `training`, `trainable`, `name`, `reuse`, `renorm`, "
            "`renorm_clipping`, `renorm_momentum`, `fused`, `virtual_batch_size`, `adjustment`.",
            formula="",
            traits=("takes_constraints",),
            source="TensorFlow",
            cases="positional-*",
            structure=True,
        ),
        Clause(
            id="BN-ARG-9",
            text="An implementation may keep the order of BN-ARG-8 also where there are no constraints and "
            "`training` comes directly after `gamma_regularizer`.",
            formula="",
            traits=("!takes_constraints",),
            source="TensorFlow",
            cases="positional-training",
            structure=True,
        ),
        Clause(
            id="BN-ARG-10",
            text="The class `BatchNormalization` must take the arguments of the function but `inputs`, `training` "
            "and `reuse`, and its call, in a graph also by the name `apply`, must take `inputs` and `training`, by "
            "default False.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="class-rank?|class-apply|class-two-layers",
            structure=True,
        ),
        Clause(
            id="BN-ARG-11",
            text="Any float must be taken for `momentum` unchecked, below 0 and above 1 too, and so must a scalar "
            "float32 tensor, fed or not, and a NumPy float32 number.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="momentum-0-rank?|momentum-1-rank?|momentum-2-*|momentum-negative-*|momentum-tensor-*|"
            "momentum-fed-*|momentum-numpy-*",
        ),
        Clause(
            id="BN-ARG-12",
            text="Any number must be taken for `epsilon` unchecked, 0, negative and NumPy ones too, and by the "
            "unfused kernel a scalar tensor as well.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="epsilon-0-rank?|epsilon-int-*|epsilon-negative-*|epsilon-numpy*|epsilon-1-rank?|epsilon-1e-4-*|"
            "epsilon-tensor-rank2",
        ),
        Clause(
            id="BN-ARG-13",
            text="Arguments must act independently: a combination that no clause excludes must do what the clauses "
            "say of each argument.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="pair-*",
        ),
    ),
)
