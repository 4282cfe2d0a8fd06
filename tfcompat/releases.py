"""The differences between TensorFlow releases, one row each, and what they add up to for a release.

Nothing else in the package looks at a release number.
"""

import dataclasses
import functools
import re
from typing import NamedTuple, Optional, Tuple

Version = Tuple[int, int]


class Trait(NamedTuple):
    """One named difference.

    Attributes:
      name: field of `Behaviour`.
      first: first release, `major.minor`, that has it; None: from the beginning.
      last: last release that has it; None: it still does.
      case: a case of the catalogue whose recordings differ on both sides.
      touches: shell patterns, with `|` between them, of the cases whose behaviour the difference changes.
      about: what releases that have it do, in a sentence.
      otherwise: what the others do.
    """

    name: str
    first: Optional[str]
    last: Optional[str]
    case: str
    touches: str
    about: str
    otherwise: str


#: Every minor release that has the function, oldest first.
RELEASES: Tuple[str, ...] = tuple(
    ["1.{}".format(minor) for minor in range(16)] + ["2.{}".format(minor) for minor in range(23)]
)

#: What the fused kernel takes for a smaller epsilon where it has the trait `fused_epsilon_clamped`, for cuDNN's sake.
SMALLEST_FUSED_EPSILON = 1.001e-5

