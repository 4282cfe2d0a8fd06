"""Outcomes in a file of JSON lines, one added after the other, so that a run that was stopped goes on."""

import json
import os
import threading

from mutation.hunt import Outcome


class Results:
    """The outcomes in a file.

    Args:
      path: of the file; it need not be there.
    """

    def __init__(self, path):
        self._path, self._lock = path, threading.Lock()
        self.by_id = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as source:
                for outcome in _complete(source):
                    self.by_id[outcome.id] = outcome

    def add(self, outcome):
        """Takes an outcome; a later one of the same mutant counts."""
        with self._lock:
            self.by_id[outcome.id] = outcome
            with open(self._path, "a", encoding="utf-8") as target:
                target.write(json.dumps(outcome._asdict()) + "\n")


def _complete(lines):
    """The outcomes of whole lines; a run that was killed may have left half a one."""
    for line in lines:
        try:
            yield Outcome(**json.loads(line))
        except ValueError:
            continue
