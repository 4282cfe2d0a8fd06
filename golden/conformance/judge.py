"""Compares what a subject without TensorFlow computes with what a release of TensorFlow was recorded to do."""

import collections
import importlib
import traceback

from golden import catalogue
from golden.choices import BadInput
from golden.conformance import Unsuitable
from golden.conformance.limits import tightest
from golden.conformance.replay import Replay
from golden.distance import eps_from
from golden.store import Key

STATUSES = ("met", "not met", "not there", "not compared")

#: detail: the report of what is not met, or the reason of the others; eps: the largest distance of a numeric array.
Outcome = collections.namedtuple("Outcome", "case family mode status detail eps")


def subject(name):
    """The factory that `package.module:factory` names.

    Raises:
      BadInput: there is none.
    """
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(
            "--subject %s: %s; write package.module:factory, and have it on the PYTHONPATH" % (name, error)
        ) from None


class Conformance:
    """A subject beside the recordings of one release.

    Args:
      factory: the subject, see `golden.conformance`.
      store: the `Store`.
      cases: the catalogue.
      rows: the `Limit`s.
      factor: what limits are multiplied by.

    Attributes:
      outcomes: list of `Outcome`.
      needed: the rows without which something would not be met.
    """

    def __init__(self, factory, store, cases, rows, factor=1.0):
        self.factory, self.store, self.cases, self.rows, self.factor = factory, store, cases, rows, factor
        self.outcomes, self.needed, self._indexes = [], set(), {}

    def run(self, release, mode, chosen, step=lambda told: None):
        """Adds the outcomes of the chosen cases in one mode; `step` is called after each."""
        index = self._index(release, mode)
        for case_id in catalogue.select(self.cases, mode):
            if case_id in chosen and case_id in index.cases:
                observation = self.store.observation(case_id, index.cases[case_id].sha)
                ignored = index.nondeterministic.get(case_id, ())
                status, detail, eps = self._judge(self.cases[case_id], observation, ignored, release, mode)
                self.outcomes.append(Outcome(case_id, self.cases[case_id]["family"], mode, status, detail, eps))
                step("%s %s %s" % (release, mode, case_id))

    def _judge(self, case, observation, ignored, release, mode):
        """(status, detail, eps) of one case."""
        if "raised" in observation.facts:
            return "not compared", "TensorFlow refuses the call (%s)" % observation.facts["raised"]["type"], 0.0
        kernel = self._kernel(case, observation, release)
        place = {"case": case["id"], "release": release, "mode": mode, "kernel": kernel}
        rows = [row for row in self.rows if row.is_about(**place)]
        try:
            computed = Replay(case, observation.facts["variables"], self.factory, release, mode).run()
        except Unsuitable as reason:
            return "not compared", str(reason), 0.0
        except NotImplementedError as reason:
            return "not there", str(reason) or "the subject does not have it", 0.0
        except Exception:  # whatever a subject raises is its answer
            exemption = tightest(rows, "", "", float("inf"))
            self.needed.update([exemption] if exemption else [])
            return ("met", "", 0.0) if exemption else ("not met", traceback.format_exc(limit=-2).strip(), 0.0)
        # A loss is the caller's own function of a variable.
        names = [name for name in observation.arrays if "/loss" not in name and name not in ignored]
        return self._compare({name: observation.arrays[name] for name in names}, computed, rows)

    def _compare(self, recorded, computed, rows):
        """(status, detail, eps) of what was computed."""
        wrong, largest = [], 0.0
        for name, array in recorded.items():
            eps = eps_from(array, computed[name]) if name in computed else float("inf")
            row = tightest(rows, name, array.dtype, eps / self.factor)
            if row is None:
                wrong.append(_told(name, array, computed.get(name), eps))
            elif eps:
                self.needed.add(row)
            largest = max(largest, eps if eps < float("inf") else 0.0)
        return ("not met" if wrong else "met"), "\n".join(wrong), largest

    def _index(self, release, mode):
        """The index of the recordings in a mode, read once."""
        key = Key(release, "onednn-off", mode)
        if key not in self._indexes:
            self._indexes[key] = self.store.index(key)
        return self._indexes[key]

    def _kernel(self, case, observation, release):
        """The kernel that TensorFlow ran; what ran eagerly is known from the graph of the same call."""
        if "batch_norm_ops" not in observation.facts and "graph-v1" in case["modes"]:
            observation = self.store.observation(case["id"], self._index(release, "graph-v1").cases[case["id"]].sha)
        return "fused" if observation.facts.get("batch_norm_ops") else "unfused"


def _told(name, array, values, eps):
    if values is None:
        return "%s: not given" % name
    if getattr(values, "shape", ()) != array.shape:
        return "%s: shape %r, recorded %r" % (name, getattr(values, "shape", ()), array.shape)
    return "%s: %.3g eps of %s away from the recording" % (name, eps, array.dtype)