TRAITS: Tuple[Trait, ...] = (
    Trait("takes_renorm", "1.2", None, "renorm-rank4", "*renorm*|pair-*", "There is batch renormalization.", "There is no batch renormalization."),
    Trait("takes_fused", "1.3", None, "fused-false-rank4", "*fused*|pair-*", "The fused kernel can be chosen.", "There is no fused kernel to choose."),
    Trait("takes_constraints", "1.4", None, "gamma-constraint", "*constraint*|pair-*", "There are constraints.", "There are no constraints."),
    Trait("takes_virtual_batch", "1.5", None, "virtual-batch-2", "*virtual-batch*|*adjustment*|pair-*", "There are virtual batches and adjustments.", "There are neither virtual batches nor adjustments."),
    Trait("axis_list", "1.5", None, "axis-list-1-3", "*axis-list*|pair-*", "`axis` may be a list.", "`axis` must be an int."),
    Trait("axis_tuple", "2.2", None, "axis-tuple", "axis-tuple*", "`axis` may be a tuple.", "`axis` must not be a tuple."),
    Trait("axis_numpy", None, "1.4", "axis-numpy", "axis-numpy", "`axis` may be a NumPy int.", "`axis` must not be a NumPy int."),
    Trait("takes_no_channels", "1.5", None, "no-channels-rank2", "no-channels-*", "An axis of size 0 may be kept.", "An axis of size 0 must not be kept."),
    Trait("float32_only", None, "1.1", "float64-rank2", "*16*|*64*|int32-*|pair-*", "Variables are float32, and input must be.", "Variables have a dtype that suits the input."),
    Trait("beta_before_gamma", None, "1.3", "rank2-defaults", "*", "`beta` is made before `gamma`.", "`gamma` is made before `beta`."),
    Trait("fused_by_default", "1.4", None, "rank4-defaults", "*", "`fused=None` takes the fused kernel where it can.", "`fused=None` takes the unfused kernel."),
    Trait("fused_or_error", "1.3", "1.3", "fused-true-rank2", "*fused-true*|fused-int-1|fused-string", "`fused=True` where the kernel cannot be used is an error.", "`fused=True` falls back where the kernel cannot be used."),
    Trait("regularizer_vetoes_fused", None, "1.4", "gamma-regularizer", "*regularizer*|pair-*", "A regularizer is a reason not to fuse.", "A regularizer does not matter to the choice of kernel."),
    Trait("fused_needs_16_or_32_bits", "2.3", None, "float64-rank4", "*float64*|int32-*", "float64 input is a reason not to fuse.", "float64 input goes to the fused kernel, which refuses it."),
    Trait("fused_rank_5", "2.6", None, "rank5-defaults", "*rank5*|pair-*", "Rank 5 input is fused.", "Rank 5 input is not fused."),
    Trait("fused_epsilon_clamped", "1.4", "2.11", "epsilon-1e-6-rank4", "epsilon-*", "The fused kernel takes no epsilon below 1.001e-5.", "The fused kernel takes any epsilon."),
    Trait("average_in_kernel", "2.3", None, "rank4-defaults", "*", "Outside v1 graphs the fused kernel moves the averages itself.", "The fused kernel's averages are moved by operations of their own."),
    Trait("fused_decay_rounded_once", "1.4", "1.7", "rank4-defaults", "*", "The fused averages' 1 - momentum is a Python number.", "The fused averages' 1 - momentum is a difference of tensors."),
    Trait("averages_move_at_inference", None, "1.1", "rank2-defaults", "*", "The update operations move the averages whatever `training` is.", "At inference the update operations change nothing."),
    Trait("averages_move_by_momentum", "1.2", "1.4", "momentum-0-9-rank2", "*", "At inference the averages are moved with a momentum of 1.", "At inference no average is moved, not even by nothing."),
    Trait("frozen_layer_updates", None, "1.5", "not-trainable-rank4", "*trainable*|class-frozen*|class-thawed|pair-*", "A layer that is not trainable moves its averages.", "A layer that is not trainable keeps its averages."),
    Trait("frozen_layer_updates_eagerly", None, "1.13", "not-trainable-rank4", "*trainable*|class-frozen*", "Outside of graphs, a layer that is not trainable moves the averages of the fused kernel.", "Outside of graphs, a layer that is not trainable keeps the averages of the fused kernel."),
    Trait("thawed_layer_trains", None, "1.13", "class-thawed", "class-thawed", "`gamma` and `beta` of a layer that was made frozen train once it is thawed.", "`gamma` and `beta` of a layer that was made frozen never train."),
    Trait("first_call_updates", None, "1.1", "class-called-twice-training", "class-called-twice*", "Only the first call of a layer makes update operations.", "Every call of a layer makes update operations."),
    Trait("reuse_finds_unnamed", "1.2", None, "reuse-unnamed", "*reuse*", "`reuse` without a name finds the variables of the first layer without a name.", "`reuse` without a name looks for a name that is not taken yet."),
    Trait("regularizers_add_up", "1.2", None, "scope-regularizer-and-argument", "scope-regularizer*", "The regularizer of a variable scope and that of an argument both count.", "The regularizer of an argument takes the place of that of a variable scope."),
    Trait("trainable_none_trains", "1.10", None, "trainable-none-rank2", "trainable-none-*", "`trainable=None` makes `gamma` and `beta` trainable.", "`trainable=None` makes no variable trainable."),
    Trait("training_as_number", "1.6", None, "training-int-1-rank2", "training-*", "`training` may be 0, 1 or a NumPy bool.", "`training` must be a bool or a tensor."),
    Trait("training_none", "1.9", None, "training-none-rank2", "training-none-*", "`training` may be None.", "`training` must not be None."),
    Trait("constant_training_read_late", None, "1.14", "training-constant-false-rank2", "*constant-*", "A constant tensor for `training` is taken for one of unknown value where nothing is fused.", "A constant tensor for `training` is read while the graph is built."),
    Trait("renorm_debiased", None, "1.14", "renorm-rank4", "*renorm*|pair-*", "Renorm averages start at 0 and are divided by a weight that starts there, too.", "Renorm averages start at the initial statistics and are used as they are."),
    Trait("float16_parameters", "1.4", "1.4", "float16-rank2", "*16*|pair-*", "Variables of float16 inputs are float16.", "Variables of float16 inputs are float32."),
    Trait("unfused_in_float32", "2.3", None, "float16-rank2", "*16*|pair-*", "Unfused arithmetic on 16-bit input is done in float32.", "Unfused arithmetic on 16-bit input is done in the input's dtype."),
    Trait("virtual_batch_of_unknown_shape", "2.3", None, "virtual-batch-unknown-spatial", "virtual-batch-unknown-*", "Virtual batches work with several unknown dimensions.", "Virtual batches need all dimensions but the first."),
    Trait("virtual_batch_off_at_inference", "2.11", None, "virtual-batch-2", "*virtual-batch*|pair-*", "With TF2 behaviour, virtual batches are made only where `training` is known to be true.", "Virtual batches are made at inference, too."),
    Trait("casts_input", "2.9", None, "layer-dtype-float64-on-float32", "layer-dtype-*", "Input is cast to the dtype that the layer was given.", "Input is taken as it comes."),
    Trait("masks", "2.12", None, "class-mask-rank3", "class-mask-*", "`call` takes a mask.", "`call` takes no mask."),
    Trait("variance_of_shifted_sums", None, "1.2", "second-order-rank2", "*second-order*|*huge-mean*", "The unfused variance is the mean of squares less the square of the mean, of shifted values; its second derivatives are right.", "The unfused variance is the mean of squared deviations."),
    Trait("variance_depends_on_mean", "2.22", None, "second-order-unfused", "*second-order*|*huge-mean*", "The unfused variance has right second derivatives, and gradients that round otherwise.", "Second derivatives of the unfused variance take the mean for a constant."),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """All traits resolved for one release; a field is True where the release has the trait of that name."""

    release: str
    takes_renorm: bool
    takes_fused: bool
    takes_constraints: bool
    takes_virtual_batch: bool
    axis_list: bool
    axis_tuple: bool
    axis_numpy: bool
    takes_no_channels: bool
    float32_only: bool
    beta_before_gamma: bool
    fused_by_default: bool
    fused_or_error: bool
    regularizer_vetoes_fused: bool
    fused_needs_16_or_32_bits: bool
    fused_rank_5: bool
    fused_epsilon_clamped: bool
    average_in_kernel: bool
    fused_decay_rounded_once: bool
    averages_move_at_inference: bool
    averages_move_by_momentum: bool
    frozen_layer_updates: bool
    frozen_layer_updates_eagerly: bool
    thawed_layer_trains: bool
    first_call_updates: bool
    reuse_finds_unnamed: bool
    regularizers_add_up: bool
    trainable_none_trains: bool
    training_as_number: bool
    training_none: bool
    constant_training_read_late: bool
    renorm_debiased: bool
    float16_parameters: bool
    unfused_in_float32: bool
    virtual_batch_of_unknown_shape: bool
    virtual_batch_off_at_inference: bool
    casts_input: bool
    masks: bool
    variance_of_shifted_sums: bool
    variance_depends_on_mean: bool


def parse(release: str) -> Version:
    """`(2, 15)` of `2.15`, `2.15.1` or `2.15.0rc0`.

    Raises:
      ValueError: not a release number.
    """
    match = re.match(r"(\d+)\.(\d+)(\.|$)", release)
    if match is None:
        raise ValueError("a release is written like '2.15' or '1.15.5', got {!r}".format(release))
    return int(match.group(1)), int(match.group(2))


@functools.lru_cache(maxsize=None)
def behaviour(release: str) -> Behaviour:
    """What `tf.layers.batch_normalization` of a release does.

    Args:
      release: for example `1.15` or `2.21.0`.
    """
    version = parse(release)
    return Behaviour(release=release, **{trait.name: _holds(trait, version) for trait in TRAITS})


def first_release(trait: str) -> str:
    """The first release that has the trait of this name."""
    return next(row.first for row in TRAITS if row.name == trait) or RELEASES[0]


def last_release(trait: str) -> str:
    """The last release that has the trait of this name."""
    return next(row.last for row in TRAITS if row.name == trait) or RELEASES[-1]


def _holds(trait: Trait, version: Version) -> bool:
    since = trait.first is None or parse(trait.first) <= version
    return since and (trait.last is None or version <= parse(trait.last))
