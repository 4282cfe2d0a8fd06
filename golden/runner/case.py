"""One case on one subject in one mode: the observation, or the error as an observation."""

import collections
import contextlib

from golden.observation import Array, Observation
from golden.runner import eager, graph, host
from golden.runner.program import Program

_SEED = 20150211  # arXiv:1502.03167 is dated 11 February 2015


class Ended(Exception):
    """A watched error ended the case; it is in the observation."""


class Recorder:
    """Collects what is seen while a case runs."""

    def __init__(self):
        self.arrays, self.facts, self.notes = collections.OrderedDict(), {}, {}

    def array(self, name, value):
        """Keeps an array under a name that is new."""
        if name in self.arrays:
            raise ValueError("two arrays are called %s" % name)
        self.arrays[name] = Array.of(value)

    def fact(self, name, value):
        """Keeps a JSON-ready fact."""
        self.facts[name] = value

    @contextlib.contextmanager
    def watch(self, phase):
        """Turns an error of the subject into facts; an error outside any watch is the harness' own and escapes.

        The type and the phase are facts, the text is a note.
        """
        try:
            yield
        except Exception as error:
            self.facts["raised"] = {"type": type(error).__name__, "phase": phase}
            self.notes["message"] = " ".join(str(error).split())[:400]
            raise Ended() from error


def run(case, mode, subject):
    """Runs a case.

    Args:
      case: the catalogue's dict.
      mode: one of `host.MODES`.
      subject: namespace with `batch_normalization` and `BatchNormalization`.

    Returns:
      An `Observation`.  What was seen before an error stays in it.
    """
    host.forget_names()
    recorder = Recorder()
    program = Program(case)
    recorder.fact("inputs", _input_hashes(program))
    try:
        if mode in host.GRAPH_MODES:
            graph.run(program, subject, recorder)
        else:
            host.tf1.set_random_seed(_SEED)
            eager.run(program, subject, recorder, in_function=mode == "function")
    except Ended:
        pass
    return Observation(recorder.arrays, recorder.facts, recorder.notes)


def _input_hashes(program):
    """Hashes of the inputs, so that a recording proves what it was made from."""
    count = len(program.input_specs())
    return [Array.of(program.input_values(i)).sha[:16] for i in range(count)]
