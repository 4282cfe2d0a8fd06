"""The processes of the peers."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: Seconds for any answer of a worker.
TIMEOUT = 300.0


class PeerError(RuntimeError):
    """A peer cannot do what it was told; the message says why."""


class WorkerDied(PeerError):
    """And its process is gone."""


def environment(options):
    """The variables of every worker."""
    threads = str(options.threads)
    variables = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    variables.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), threads))
    variables.update(TF_NUM_INTEROP_THREADS="1", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    variables.update(
        TF_ENABLE_ONEDNN_OPTS=str(int(options.onednn == "on")), PYTHONPATH=ROOT, KERAS_BACKEND="tensorflow"
    )
    return variables


class Worker:
    """The process of a peer; see `benchmarks.worker` for what it is told and answers.

    Args:
      peer: a `Peer`.
      options: of the command.
      variables: of the environment, beside those of every worker.
    """

    def __init__(self, peer, options, variables):
        python = options.torch if peer.name == "pytorch" else sys.executable
        command = [python, "-m", "benchmarks.worker", "--peer", peer.name]
        command += ["--mode", options.mode, "--threads", str(options.threads)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._child = subprocess.Popen(
            command,
            env=dict(environment(options), **variables),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answers = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._child.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def ready(self):
        """The versions of its libraries, once it has loaded them."""
        return self._answer()["ready"]

    def ask(self, **command):
        """The answer to a command.

        Raises:
          PeerError: what the worker says went wrong.
          WorkerDied: it ended, or did not answer in time.
        """
        try:
            self._child.stdin.write(json.dumps(command) + "\n")
            self._child.stdin.flush()
        except OSError:
            pass  # it is gone; the answer says so
        return self._answer()

    def _answer(self):
        try:
            line = self._answers.get(timeout=TIMEOUT)
        except queue.Empty:
            self.close()
            raise WorkerDied("no answer in {:.0f} seconds".format(TIMEOUT)) from None
        if line is None:
            code = self._child.wait()
            self._errors.seek(0)
            said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            raise WorkerDied("ended with {}: {}".format(code, said[-1] if said else "it said nothing"))
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def close(self):
        """Ends the process."""
        self._child.kill()
        self._child.wait()
        self._errors.close()


class Team:
    """The workers of some peers; one that dies is started again when it is needed next."""

    def __init__(self, peers, start):
        self._start, self._peers = start, {peer.name: peer for peer in peers}
        self._workers = {peer.name: start(peer) for peer in peers}
        self._why, self.names = {}, list(self._workers)
        self.versions = {}
        for name in self._workers:
            self._wait_for(name)

    def _wait_for(self, name):
        try:
            self.versions.update(self._workers[name].ready())
        except PeerError as error:
            self._why[name] = str(error)

    def ask(self, name, **command):
        """The answer of the worker of a peer.

        Raises:
          PeerError: it has none.
        """
        if name in self._why:
            raise PeerError(self._why[name])
        try:
            return self._workers[name].ask(**command)
        except WorkerDied:
            self._workers[name].close()
            self._workers[name] = self._start(self._peers[name])
            self._wait_for(name)
            raise

    def close(self):
        """Ends all processes."""
        for worker in self._workers.values():
            worker.close()
