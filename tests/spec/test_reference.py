"""The formulas in NumPy against every recording of every release, and against what the papers say of them."""

import collections
import itertools
import multiprocessing
from concurrent import futures

import numpy as np
import pytest

from golden import catalogue
from golden.conformance import Case, limits
from golden.conformance.judge import Conformance
from golden.store import Store
from tfcompat.spec import reference as formulas
from tfcompat.spec.layer import reference

STORE, CASES = Store(), catalogue.load()
KEYS = [key for key in STORE.keys() if key.configuration == "onednn-off"]
RELEASES = list(collections.OrderedDict.fromkeys(key.release for key in KEYS))

#: Why a recording cannot be compared with an implementation that is not TensorFlow's.
ABOUT_TENSORFLOW = {
    "TensorFlow's random numbers",
    "training is no bool",
    "the case is about TensorFlow's control flow or variable scopes",
    "the case is about a TensorFlow auto-reuse",
    "the case is about the order of arguments",
    "the case is about which calls of TensorFlow share variables",
}


#: outcomes: release -> those of its recordings; unneeded: rows of the limits that none of them needs.
Judged = collections.namedtuple("Judged", "outcomes unneeded")


def judged():
    """Everything that was recorded, beside the reference."""
    conformance, outcomes = Conformance(reference, STORE, CASES, limits.load()), collections.defaultdict(list)
    for key in KEYS:
        before = len(conformance.outcomes)
        conformance.run(key.release, key.mode, set(CASES))
        outcomes[key.release] += conformance.outcomes[before:]
    return Judged(dict(outcomes), [str(row) for row in conformance.rows if row not in conformance.needed])


def judged_elsewhere():
    """The same, in a process of its own."""
    with futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(judged).result()


waits = pytest.mark.beside(call=judged_elsewhere)


@waits
@pytest.mark.parametrize("release", RELEASES)
def test_every_recording_of_a_release_is_what_the_formulas_give(beside, release):
    outcomes = beside.outcomes[release]
    assert len(outcomes) > 250
    assert not [(o.mode, o.case, o.detail) for o in outcomes if o.status not in ("met", "not compared")]


@waits
def test_what_is_not_compared_is_refused_by_tensorflow_or_about_it(beside):
    reasons = {o.detail for o in _all(beside) if o.status == "not compared"}
    assert {reason for reason in reasons if not reason.startswith("TensorFlow refuses the call (")} == ABOUT_TENSORFLOW


@waits
def test_most_recordings_are_compared(beside):
    statuses = collections.Counter(o.status for o in _all(beside))
    assert statuses["met"] > 4 * statuses["not compared"]


@waits
def test_every_limit_is_needed(beside):
    assert beside.unneeded == []


def _all(found):
    return itertools.chain(*found.outcomes.values())


X = np.random.RandomState(0).uniform(-2, 2, (6, 2, 3))
DY = np.random.RandomState(1).uniform(-1, 1, X.shape)
MASK = np.arange(12).reshape(6, 2, 1) % 3 != 0
REDUCED, EPSILON = (0, 1), 1e-3


def weighted_output(x, mask):
    batch = formulas.moments(x, formulas.weights(x, mask), REDUCED)
    return (DY * formulas.normalize(x, batch, EPSILON)).sum()


@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_input_gradient_is_the_slope_of_the_output(mask):
    w = formulas.weights(X, mask)
    dx = formulas.input_gradient(X, DY, formulas.moments(X, w, REDUCED), w, REDUCED, EPSILON)
    slopes = np.empty_like(X)
    for index in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[index] = 1e-6
        slopes[index] = (weighted_output(X + step, mask) - weighted_output(X - step, mask)) / 2e-6
    np.testing.assert_allclose(dx, slopes, rtol=0, atol=1e-8)


def test_gradient_changes_neither_mean_nor_variance_of_what_comes_out():
    w = formulas.weights(X)
    batch = formulas.moments(X, w, REDUCED)
    dx = formulas.input_gradient(X, DY, batch, w, REDUCED, EPSILON)
    x_hat = formulas.normalize(X, batch, 0.0)
    np.testing.assert_allclose(dx.sum(REDUCED), 0, atol=1e-12)
    # With an epsilon the variance of x^ is not quite 1, and that much of the gradient along x^ is left.
    assert (np.abs((dx * x_hat).sum(REDUCED)) < EPSILON * np.abs((DY * x_hat).sum(REDUCED))).all()


def test_second_derivatives_are_the_slopes_of_the_first():
    w = formulas.weights(X)

    def gradient(x):
        batch = formulas.moments(x, w, REDUCED)
        return {"x": formulas.input_gradient(x, DY, batch, w, REDUCED, EPSILON)}

    slope = (gradient(X + 1e-6 * DY)["x"] - gradient(X - 1e-6 * DY)["x"]) / 2e-6
    np.testing.assert_allclose(formulas.along(gradient, X, DY)["x"], slope, rtol=0, atol=1e-7)


def test_ghost_batches_interleave_and_come_apart_again():
    x = np.arange(6.0)[:, None]
    assert formulas.into_groups(x, 2, 3)[:, 1, 0].tolist() == [1.0, 4.0]
    assert (formulas.out_of_groups(formulas.into_groups(x, 2, 3)) == x).all()


def test_variance_of_a_population_is_not_below_that_of_its_sample():
    assert formulas.unbiased(np.array(3.0), 4) == 4.0
    assert formulas.unbiased(np.array(3.0), 1) == 3.0


def test_layer_that_cannot_have_virtual_batches_is_refused():
    case = Case((4, 3), "float32", {"virtual_batch_size": 3}, "2.21", "eager", "fixed")
    with pytest.raises(ValueError, match="a batch of 4 in virtual batches of 3"):
        reference(case).step(reference(case).variables, np.ones((4, 3)), True, np.ones((4, 3)))
    with pytest.raises(ValueError, match="virtual batches of size 0 on axis -1"):
        reference(case._replace(arguments={"virtual_batch_size": 0}))
