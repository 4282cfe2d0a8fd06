"""What the comparisons with recordings share: one worker for each (keras, mode).

They start when all tests are collected, and run beside the tests that come before.
"""

import collections
import functools

import pytest

from golden import bounds, catalogue, expectations, installed, processes
from golden.choices import kerases_for
from golden.store import Store


@pytest.fixture(scope="session")
def cases():
    """The catalogue."""
    return catalogue.load()


@pytest.fixture(scope="session")
def store(request):
    """The recordings."""
    return Store(request.config.getoption("golden_data"))


@pytest.fixture(scope="session")
def recorded(request, cases, store):
    """A function from a mode to what the recordings of the installed TensorFlow expect."""
    configuration = request.config.getoption("golden_configuration")

    def of_mode(mode):
        (key,) = expectations.keys(store, installed.release(), configuration, [mode])
        return expectations.Recorded(store, key, cases, bounds.load())

    return once(of_mode)


@pytest.fixture(scope="session")
def observed(request):
    """A function from (subject, keras, mode) to the `Run` over all cases that the session wants."""
    by_place = request.config.stash[_STARTED]
    return lambda subject, keras, mode: by_place[subject, keras, mode]()


#: Place -> a function that waits for its `Run`.
_STARTED = pytest.StashKey()


def pytest_collection_finish(session):
    """Starts a worker for every place that the tests of the session want."""
    configuration = session.config.getoption("golden_configuration")
    wanted = collections.OrderedDict()
    for item in session.items if not session.config.option.collectonly else ():
        if hasattr(getattr(item, "function", None), "subject"):
            subject, parameters = item.function.subject(session.config), item.callspec.params
            place = subject, parameters["keras"], parameters["mode"]
            wanted.setdefault(place, []).append(parameters["case_id"])

    def run(subject, keras, mode):
        case_ids = wanted[subject, keras, mode]
        return processes.observe(subject, mode, case_ids, keras=keras, configuration=configuration)

    results = processes.side_by_side([functools.partial(run, *place) for place in wanted])
    session.config.stash[_STARTED] = dict(zip(wanted, results))


def once(function):
    """The function, called once for each arguments; what it raised is raised again."""
    results = {}

    def cached(*args):
        if args not in results:
            try:
                results[args] = function(*args), None
            except Exception as error:
                results[args] = None, error
        value, error = results[args]
        if error is not None:
            raise error
        return value

    return cached


def pytest_generate_tests(metafunc):
    if "case_id" in metafunc.fixturenames:
        places = _places(metafunc.config)
        metafunc.parametrize(("keras", "mode", "case_id"), places, ids=["%s-%s-%s" % place for place in places])


def pytest_collection_modifyitems(config, items):
    """Leaves the live comparison out, without counting it as skipped, where it was not asked for."""
    live = [item for item in items if item.name.startswith("test_subject_does_as_live")]
    if live and not config.getoption("golden_live"):
        config.hook.pytest_deselected(items=live)
        items[:] = [item for item in items if item not in set(live)]


def _places(config):
    """(keras, mode, case) of everything that runs on the installed TensorFlow."""
    kerases = kerases_for(config.getoption("golden_subject"), None, installed.release())
    selected = {mode: catalogue.select(catalogue.load(), mode) for mode in catalogue.MODES}
    return [(keras, mode, case_id) for keras in kerases for mode in catalogue.MODES for case_id in selected[mode]]
