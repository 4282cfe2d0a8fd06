"""What the programs observed, once for the whole session; the processes of both Kerases run side by side."""

import pytest

import children
from children import Parent
from golden import installed

KERASES = installed.kerases(installed.release())


def pytest_generate_tests(metafunc):
    if "keras" in metafunc.fixturenames:
        metafunc.parametrize("keras", KERASES)


@pytest.fixture(scope="session")
def parents(tmp_path_factory):
    """Keras -> the process that starts programs on it."""
    started = {keras: Parent(keras, tmp_path_factory.mktemp(keras)) for keras in KERASES}
    yield started
    for parent in started.values():
        parent.end()


@pytest.fixture(scope="session")
def observed(parents, tmp_path_factory):
    """Keras -> what `programs/one_process.py` observed there."""
    folder = tmp_path_factory.mktemp("one-process")
    running = {keras: parent.start("one_process.py", folder / (keras + ".npz")) for keras, parent in parents.items()}
    for child in running.values():
        child.finish()
    return {keras: children.read(folder / (keras + ".npz")) for keras in running}


@pytest.fixture(scope="session")
def real(observed):
    """What the real function gave, on the Keras that has it."""
    return observed["keras2"]
