"""The words of the clauses."""

from typing import Tuple

#: (term, what it means), in the order in which they build on each other.
TERMS: Tuple[Tuple[str, str], ...] = (
    ("$x$, $y$", "The input and the output."),
    ("kept axes", "The axes of the input that `axis` names; often one, the channels."),
    (
        "group",
        "The elements that share a mean and a variance: those at the same place along every kept axis and, with "
        "virtual batches, in the same virtual batch.  $n$ is how many they are.",
    ),
    (r"$\mu$, $\sigma^2$", r"Mean and variance of a group in the batch at hand; $\varepsilon$ is `epsilon`."),
    ("parameters", r"`gamma` ($\gamma$) and `beta` ($\beta$)."),
    (
        "averages",
        "`moving_mean`, `moving_variance` and, with renorm, what is beside them: variables that are not trained.",
    ),
    ("while training", "Where `training` is true; *at inference*, where it is false."),
    (
        "in a graph",
        "Where the call makes operations that a session runs later; *outside of graphs* is eager execution and "
        "`tf.function`, where the class is used, since each call of the function would make new variables.",
    ),
    (
        "TF2 behaviour",
        "What `tf.compat.v1.enable_v2_behavior()` switches on, and what TensorFlow 2 starts with; in a graph, too.",
    ),
    ("fused", "Computed by TensorFlow's one operation for it; *unfused*, by operations for each term of the formulas."),
    ("frozen", "With `trainable=False`."),
)
