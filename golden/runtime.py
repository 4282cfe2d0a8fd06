"""What of an observation belongs to the TensorFlow that ran, and not to the release that a subject followed.

Only needed where the two differ: a layer that follows TensorFlow 1.4 on 2.21 runs the operations of 2.21.
"""

import re

from golden.observation import Observation


def set_aside(observation):
    """An `Observation` without the names that TensorFlow has for its own operations.

    `FusedBatchNormV3` stands as `FusedBatchNorm`; of the members of a collection that are operations, which are named
    by their type, only the number is left; a collection without members, as TF 2.16 has one, is none.
    """
    facts = dict(observation.facts)
    for key in ("batch_norm_ops", "gradient_ops"):
        if key in facts:
            facts[key] = sorted({re.sub(r"V\d+$", "", kind) for kind in facts[key]})
    if "collections" in facts:
        facts["collections"] = {
            key: members if key.endswith("variables") else len(members)
            for key, members in facts["collections"].items()
            if members
        }
    return Observation(observation.arrays, facts, observation.notes)
