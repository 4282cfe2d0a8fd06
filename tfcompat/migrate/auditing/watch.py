"""Watches moving statistics from step to step, and reports what it finds."""

import logging
import warnings
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

import numpy as np

from tfcompat.migrate.auditing.diagnoses import Diagnosis, diagnosis, of_momentum, of_values

ACTIONS = ("raise", "warn", "log")


class BatchNormalizationError(RuntimeError):
    """A batch normalization is used wrongly; `diagnoses` tells how."""

    def __init__(self, diagnoses: Sequence[Diagnosis]):
        super().__init__("\n".join(str(found) for found in diagnoses))
        self.diagnoses = tuple(diagnoses)


class BatchNormalizationWarning(UserWarning):
    """A batch normalization may be used wrongly."""


class Reporter:
    """Tells each diagnosis once.

    Args:
      action: `raise` raises what is an error and warns of the rest; `warn` warns of all; `log` writes all to the logger
        `tfcompat`.

    Raises:
      ValueError: another action.
    """

    def __init__(self, action: str):
        if action not in ACTIONS:
            raise ValueError("action is {!r}; allowed are {}.".format(action, ", ".join(ACTIONS)))
        self.action = action
        self._told: Set[Tuple[str, str]] = set()

    def tell(self, diagnoses: Iterable[Diagnosis]) -> None:
        """Reports what was not reported before.

        Raises:
          BatchNormalizationError: one of them is an error, and the action is `raise`.
        """
        new: List[Diagnosis] = []
        for found in diagnoses:
            if (found.code, found.layer) not in self._told:
                self._told.add((found.code, found.layer))
                new.append(found)
        errors = [found for found in new if self.action == "raise" and found.severity == "error"]
        for found in new:
            if self.action == "log":
                logging.getLogger("tfcompat").warning("%s", found)
            elif found not in errors:
                warnings.warn(str(found), BatchNormalizationWarning, stacklevel=4)
        if errors:
            raise BatchNormalizationError(errors)


class Watch:
    """The moving statistics of layers that train, as they were when they were last looked at."""

    def __init__(self) -> None:
        self._step = 0
        self._before: Dict[str, Mapping[str, Any]] = {}

    def begin(
        self, statistics: Mapping[str, Mapping[str, Any]], momenta: Mapping[str, Any], steps: Optional[int]
    ) -> Any:
        """Remembers the first values.

        Args:
          statistics: layer -> role -> array.
          momenta: layer -> momentum.
          steps: that the training is planned to take, None where that is not known.

        Returns:
          The diagnoses of the plan.
        """
        self._before = _copied(statistics)
        return [found for layer, momentum in momenta.items() for found in of_momentum(layer, [momentum], steps)]

    def look(self, step: int, statistics: Mapping[str, Mapping[str, Any]]) -> List[Diagnosis]:
        """The diagnoses after `step` steps of training; with none since the last look there are none."""
        passed, found = step - self._step, []
        if passed > 0:
            for layer, values in statistics.items():
                found += list(of_values(layer, values))
                if layer in self._before and not _moved(self._before[layer], values):
                    found.append(diagnosis("statistics-still", layer, steps=passed))
            self._step, self._before = step, _copied(statistics)
        return found


def _copied(statistics: Mapping[str, Mapping[str, Any]]) -> Dict[str, Mapping[str, Any]]:
    return {layer: {role: np.array(value) for role, value in roles.items()} for layer, roles in statistics.items()}


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return any(not np.array_equal(before[role], after[role]) for role in after if role in before)
