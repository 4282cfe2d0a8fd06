"""The site, built once; and what the blocks of code print, run once."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from pages import BLOCKS, ROOT, jobs_of

#: The command that the pages give, with TensorFlow out of reach: the site needs none.
BUILD = "import sys; sys.modules['tensorflow'] = None; from mkdocs.__main__ import cli; cli(sys.argv[1:])"


def run(command, **options):
    """Runs a Python in the environment of the tests, on the Keras that TensorFlow takes by default."""
    environ = {key: value for key, value in os.environ.items() if key != "TF_USE_LEGACY_KERAS"}
    environ.update(PYTHONPATH=str(ROOT), CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3", NO_MKDOCS_2_WARNING="1")
    return subprocess.run([sys.executable, *command], env=environ, capture_output=True, text=True, **options)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site, as `mkdocs build --strict` makes it."""
    folder = tmp_path_factory.mktemp("site")
    done = run(["-c", BUILD, "build", "--strict", "--site-dir", str(folder)], cwd=str(ROOT), timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def printed(tmp_path_factory):
    """What every block prints that is run: block -> list of (status, text), one for each program or command in it.

    They run in the order of the pages, each page in a folder with what a clone has for them to read.
    """
    jobs, owners = [], []
    for page in sorted({block.page for block in BLOCKS}):
        folder = tmp_path_factory.mktemp("clone")
        shutil.copytree(str(ROOT / "examples"), str(folder / "examples"))
        shutil.copytree(str(ROOT / "tests" / "migrate" / "models"), str(folder / "tests" / "migrate" / "models"))
        for block in BLOCKS:
            for job in jobs_of(block, folder) if block.page == page else ():
                jobs.append(dict(job, folder=str(folder)))
                owners.append(block)
    done = run([os.path.join(os.path.dirname(__file__), "run_blocks.py")], input=json.dumps(jobs), timeout=600)
    assert done.returncode == 0, done.stderr
    results = {}
    for owner, result in zip(owners, json.loads(done.stdout)):
        results.setdefault(owner, []).append((result["status"], result["printed"]))
    return results, done.stderr
