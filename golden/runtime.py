"""What of an observation belongs to the TensorFlow that ran, and not to what a subject did."""

import re

from golden.observation import Observation


def set_aside(observation):
    """An `Observation` without the names that TensorFlow has for its own operations.

    For a subject that follows another release than the one that runs: the operations are those of the latter.
    `FusedBatchNormV3` stands as `FusedBatchNorm`; of the members of a collection that are operations, which are named
    by their type, only the number is left. Nor are there collections without members.
    """
    observation = without_empty_collections(observation)
    facts = dict(observation.facts)
    for key in ("batch_norm_ops", "gradient_ops"):
        if key in facts:
            facts[key] = sorted({re.sub(r"V\d+$", "", kind) for kind in facts[key]})
    if "collections" in facts:
        facts["collections"] = {
            key: members if key.endswith("variables") else len(members) for key, members in facts["collections"].items()
        }
    return Observation(observation.arrays, facts, observation.notes)


def without_empty_collections(observation):
    """An `Observation` in which a collection without members is none, as it is to `get_collection`.

    On TF 2.16 AutoGraph converts a function of tf-keras that the real layer calls, and asks the graph for
    `local_variables` and `trainable_variables` meanwhile, which then are there, empty.
    """
    collections = observation.facts.get("collections", {})
    if all(collections.values()):
        return observation
    kept = {key: members for key, members in collections.items() if members}
    return Observation(observation.arrays, dict(observation.facts, collections=kept), observation.notes)
