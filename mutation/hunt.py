"""Looks for a trial that fails on a mutant: the most promising first, until one does or the time for it is over."""

import collections
import itertools
import time

from mutation.forker import Forker
from mutation.places import PLACES
from mutation.protocol import Request
from mutation.reach import watched

#: What became of a mutant. status: `killed`, or `survived`; by: place and trial that failed, `hang` or `crash` with it,
#: or empty; why: the end of its report; tried: number of trials.
Outcome = collections.namedtuple("Outcome", "id path within line diff status by why tried seconds")

#: Seconds of trials in each place, a round after the other.
ROUNDS = (0.4, 1.6)

#: A trial may take this many seconds, and so many times its own.
_PATIENCE, _SLOWER = 15.0, 10.0


class Learned:
    """How often each trial and each place has found a mutant of a file."""

    def __init__(self):
        self._found, self._seconds = collections.Counter(), collections.Counter()

    def learn(self, path, place, trial, seconds):
        """Takes what a place cost, and the trial that failed there or None."""
        self._seconds[path, place] += seconds
        if trial is not None:
            self._found[path, place] += 1
            self._found[path, place, trial] += 1

    def trials(self, path, place, known):
        """The trials in the order to try: what found most, then one of each group after the other."""
        numbers = collections.Counter()
        turns = {}
        for one in sorted(known, key=lambda one: one.seconds):
            turns[one.trial] = numbers[one.trial.group]
            numbers[one.trial.group] += 1
        return sorted(known, key=lambda one: (-self._found[path, place, one.trial], turns[one.trial], one.seconds))

    def places(self, path):
        """The places in the order to try, by what they found in a second."""
        return sorted(PLACES, key=lambda place: -(1 + self._found[path, place]) / (3 + self._seconds[path, place]))


class Hunter:
    """Hunts one mutant after the other, with forkers of its own.

    Args:
      reach: the `Reach` of all places.
      learned: the `Learned`, shared with others.
      sources: path -> text of the files that are changed.
    """

    def __init__(self, reach, learned, sources):
        self._reach, self._learned, self._sources = reach, learned, sources
        self._forkers = {}

    def ask(self, request):
        """The answer of a forker of the place's Keras."""
        keras = request.place.keras
        if keras not in self._forkers:
            self._forkers[keras] = Forker(keras)
        return self._forkers[keras].ask(request)

    def close(self):
        """Ends the forkers."""
        for forker in self._forkers.values():
            forker.close()

    def hunt(self, mutant):
        """The `Outcome` of a mutant."""
        started, tried = time.monotonic(), set()
        lines = watched(mutant, self._sources)
        known = {place: self._reach.running(place, lines) for place in PLACES}
        by, why = "", ""
        for seconds, place in itertools.product(ROUNDS, self._learned.places(mutant.path)):
            by, why = self._try(mutant, place, self._next(mutant, place, known[place], tried, seconds), tried)
            if by:
                break
        status = "killed" if by else "survived"
        took = round(time.monotonic() - started, 2)
        line, diff = mutant.lines[0], mutant.diff()
        return Outcome(mutant.id, mutant.path, mutant.within, line, diff, status, by, why, len(tried), took)

    def _next(self, mutant, place, known, tried, seconds):
        """The trials that come next in a place, for some seconds."""
        left = [one for one in known if (place, one.trial) not in tried]
        chosen = []
        for one in self._learned.trials(mutant.path, place, left):
            if seconds <= 0:
                break
            chosen.append(one)
            seconds -= one.seconds
        return chosen

    def _try(self, mutant, place, known, tried):
        """(what failed, why), empty if nothing did."""
        if not known:
            return "", ""
        started = time.monotonic()
        trials = [one.trial for one in known]
        patience = _PATIENCE + _SLOWER * max(one.seconds for one in known)
        answer = self.ask(Request(place, trials, {mutant.path: mutant.source}, (), patience))
        tried.update((place, trial) for trial in trials)
        by, why = _found(answer, trials)
        self._learned.learn(mutant.path, place, by, time.monotonic() - started)
        if by is None:
            return "", ""
        return " ".join([place.keras, place.mode, by.id] + [answer.ending] * (answer.ending != "end")), why


def _found(answer, trials):
    """(the trial that failed, why), or (None, "")."""
    for seen in answer.seen:
        if seen.failure:
            return seen.trial, seen.failure[-300:]
    if answer.ending != "end":
        seen = {seen.trial for seen in answer.seen}
        return next((trial for trial in trials if trial not in seen), trials[-1]), answer.ending
    return None, ""
