"""Names, scopes and reuse."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="NAME",
    title="Names, scopes and reuse",
    about="In a graph a layer has a variable scope, its variables stand in it, and `reuse` decides whether they may "
    "be there already.  Outside of graphs every layer has variables of its own.",
    clauses=(
        Clause(
            id="BN-NAME-1",
            text="Without a name, or with an empty one, the scope must be called `batch_normalization` and, in the "
            "order of the calls or layers, `batch_normalization_1` and so on, within the variable scope around it.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="rank4-defaults|two-unnamed|class-two-layers|name-empty|two-different-scopes",
            structure=True,
        ),
        Clause(
            id="BN-NAME-2",
            text="A name must be the name of the scope as it is, upper case and slashes too.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="name-simple|name-slash|name-upper|class-named|renorm-named",
            structure=True,
        ),
        Clause(
            id="BN-NAME-3",
            text="A name that is no name of a scope, with a space in it for example, must be refused with a "
            "ValueError.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="name-space",
            structure=True,
        ),
        Clause(
            id="BN-NAME-4",
            text="Variable scopes around the call must come before the name, and name scopes must not.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-named|scope-nested|two-different-scopes|class-in-scope|name-scope*",
            structure=True,
        ),
        Clause(
            id="BN-NAME-5",
            text="A second call with the same name must be refused with a ValueError, unless it or a scope around "
            "it says `reuse`.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="two-same-name|reuse-false",
            structure=True,
        ),
        Clause(
            id="BN-NAME-6",
            text="`reuse=True` must share the variables that a call of the same name has made, and make update "
            "operations of its own.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="reuse-named*|reuse-other-training",
            structure=True,
        ),
        Clause(
            id="BN-NAME-7",
            text="`reuse=True` must raise a ValueError where a variable that the call needs is not there or has "
            "another shape.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="reuse-missing|reuse-other-scale|reuse-other-channels",
            structure=True,
        ),
        Clause(
            id="BN-NAME-8",
            text="`tf.AUTO_REUSE`, given to the call or to a scope around it, must share what is there and make "
            "what is not.",
            formula="",
            traits=(),
            source="TensorFlow from 1.4",
            cases="auto-reuse*|scope-auto-reuse*|class-private-scope-and-reuse",
            structure=True,
        ),
        Clause(
            id="BN-NAME-9",
            text="`reuse=True` without a name must share the variables of the first layer without a name.",
            formula="",
            traits=("reuse_finds_unnamed",),
            source="TensorFlow",
            cases="reuse-unnamed",
            structure=True,
        ),
        Clause(
            id="BN-NAME-10",
            text="`reuse=True` without a name must look for a default name that is not taken yet, and so raise a "
            "ValueError.",
            formula="",
            traits=("!reuse_finds_unnamed",),
            source="TensorFlow",
            cases="reuse-unnamed",
            structure=True,
        ),
        Clause(
            id="BN-NAME-11",
            text="A variable scope that says `reuse` must have the same effect as the argument, and one that is "
            "entered again must count default names from the beginning, so that calls without a name meet the "
            "variables of its first time.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-reuse|scope-reuse-unnamed|scope-reentered|three-unnamed-in-scope",
            structure=True,
        ),
        Clause(
            id="BN-NAME-12",
            text="A layer that is called again must use the variables that it has, in the variable scope of its "
            "first call.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="class-called-twice-*",
            structure=True,
        ),
        Clause(
            id="BN-NAME-13",
            text="The class must take `_scope`, the name of its scope, and `_reuse`, which the function and old "
            "programs give it.",
            formula="",
            traits=(),
            source="TensorFlow from 1.4",
            cases="class-private-scope-and-reuse",
            structure=True,
        ),
        Clause(
            id="BN-NAME-14",
            text="A partitioner of the scope must split `gamma` and `beta`, and never an average.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-partitioner*",
            structure=True,
        ),
        Clause(
            id="BN-NAME-15",
            text="A custom getter of the scope must be asked for every variable, and what it gives be used: whether "
            "it trains, its initializer, and a tensor in its place.",
            formula="",
            traits=(),
            source="TensorFlow",
            cases="scope-getter-*",
            structure=True,
        ),
        Clause(
            id="BN-NAME-16",
            text="Variables must be reference variables in a graph without TF2 behaviour and resource variables "
            "elsewhere, unless `use_resource` of the scope says otherwise.",
            formula="",
            traits=(),
            source="TensorFlow from 1.1",
            cases="rank4-defaults|scope-resource*|scope-ref",
            structure=True,
        ),
    ),
)
