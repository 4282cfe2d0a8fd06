"""Runs cases in worker processes and collects what they observe.

TensorFlow is imported only in a worker: its global state, its signals and its crashes stay there.
"""

import collections
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures

from golden import pins, stream
from golden.observation import Observation

#: Seconds from the start of a worker to its first case; importing TensorFlow on a busy machine takes tens of them.
STARTUP_TIMEOUT = 300.0
CASE_TIMEOUT = 120.0

#: Provenance of the first worker, and case -> [Observation of each repeat].
Run = collections.namedtuple("Run", "provenance observations")

#: What one worker left behind. case: the one it died in, or None; death: how it died, or None if it came to its end.
#: told: the reason that it gave itself; stderr: the end of it.
_Attempt = collections.namedtuple("_Attempt", "provenance observations case death told stderr")
_Death = collections.namedtuple("_Death", "type notes")
_Limits = collections.namedtuple("_Limits", "startup case")


class WorkerFailed(RuntimeError):
    """A worker could not run any case: nothing was observed, so nothing can be said about the subject."""


def observe(
    subject,
    mode,
    case_ids,
    python=sys.executable,
    keras=None,
    configuration="onednn-off",
    repeats=1,
    device=None,
    follows=None,
    progress=None,
    worker="golden.worker",
    case_timeout=CASE_TIMEOUT,
    startup_timeout=STARTUP_TIMEOUT,
):
    """Observes cases in a worker process; a case that kills the worker is observed as a crash, and the rest goes on.

    Args:
      subject: `real` for the tf.layers of the installed TensorFlow, or the module of another one.
      mode: the mode that every case runs in.
      case_ids: ids, in the order in which they run; with none, only the provenance is found.
      python, worker: the interpreter, and the module that it runs.
      keras, configuration, device, follows: see `pins.environment`.
      repeats: how often each case runs in the process.
      progress: called with the id of each case that is over.
      case_timeout, startup_timeout: seconds for each case, and for everything before the first.

    Returns:
      `Run`. A case that died ends with an observation of the facts `{"raised": {"type": "Crash", "phase": "process"}}`,
      or of type `Timeout`, whose notes say how.

    Raises:
      WorkerFailed: a worker ended before a case could run; the message has its reason.
    """
    command = [python, "-m", worker, "--subject", subject, "--mode", mode, "--repeats", str(repeats)]
    command += ["--device", device] if device else []
    variables = pins.environment(subject, keras, configuration, device, follows=follows)
    limits = _Limits(startup_timeout, case_timeout)
    provenance, observations = None, collections.OrderedDict()
    remaining = list(case_ids)
    while remaining or provenance is None:
        attempt = _attempt(command, variables, remaining, limits, progress or (lambda case_id: None))
        _require_progress(attempt, remaining, repeats, command)
        provenance = provenance or attempt.provenance
        observations.update(attempt.observations)
        remaining = [case_id for case_id in remaining if case_id not in observations]
    return Run(provenance, observations)


def _attempt(command, variables, case_ids, limits, progress):
    """Runs one worker over the cases until its end or death."""
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        cases, out, errors = (os.path.join(folder, name) for name in ("cases.json", "out.bin", "stderr.txt"))
        with open(cases, "w") as target:
            json.dump(case_ids, target)
        with open(errors, "wb") as stderr:
            child = subprocess.Popen(
                command + ["--cases", cases, "--out", out],
                env=variables,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                universal_newlines=True,
                encoding="utf-8",
                errors="replace",
            )
            try:
                case, timed_out, told = _follow(child.stdout, limits, progress)
                if not timed_out:
                    timed_out = not _exits(child, limits.case)
            finally:
                child.kill()
                child.wait()
                child.stdout.close()
            death = _Death("Timeout", {"seconds": limits.case}) if timed_out else _death(child.returncode)
        return _collect(out, case, death, told, _tail(errors), progress)


def _follow(lines, limits, progress):
    """Follows a worker's stdout.

    Returns:
      the case that is not over (or None), whether time ran out, and what the worker said in an `@error` line.
    """
    arrived = queue.Queue()
    threading.Thread(target=_pump, args=(lines, arrived), daemon=True).start()
    case, deadline, told = None, time.monotonic() + limits.startup, ""
    while True:
        try:
            line = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return case, True, told
        if line is None:
            return case, False, told
        if line.startswith("@start "):
            case, deadline = line.split(None, 1)[1].strip(), time.monotonic() + limits.case
        elif line.startswith("@done "):
            progress(case)
            case, deadline = None, time.monotonic() + limits.case
        elif line.startswith("@error "):
            told = line.split(None, 1)[1].strip()


def _pump(lines, arrived):
    """Moves lines into a queue, then None: a pipe cannot be read with a time limit on every platform, a queue can."""
    try:
        for line in lines:
            arrived.put(line)
    except ValueError:
        pass  # closed by the parent after a time-out
    arrived.put(None)


def _exits(child, seconds):
    try:
        child.wait(timeout=seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


def _death(code):
    """How a process ended, from its return code; None for a clean exit."""
    if code == 0:
        return None
    if code > 0:
        return _Death("Crash", {"exit": code})
    try:
        return _Death("Crash", {"signal": signal.Signals(-code).name})
    except ValueError:
        return _Death("Crash", {"signal": -code})


def _collect(out, case, death, told, stderr, progress):
    """The `_Attempt` that a stream and a death add up to."""
    provenance, observations, ended = None, collections.OrderedDict(), False
    for frame in stream.read(out) if os.path.exists(out) else ():
        if frame.kind == "provenance":
            provenance = frame.value
        elif frame.kind == "observation":
            observations.setdefault(frame.case, []).append(frame.value)
        ended = frame.kind == "end"
    if ended:
        case, death = None, None
    elif case is not None:
        death = death or _Death("Crash", {"exit": 0})
        crash = Observation(facts={"raised": {"type": death.type, "phase": "process"}}, notes=death.notes)
        crash.notes["stderr"] = stderr
        observations.setdefault(case, []).append(crash)
        progress(case)
    return _Attempt(provenance, observations, case, death, told, stderr)


def _require_progress(attempt, case_ids, repeats, command):
    """Raises `WorkerFailed` where another attempt would not get further, or where observations are missing."""
    if attempt.told:
        raise WorkerFailed(attempt.told)
    if attempt.provenance is None or (case_ids and not attempt.observations):
        ending = "came to its end" if attempt.death is None else "%s %s" % attempt.death
        raise WorkerFailed(
            "the worker `%s` ran no case (%s). It said last:\n%s"
            % (" ".join(command[1:]), ending, attempt.stderr or "(nothing)")
        )
    for case_id, seen in attempt.observations.items():
        if len(seen) < repeats and case_id != attempt.case:
            raise WorkerFailed("the worker observed %s %d times, not %d" % (case_id, len(seen), repeats))


def _tail(path, characters=4000):
    """The end of a text file."""
    with open(path, "rb") as source:
        return source.read().decode("utf-8", "replace")[-characters:].strip()


def side_by_side(calls):
    """Starts functions of no arguments in threads, as many at once as there are processors.

    A worker has one thread, so two of them do not change each other's results.

    Returns:
      list with, for each call, a function that waits for its result (or raises its error).
    """
    pool = futures.ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1))
    waiting = [pool.submit(call).result for call in calls]
    pool.shutdown(wait=False)
    return waiting
