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


@pytest.mark.parametrize("keras, behaviour", RUNS, ids=["-".join(run) for run in RUNS])
def test_layer_passes_its_tests(keras, behaviour):
    environment = dict(os.environ)
    if len(KERASES) > 1:
        environment["TF_USE_LEGACY_KERAS"] = "1" if keras == "keras2" else "0"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--layer-behaviour=" + behaviour]
    command += ["--ignore=" + os.path.join(HERE, "layer", name) for name in ELSEWHERE]
    run = subprocess.run(
        command + [os.path.join(HERE, "layer")],
        cwd=os.path.dirname(HERE),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    last = run.stdout[-6000:]
    assert run.returncode == 0, last
    assert "Keras %s, %s behaviour" % (3 if keras == "keras3" else 2, behaviour) in run.stdout, last
    assert re.search(r"\d+ passed", last) and not re.search(r"\d+ (skipped|xfailed)", last), last
