"""The layer on the Keras and the TensorFlow behaviour of this process; what those cannot do is not collected."""

import pytest

import features
from features import HERE, keras, tf

# Imports what it draws with; the header and the summary say where that is missing.
collect_ignore = [] if HERE["fuzz"] else ["test_layer_life.py"]


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*features): runs only where all of them are, see features.py")
    config.addinivalue_line("markers", "graph: runs with v1 behaviour, too")
    if config.getoption("layer_behaviour") == "v1":
        tf.compat.v1.disable_v2_behavior()
    else:
        tf.compat.v1.enable_v2_behavior()


def pytest_report_header(config):
    return _about(config)


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.line(_about(config))


def _about(config):
    lacking = sorted(name for name, here in HERE.items() if not here)
    place = tf.__version__, features.KERAS[0] if HERE["keras3"] else 2, config.getoption("layer_behaviour")
    return "tests/layer: TensorFlow %s, Keras %s, %s behaviour; without %s" % (place + (", ".join(lacking),))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Leaves out, counted as deselected, what does not exist here."""
    here = str(features.__file__).rsplit("/", 1)[0]
    left_out = [item for item in items if str(item.fspath).startswith(here) and not _runs(config, item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _runs(config, item):
    if config.getoption("layer_behaviour") == "v1" and item.get_closest_marker("graph") is None:
        return False
    needed = [feature for mark in item.iter_markers("needs") for feature in mark.args]
    return all(HERE[feature] for feature in needed)


@pytest.fixture(autouse=True)
def fresh_names():
    """Every test starts with an empty default graph, no taken names and one seed."""
    tf.compat.v1.reset_default_graph()
    if HERE["keras3"]:
        keras.utils.clear_session(free_memory=False)
    else:
        keras.backend.clear_session()
    if HERE["tf2"]:
        tf.random.set_seed(7)


@pytest.fixture
def graph():
    """A v1 graph as default."""
    with tf.Graph().as_default() as made:
        tf.compat.v1.set_random_seed(7)
        yield made


@pytest.fixture
def session(graph):
    """A session on it."""
    with tf.compat.v1.Session(graph=graph) as made:
        yield made


@pytest.fixture
def registry():
    """The table of what Keras knows; what a test adds is forgotten."""
    known = keras.utils.get_custom_objects()
    before = dict(known)
    yield known
    known.clear()
    known.update(before)
