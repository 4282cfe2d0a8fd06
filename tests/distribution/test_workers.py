"""`MultiWorkerMirroredStrategy` with two processes: as the real function, and after a worker was killed as before."""

import signal

import numpy as np
import pytest

import children
from children import assert_same, under
from kinds import WORKERS

STEPS, KILLED_AT = 5, 3

#: In units of float32's epsilon times the largest number: a checkpoint has the mean of the replicas' averages, each of
#: which then moves in two roundings a step (measured: at most 1).
UNITS = 2 * (STEPS - KILLED_AT + 1)


def start(parent, folder, killed_at):
    """Both workers, the chief first."""
    folder.mkdir(exist_ok=True)
    configs = children.cluster(worker=2).values()
    return [parent.start("worker.py", folder, STEPS, killed_at, TF_CONFIG=config) for config in configs]


def finish(workers, folder):
    """What each worker found; there must be two replicas."""
    try:
        for worker in workers:
            worker.finish()
    finally:
        for worker in workers:
            worker.kill()
    found = [children.read(folder / ("worker-%d.npz" % index)) for index in (0, 1)]
    assert all(each["replicas"] == 2 for each in found)
    return found


@pytest.fixture(scope="session")
def uninterrupted(parents, tmp_path_factory):
    """Keras -> what both workers found after all steps."""
    folders = {keras: tmp_path_factory.mktemp("workers") for keras in parents}
    return {keras: finish(start(parents[keras], folder, -1), folder) for keras, folder in folders.items()}


@pytest.fixture(scope="session")
def interrupted(parents, tmp_path_factory):
    """Keras -> what both found after the second was killed, the first stopped, and both started again."""
    return {keras: _interrupted(parent, tmp_path_factory.mktemp("killed")) for keras, parent in parents.items()}


def _interrupted(parent, folder):
    chief, second = start(parent, folder, KILLED_AT)
    second.finish(expected=-signal.SIGKILL)
    chief.kill()
    chief.finish(expected=-signal.SIGKILL)
    assert not list(folder.glob("worker-*"))
    return finish(start(parent, folder, -1), folder)


def averages(found, name, kind):
    """What is the same on all workers: averages as they are read, gamma and beta."""
    return {key: value for key, value in under(found, "%s-%s" % (name, kind)).items() if not key.endswith("-each")}


@pytest.mark.parametrize("worker", [0, 1])
@pytest.mark.parametrize("kind", WORKERS)
def test_workers_do_what_the_real_function_does(uninterrupted, keras, kind, worker):
    found = under(uninterrupted[keras][worker], "ours-" + kind)
    assert_same(found, under(uninterrupted["keras2"][worker], "real-" + kind))


@pytest.mark.parametrize("kind", WORKERS)
def test_synchronized_averages_are_the_same_on_both_workers(uninterrupted, keras, kind):
    first, second = (under(found, "synchronized-" + kind) for found in uninterrupted[keras])
    assert_same(first, second)
    ordinary = under(uninterrupted[keras][0], "ours-" + kind)
    assert not np.array_equal(first["moving_variance-each"], ordinary["moving_variance-each"])


@pytest.mark.parametrize("kind", WORKERS)
@pytest.mark.parametrize("how", ["synchronized", "kept"])
def test_layers_end_where_they_would_have_if_no_worker_had_been_killed(uninterrupted, interrupted, keras, how, kind):
    for before, after in zip(uninterrupted[keras], interrupted[keras]):
        # The chief may be stopped before its last checkpoint is there.
        assert before["started-at"] == 0 and after["started-at"] in (KILLED_AT - 1, KILLED_AT)
        assert_same(under(after, "%s-%s" % (how, kind)), under(before, "%s-%s" % (how, kind)))


def test_without_renorm_a_checkpoint_alone_leads_there_but_for_rounding(uninterrupted, interrupted, keras):
    expected, found = (averages(each[0], "ours", "image") for each in (uninterrupted[keras], interrupted[keras]))
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        bound = UNITS * np.finfo("float32").eps * np.abs(value).max()
        np.testing.assert_allclose(found[name].astype("float64"), value, rtol=0, atol=bound, err_msg=name)


def test_with_renorm_a_checkpoint_alone_leads_elsewhere(uninterrupted, interrupted, keras):
    expected, found = (averages(each[0], "ours", "renorm") for each in (uninterrupted[keras], interrupted[keras]))
    assert np.abs(found["moving_variance"] - expected["moving_variance"]).max() > 0.01


@pytest.mark.parametrize("worker", [0, 1])
@pytest.mark.parametrize("kind", WORKERS)
def test_after_a_restart_workers_do_what_the_real_function_does(interrupted, keras, kind, worker):
    found = under(interrupted[keras][worker], "ours-" + kind)
    assert_same(found, under(interrupted["keras2"][worker], "real-" + kind))
