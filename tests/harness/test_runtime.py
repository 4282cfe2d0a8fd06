"""What belongs to the TensorFlow that ran is no difference; everything else stays one."""

import pytest

from golden import runtime
from golden.compare import Difference
from golden.expectations import Expectation
from golden.observation import Observation


def with_collections(**collections):
    return Observation((), {"collections": collections, "updates": 2})


def test_collection_without_members_is_none():
    told = runtime.without_empty_collections(with_collections(variables=["a"], local_variables=[]))
    assert told.facts == {"collections": {"variables": ["a"]}, "updates": 2}


def test_observation_without_collections_is_left_as_it_is():
    observation = Observation((), {"updates": 2})
    assert runtime.without_empty_collections(observation) is observation


@pytest.mark.parametrize("abroad", [False, True])
def test_expectation_takes_an_empty_collection_for_none_and_no_member_for_none(abroad):
    expectation = Expectation(with_collections(variables=["a"], local_variables=[]), (), (), abroad)
    assert expectation.check(with_collections(variables=["a"])).status == "identical"
    with pytest.raises(AssertionError, match="facts.collections"):
        expectation.check(with_collections(variables=["a"], local_variables=["b"]))
    with pytest.raises(AssertionError, match="facts.collections"):
        expectation.check(with_collections())


def test_operations_of_another_release_are_counted_and_lose_their_version():
    old = Observation((), {"collections": {"update_ops": ["AssignSub"] * 2}, "batch_norm_ops": ["FusedBatchNorm"]})
    new = {"collections": {"update_ops": ["AssignSubVariableOp"] * 2}, "batch_norm_ops": ["FusedBatchNormV3"]}
    assert not Difference(runtime.set_aside(old), runtime.set_aside(Observation((), new)))
    new["collections"]["update_ops"].pop()
    assert Difference(runtime.set_aside(old), runtime.set_aside(Observation((), new)))
