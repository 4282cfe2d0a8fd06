"""The tests of the layer again where this process cannot go: on the other Keras, and with TensorFlow's v1 behaviour."""

import os
import re
import subprocess
import sys

import pytest

from golden import installed

HERE = os.path.dirname(os.path.abspath(__file__))

#: (Keras, behaviour) of every run but the one in this process: the first Keras with v2 behaviour.
KERASES = installed.kerases(installed.release())
RUNS = [
    (keras, behaviour) for behaviour in ("v2", "v1") for keras in KERASES if (keras, behaviour) != (KERASES[0], "v2")
]

#: Files that say nothing of the Keras, and the one that has a process on the other Keras itself.
ELSEWHERE = ["test_layer_%s.py" % name for name in ("fast_arithmetic", "averages", "moments", "engines", "life")]

#: Tests of files that the other Keras reads, and may not run code of; and the one of a file that only Keras 3 writes.
FILES = [os.path.join(HERE, "migrate", name) for name in ("test_untrusted_files.py", "test_fold.py")]
OF_KERAS_3 = "tests/migrate/test_untrusted_files.py::test_code_in_a_keras_archive_is_not_run_for_its_weights"


def run_tests(keras, *words):
    """What pytest says in a process of its own, and its status."""
    environment = dict(os.environ)
    if len(KERASES) > 1:
        environment["TF_USE_LEGACY_KERAS"] = "1" if keras == "keras2" else "0"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        cwd=os.path.dirname(HERE),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return run.returncode, run.stdout


def of_the_layer(keras, behaviour):
    folder = os.path.join(HERE, "layer")
    elsewhere = ["--ignore=" + os.path.join(folder, name) for name in ELSEWHERE]
    return run_tests(keras, "--layer-behaviour=" + behaviour, *elsewhere, folder)


def of_files(keras):
    return run_tests(keras, "--deselect", OF_KERAS_3, *FILES)


@pytest.mark.beside(call=of_the_layer, of=("keras", "behaviour"))
@pytest.mark.parametrize("keras, behaviour", RUNS, ids=["-".join(run) for run in RUNS])
def test_layer_passes_its_tests(keras, behaviour, beside):
    status, said = beside
    last = said[-6000:]
    assert status == 0, last
    assert "Keras %s, %s behaviour" % (3 if keras == "keras3" else 2, behaviour) in said, last
    assert re.search(r"\d+ passed", last) and not re.search(r"\d+ (skipped|xfailed)", last), last


@pytest.mark.beside(call=of_files, of=("keras",))
@pytest.mark.parametrize("keras", KERASES[1:])
def test_files_are_read_and_folded_as_by_the_first_keras(keras, beside):
    status, said = beside
    last = said[-6000:]
    assert status == 0, last
    assert re.search(r"\d+ passed", last) and not re.search(r"\d+ (skipped|xfailed)", last), last
