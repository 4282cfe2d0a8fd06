"""Batch renormalization."""

from tfcompat.spec.clauses.clause import Chapter, Clause

CHAPTER = Chapter(
    key="RENORM",
    title="Batch renormalization",
    about=r"Ioffe 2017: while training, the normalized values are corrected by $r$ and $d$ towards what the renorm "
    r"averages $\mu_r$ (`renorm_mean`) and $\sigma_r$ (`renorm_stddev`) would give.  In early releases these start "
    r"at 0 beside weights $w$ and are *debiased*, in later ones they are *plain*; the two give other outputs from "
    r"the first step on, and their checkpoints have other variables.  $m_r$ is `renorm_momentum`, $[z]_a^b$ is $z$ "
    r"clipped to $a$ and $b$.",
    clauses=(
        Clause(
            id="BN-RENORM-1",
            text="While training, the normalized values must be multiplied by r and moved by d before `gamma` and "
            "`beta` act on them.",
            formula=r"y = \gamma \left( \frac{x - \mu}{\hat{\sigma}} \, r + d \right) + \beta",
            traits=("takes_renorm",),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-rank?|renorm-axis-*|renorm-no-*|renorm-static|renorm-training-true-rank2|"
            "training-*-renorm|renorm-fused-*",
        ),
        Clause(
            id="BN-RENORM-2",
            text="The standard deviation of the batch must be the root of the biased variance plus `epsilon`, in "
            "the correction and in the averages.",
            formula=r"\hat{\sigma} = \sqrt{\frac{1}{n} \sum_i (x_i - \mu)^2 + \varepsilon}",
            traits=("takes_renorm",),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-epsilon|renorm-constant-channels|renorm-rank?",
        ),
        Clause(
            id="BN-RENORM-3",
            text="The correction must be taken from the renorm averages as they are, with the deviation not below "
            "the root of `epsilon`, which it falls below in no recording.",
            formula=r"r = \frac{\hat{\sigma}}{\max(\sigma_r, \sqrt{\varepsilon})}, \qquad d = \frac{\mu - "
            r"\mu_r}{\max(\sigma_r, \sqrt{\varepsilon})}",
            traits=("takes_renorm", "!renorm_debiased"),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-rank?|renorm-fresh*|renorm-epsilon|renorm-huge-mean|large-renorm|vector-19-renorm",
        ),
        Clause(
            id="BN-RENORM-4",
            text="The correction must be taken from the renorm averages filled up with the moments of the batch to "
            "weight 1, so that it begins with r = 1 and d = 0.",
            formula=r"r = \frac{\hat{\sigma}}{\sigma_r + (1 - w_\sigma) \hat{\sigma}}, \qquad d = \frac{\mu - \mu_r "
            r"- (1 - w_\mu) \mu}{\sigma_r + (1 - w_\sigma) \hat{\sigma}}",
            traits=("takes_renorm", "renorm_debiased"),
            source="TensorFlow",
            cases="renorm-rank?|renorm-fresh*|renorm-epsilon|large-renorm|vector-19-renorm",
        ),
        Clause(
            id="BN-RENORM-5",
            text="Of `renorm_clipping`, `rmin` must bound r from below, `rmax` r from above and `dmax` d on both "
            "sides, each if it is given.",
            formula=r"r \leftarrow [r]_{r_\min}^{r_\max}, \qquad d \leftarrow [d]_{-d_\max}^{d_\max}",
            traits=("takes_renorm",),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-clip-rmax|renorm-clip-rmin|renorm-clip-dmax|renorm-clip-all*|renorm-clip-tight|"
            "renorm-clip-empty|renorm-clip-none",
        ),
        Clause(
            id="BN-RENORM-6",
            text="A scalar tensor must be taken for a clip.",
            formula="",
            traits=("takes_renorm",),
            source="TensorFlow",
            cases="renorm-clip-tensor",
        ),
        Clause(
            id="BN-RENORM-7",
            text="The correction of a step must be computed before the averages of that step move.",
            formula="",
            traits=("takes_renorm",),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-fresh*|train-step-renorm|renorm-momentum-0-0|scope-resource-renorm",
        ),
        Clause(
            id="BN-RENORM-8",
            text="At inference there must be no correction: the output is that of BN-MODE-1.",
            formula=r"r = 1, \qquad d = 0",
            traits=("takes_renorm",),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-inference|training-false-renorm|training-none-renorm|renorm-rank?",
        ),
        Clause(
            id="BN-RENORM-9",
            text="A training step must move `renorm_mean` towards the mean and `renorm_stddev` towards the standard "
            "deviation of the batch, by `renorm_momentum`.",
            formula=r"\mu_r \leftarrow \mu_r - (\mu_r - \mu)(1 - m_r), \qquad \sigma_r \leftarrow \sigma_r - "
            r"(\sigma_r - \hat{\sigma})(1 - m_r)",
            traits=("takes_renorm",),
            source="Ioffe 2017, algorithm 1; TensorFlow",
            cases="renorm-rank?|renorm-momentum-*|renorm-both-momenta|renorm-fresh*",
        ),
        Clause(
            id="BN-RENORM-10",
            text="A training step must move `moving_mean` and `moving_stddev` towards the mean and the standard "
            "deviation of the batch, by `momentum`, and then set `moving_variance` to the square of the new "
            "`moving_stddev` less `epsilon`, not below 0, which it falls below in no recording.",
            formula=r"\texttt{moving\_variance} \leftarrow \max(\texttt{moving\_stddev}^2 - \varepsilon, \, 0)",
            traits=("takes_renorm", "!renorm_debiased"),
            source="TensorFlow",
            cases="renorm-rank?|renorm-both-momenta|renorm-epsilon|renorm-constant-channels|class-renorm|renorm-named",
        ),
        Clause(
            id="BN-RENORM-11",
            text="A training step must move `renorm_mean_weight` and `renorm_stddev_weight` towards 1, by "
            "`renorm_momentum`.",
            formula=r"w \leftarrow w - (w - 1)(1 - m_r)",
            traits=("takes_renorm", "renorm_debiased"),
            source="TensorFlow",
            cases="renorm-rank?|renorm-fresh*|renorm-momentum-*",
        ),
        Clause(
            id="BN-RENORM-12",
            text="A training step must move `moving_mean` towards the new `renorm_mean` divided by its weight, and "
            "`moving_variance` towards the square of the new `renorm_stddev` divided by its weight, less `epsilon`, "
            "by `momentum`.",
            formula=r"s_\mu = \frac{\mu_r}{w_\mu}, \qquad s_{\sigma^2} = \left( \frac{\sigma_r}{w_\sigma} \right)^2 "
            r"- \varepsilon",
            traits=("takes_renorm", "renorm_debiased"),
            source="TensorFlow",
            cases="renorm-rank?|renorm-both-momenta|renorm-epsilon|renorm-constant-channels|class-renorm|renorm-named",
        ),
        Clause(
            id="BN-RENORM-13",
            text="`renorm_mean` must start as `moving_mean_initializer` says, and `moving_stddev` and "
            "`renorm_stddev` as the root of what `moving_variance_initializer` says.",
            formula="",
            traits=("takes_renorm", "!renorm_debiased"),
            source="TensorFlow",
            cases="renorm-fresh*|initializers-all-renorm",
        ),
        Clause(
            id="BN-RENORM-14",
            text="The renorm averages and their weights must start at 0.",
            formula="",
            traits=("takes_renorm", "renorm_debiased"),
            source="TensorFlow",
            cases="renorm-fresh*|initializers-all-renorm",
        ),
        Clause(
            id="BN-RENORM-15",
            text="While training, float64 inputs must be refused, with a TypeError in graphs and functions and an "
            "InvalidArgumentError in eager execution.",
            formula="",
            traits=("takes_renorm", "!renorm_debiased"),
            source="TensorFlow",
            cases="renorm-float64",
        ),
    ),
)
