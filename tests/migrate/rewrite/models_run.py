"""What the models of the cases did, before and after, in a process for each Keras."""

import concurrent.futures
import functools
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]


def run_models(keras, *sides):
    path = os.pathsep.join([str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")])
    environment = dict(os.environ, PYTHONPATH=path, TF_USE_LEGACY_KERAS=str(int(keras == 2)), CUDA_VISIBLE_DEVICES="-1")
    command = [sys.executable, str(HERE / "run_models.py"), *sides]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@functools.lru_cache(maxsize=None)
def started():
    """One process for each Keras; Keras 2 has the real function, and runs what was before too."""
    pool = concurrent.futures.ThreadPoolExecutor()
    return {
        2: pool.submit(run_models, 2, "before", "graph"),
        3: pool.submit(run_models, 3, "graph", "keras"),
    }


def results(keras):
    """What all models did, with Keras `2` or `3`."""
    return started()[keras].result()["models"]
