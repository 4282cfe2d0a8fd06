"""What a fork of `forker` does: imports tfcompat, changed or not, and tries."""

import contextlib
import os
import sys
import time

from golden import bounds, catalogue, expectations, installed, pins
from mutation.modules import Finder, Trace
from mutation.protocol import Seen, Trial

_prepared = {}


def prepare():
    """Imports and reads what all children need, before the first fork."""
    import h5py  # noqa: F401
    import pytest  # noqa: F401
    import tensorflow

    from golden.store import Store

    tensorflow.keras.layers.Layer  # noqa: B018 - loads Keras
    cases, store = catalogue.load(), Store()
    for mode in catalogue.MODES:
        for case_id in catalogue.select(cases, mode):
            store.pack(case_id)
    _prepared.update(cases=cases, store=store, rows=bounds.load(), keras=installed_keras())


def installed_keras():
    """`keras2` or `keras3`, as `tf.keras` is here."""
    import tensorflow

    return "keras3" if str(getattr(tensorflow.keras, "__version__", "2")).startswith("3.") else "keras2"


def run(request, tell):
    """Makes the change, then runs the trials one by one and tells of each, up to the first that fails."""
    if "tfcompat" in sys.modules:
        raise RuntimeError("tfcompat was imported before the change was made")
    trace = Trace(request.trace)
    sys.meta_path.insert(0, Finder(request.changed, trace))
    if request.place.kind == "cases":
        _run_cases(request, tell, trace)
    else:
        from mutation import session

        session.run(request, tell, trace)


def _run_cases(request, tell, trace):
    from golden.runner import host

    host.choose_behaviour(request.place.mode)
    try:
        subject = host.subject("tfcompat.layers")
    except Exception as error:
        tell(Seen(Trial("import", ""), 0.0, _told(error), {}))
        return
    provenance = {"tensorflow": host.tf.__version__, "fingerprint": host.fingerprint()}
    for trial in request.trials:
        started = time.monotonic()
        failure = None
        try:
            _try_case(trial, request.place.mode, subject, provenance)
        except Exception as error:
            failure = _told(error)
        tell(Seen(trial, time.monotonic() - started, failure, trace.take()))
        if failure and not request.trace:
            break


def _told(error):
    return "%s: %s" % (type(error).__name__, error)


def _try_case(trial, mode, subject, provenance):
    """Raises unless the case does what the recording of its release says."""
    from golden.runner import case

    release, case_id = trial.id.split(" ")
    with _following(None if release == "-" else release):
        obtained = case.run(_prepared["cases"][case_id], mode, subject)
    recorded = _recorded(installed.release() if release == "-" else release, mode)
    recorded.expectation(case_id, _prepared["keras"], provenance).check(obtained)


@contextlib.contextmanager
def _following(release):
    os.environ.update({pins.FOLLOWS: release} if release else {})
    try:
        yield
    finally:
        os.environ.pop(pins.FOLLOWS, None)


def _recorded(release, mode):
    """The recordings of a release and mode, read once."""
    if (release, mode) not in _prepared:
        (key,) = expectations.keys(_prepared["store"], release, "onednn-off", [mode])
        _prepared[release, mode] = expectations.Recorded(_prepared["store"], key, _prepared["cases"], _prepared["rows"])
    return _prepared[release, mode]
