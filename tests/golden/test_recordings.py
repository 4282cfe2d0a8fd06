"""The subject does what real TensorFlow was recorded to do, bit for bit."""

import pathlib
import re

import pytest

from golden import integrity
from golden.observation import Observation
from golden.store import DATA, Store

KEYS = Store(DATA).keys()


def as_id(key):
    return re.sub("[^a-z0-9]+", "-", "-".join(key))


def read(path, notes):
    """The observation in a file of canonical bytes, with the notes that those leave out."""
    observation = Observation.from_canonical(pathlib.Path(str(path)).read_bytes())
    observation.notes = notes
    return observation


@pytest.mark.beside
def test_subject_does_as_recorded(keras, mode, case_id, observed, recorded, file_regression, tmp_path, request):
    run = observed(subject(request.config), keras, mode)
    obtained = run.observations[case_id][0]
    expectation = recorded(mode).expectation(case_id, keras, run.provenance)
    expected = expectation.observation
    copy = tmp_path / "recorded.bin"
    copy.write_bytes(expected.canonical())
    verdicts = []

    def check(obtained_path, expected_path):
        one, other = read(expected_path, expected.notes), read(obtained_path, obtained.notes)
        verdicts.append(expectation._replace(observation=one).check(other))

    file_regression.check(obtained.canonical(), binary=True, extension=".bin", fullpath=copy, check_fn=check)
    weaker = ["%s: %.3g eps, %s" % (name, eps, bound) for name, bound, eps in verdicts[0].used if bound.skips]
    if weaker:
        give_up = pytest.fail if request.config.getoption("golden_strict") else pytest.skip
        give_up("within bound, not compared bit for bit:\n" + "\n".join(weaker))


def subject(config):
    """The module under test."""
    return config.getoption("golden_subject")


test_subject_does_as_recorded.subject = subject


def test_there_are_recordings():
    assert KEYS


@pytest.mark.parametrize("key", KEYS, ids=as_id)
def test_recordings_are_whole_and_of_the_cases_that_the_catalogue_selects(key, cases, store_of_all):
    assert integrity.problems(store_of_all, key, cases) == []


@pytest.fixture(scope="module")
def store_of_all():
    """One store for all keys, since it reads each pack once."""
    return Store(DATA)
