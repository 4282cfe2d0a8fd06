"""What the tests of the harness share: a store, a catalogue of three cases, a fake worker."""

import collections

import pytest

from golden import bounds, catalogue, installed
from golden.store import Recording, Store, definition_digest
from samples import HERE, KEY, RELEASE, make_case


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return Store(tmp_path / "data")


@pytest.fixture
def record(store):
    """A function that stores observations (case -> `Observation`) under a key."""

    def write(observations, key=KEY, fingerprint="f00d", replace=None, only=None):
        recording = Recording(store, key, {"fingerprint": fingerprint, "tensorflow": key.release, "gpu": None})
        for case_id, observation in observations.items():
            recording.add(case_id, definition_digest(make_case(case_id)), observation)
        recording.write(replace, only)

    return write


@pytest.fixture
def fake_worker(monkeypatch):
    """Lets worker processes find `fake_worker`; a function sets what it does, see there."""
    monkeypatch.setenv("PYTHONPATH", HERE)

    def behave(**settings):
        for name, value in settings.items():
            monkeypatch.setenv("FAKE_" + name.upper(), value)

    behave(tensorflow=RELEASE)
    return behave


@pytest.fixture
def small_catalogue(monkeypatch):
    """Three cases, one of them not portable, on TensorFlow 2.21.0 with both Kerases and no bounds."""
    cases = [make_case("first"), make_case("second", "other"), make_case("wide", "vector")]
    cases[2]["portable"] = False
    loaded = collections.OrderedDict((case["id"], case) for case in cases)
    monkeypatch.setattr(catalogue, "load", lambda: loaded)
    monkeypatch.setattr(installed, "release", lambda: RELEASE)
    monkeypatch.setattr(installed, "kerases", lambda release: ["keras3", "keras2"])
    monkeypatch.setattr(bounds, "load", list)
    return loaded
