"""`ParameterServerStrategy`: workers that take turns at variables of a server, as with the real function."""

import pytest

from children import assert_same, under
from kinds import SERVED


@pytest.mark.parametrize("kind", SERVED)
def test_workers_move_the_averages_on_the_server_as_the_real_function_does(observed, real, keras, kind):
    found = under(observed[keras], "served/ours/" + kind)
    assert all(device.startswith("/job:ps/") for device in found["devices"])
    assert_same(found, under(real, "served/real/" + kind))


def test_workers_that_do_not_wait_for_each_other_are_not_synchronized(observed, keras):
    refused = str(under(observed[keras], "served/synchronized")["refused"])
    assert "synchronized=True under ParameterServerStrategy" in refused
    assert "use MirroredStrategy or MultiWorkerMirroredStrategy" in refused
