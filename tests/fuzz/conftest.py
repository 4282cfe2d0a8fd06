"""The random cases are drawn beside the tests that come before, from when all tests are collected."""

import importlib.util

import pytest

from golden import catalogue, processes

#: On each Keras, and in each mode.
PLACES = [(keras, mode) for keras in ("keras2", "keras3") for mode in catalogue.MODES]

_STARTED = pytest.StashKey()


def pytest_collection_finish(session):
    """Starts to draw, if a test of the session wants what comes of it."""
    wanted = any("results" in getattr(item, "fixturenames", ()) for item in session.items)
    here = all(importlib.util.find_spec(name) for name in ("tf_keras", "hypothesis"))
    if wanted and here and not session.config.option.collectonly:
        (session.config.stash[_STARTED],) = processes.side_by_side([_draw])


def pytest_generate_tests(metafunc):
    if "place" in metafunc.fixturenames:
        metafunc.parametrize("place", PLACES, ids="-".join)


def _draw():
    from fuzz import command

    results = command.run(PLACES, -(-command.QUICK // len(PLACES)), seed=1)
    return {(result.keras, result.mode): result for result in results}


@pytest.fixture(scope="session")
def results(request):
    """Place -> `Result` of the quick run."""
    return request.config.stash[_STARTED]()
