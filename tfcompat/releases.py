"""The differences between TensorFlow releases, one row each, and what they add up to for a release.

Nothing else in the package looks at a release number.
"""

import dataclasses
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
      about: what it is, in a sentence.
    """

    name: str
    first: Optional[str]
    last: Optional[str]
    case: str
    about: str


TRAITS: Tuple[Trait, ...] = (
    Trait("moments_unset_at_inference", None, "2.3", "rank4-defaults", "At inference the fused kernel leaves its moments as the memory was."),
    Trait("axis_tuple", "2.2", None, "axis-tuple", "`axis` may be a tuple."),
    Trait("fused_needs_16_or_32_bits", "2.3", None, "float64-rank4", "float64 input is a reason not to fuse."),
    Trait("unfused_in_float32", "2.3", None, "float16-rank2", "Unfused arithmetic on 16-bit input is done in float32."),
    Trait("virtual_batch_of_unknown_shape", "2.3", None, "virtual-batch-unknown-spatial", "Virtual batches work with several unknown dimensions."),
    Trait("average_in_kernel", "2.4", None, "rank4-defaults", "Outside v1 graphs the fused kernel moves the averages itself."),
    Trait("fused_rank_5", "2.6", None, "rank5-defaults", "Rank 5 input is fused."),
    Trait("casts_input", "2.12", None, "layer-dtype-float64-on-float32", "Input is cast to the dtype that the layer was given."),
    Trait("masks", "2.12", None, "class-mask-rank3", "`call` takes a mask."),
    Trait("virtual_batch_off_at_inference", "2.11", None, "virtual-batch-2", "With TF2 behaviour, virtual batches are made only where `training` is known to be true."),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """All traits resolved for one release; a field is True where the release has the trait of that name."""

    release: str
    moments_unset_at_inference: bool
    axis_tuple: bool
    fused_needs_16_or_32_bits: bool
    unfused_in_float32: bool
    virtual_batch_of_unknown_shape: bool
    average_in_kernel: bool
    fused_rank_5: bool
    casts_input: bool
    masks: bool
    virtual_batch_off_at_inference: bool


def parse(release: str) -> Version:
    """`(2, 15)` of `2.15`, `2.15.1` or `2.15.0rc0`.

    Raises:
      ValueError: not a release number.
    """
    match = re.match(r"(\d+)\.(\d+)(\.|$)", release)
    if match is None:
        raise ValueError("a release is written like '2.15' or '1.15.5', got {!r}".format(release))
    return int(match.group(1)), int(match.group(2))


def behaviour(release: str) -> Behaviour:
    """What `tf.layers.batch_normalization` of a release does.

    Args:
      release: for example `1.15` or `2.21.0`.
    """
    version = parse(release)
    return Behaviour(release=release, **{trait.name: _holds(trait, version) for trait in TRAITS})


def _holds(trait: Trait, version: Version) -> bool:
    since = trait.first is None or parse(trait.first) <= version
    return since and (trait.last is None or version <= parse(trait.last))
