"""What a fork of `forker` does: imports tfcompat, changed or not, and tries."""

import collections
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import time

from golden import bounds, catalogue, expectations, installed, pins
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
    sys.meta_path.insert(0, _Changed(request.changed))
    trace = _Trace(request.trace)
    if request.place.kind == "cases":
        _run_cases(request, tell, trace)
    else:
        from mutation import session

        session.run(request, tell, trace)


class _Changed(importlib.abc.MetaPathFinder):
    """Finds the modules of changed files, with the source that they have now."""

    def __init__(self, changed):
        self._files = {_module_name(path): (os.path.join(pins.ROOT, path), text) for path, text in changed.items()}

    def find_spec(self, name, path=None, target=None):
        if name not in self._files:
            return None
        file, text = self._files[name]
        return importlib.util.spec_from_file_location(name, file, loader=_Loader(name, file, text))


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a source that is not what the file has."""

    def __init__(self, name, file, text):
        super().__init__(name, file)
        self._text = text

    def get_code(self, fullname):
        return compile(self._text, self.path, "exec", dont_inherit=True)

    def get_source(self, fullname):
        return self._text


def _module_name(path):
    """`tfcompat.kernels` of `tfcompat/kernels/__init__.py`."""
    parts = path[: -len(".py")].split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class _Trace:
    """Collects the lines of some files that run while it is on; as bits of an int, by file."""

    def __init__(self, paths):
        self._lines = {os.path.join(pins.ROOT, path): set() for path in paths}
        self._bits = collections.Counter()

    def __enter__(self):
        if self._lines:
            sys.settrace(self._enter)

    def __exit__(self, *error):
        sys.settrace(None)

    def take(self):
        """What was collected since the last time."""
        for path, lines in self._lines.items():
            self._bits[os.path.relpath(path, pins.ROOT)] |= sum(1 << line for line in lines)
            lines.clear()
        taken = {path: bits for path, bits in self._bits.items() if bits}
        self._bits.clear()
        return taken

    def add(self, taken):
        """Takes what was collected in another process."""
        for path, bits in taken.items():
            self._bits[path] |= bits

    def _enter(self, frame, event, argument):
        lines = self._lines.get(frame.f_code.co_filename)
        if lines is None:
            return None

        def each(frame, event, argument):
            lines.add(frame.f_lineno)
            return each

        lines.add(frame.f_lineno)
        return each


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
            with trace:
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
