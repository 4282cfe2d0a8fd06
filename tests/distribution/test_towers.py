"""v1 graphs: towers that share variables, and `MirroredStrategy` in a graph, as with the real function."""

import numpy as np
import pytest

from children import assert_same, under

KINDS = ("plain", "image", "renorm")


@pytest.mark.parametrize("towers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_towers_train_as_with_the_real_function(observed, real, keras, kind, towers):
    where = "%s/%d" % (kind, towers)
    assert_same(under(observed[keras], "towers/ours/" + where), under(real, "towers/real/" + where))


@pytest.mark.parametrize("kind", KINDS)
def test_each_tower_adds_updates_of_its_own_for_one_set_of_variables(observed, keras, kind):
    first, both = (under(observed[keras], "towers/ours/%s/%d" % (kind, towers)) for towers in (1, 2))
    updates = first["updates-of-towers"]
    assert updates[0] == updates[1] >= 2
    assert len(set(first["names-of-variables"])) == len(first["names-of-variables"])
    assert not np.array_equal(first["net/norm/moving_mean"], both["net/norm/moving_mean"])


@pytest.mark.parametrize("kind", KINDS)
def test_strategy_in_a_graph_does_what_it_does_with_the_real_function(observed, real, keras, kind):
    assert_same(under(observed[keras], "graph/ours/" + kind), under(real, "graph/real/" + kind))
