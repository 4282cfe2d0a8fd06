"""A process that has imported TensorFlow, Keras and the recordings, but neither tfcompat nor anything that starts
TensorFlow's runtime; it forks for each request, so that a fresh process costs milliseconds.
"""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import traceback
from multiprocessing import connection

from golden import pins
from mutation.protocol import Answer


class Forker:
    """A forker process, from outside.

    Args:
      keras: `keras2` or `keras3`.

    Raises:
      EOFError: it ended; its stderr is that of this process.
    """

    def __init__(self, keras):
        self._connection, other = connection.Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mutation.forker", str(other.fileno())],
            env=pins.environment("tfcompat.layers", keras),
            cwd=pins.ROOT,
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
        )
        other.close()

    def ask(self, request):
        """The `Answer` to a `Request`.

        Raises:
          RuntimeError: the harness itself failed there.
        """
        self._connection.send(request)
        answer = self._connection.recv()
        if answer.ending.startswith("error"):
            raise RuntimeError("a child of the forker ends with an %s" % answer.ending)
        return answer

    def close(self):
        """Ends the process."""
        self._connection.close()
        self._process.wait()


def serve(requests):
    """Answers requests until there are no more."""
    from mutation import child

    child.prepare()
    gc.collect()
    gc.freeze()  # what is shared with all children need not be looked at in them
    with contextlib.suppress(EOFError):
        while True:
            requests.send(_answer(requests.recv(), child.run))


def _answer(request, run):
    """Forks, and listens until the child is done or silent for too long."""
    told, tell = connection.Pipe(duplex=False)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        told.close()
        _be_child(run, request, tell)
    tell.close()
    seen, ending = [], "crash"
    while ending == "crash":
        if not told.poll(request.patience):
            ending = "hang"
            break
        try:
            news = told.recv()
        except (EOFError, OSError):
            break
        if isinstance(news, str):
            ending = news
        else:
            seen.append(news)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return Answer(seen, ending)


def _be_child(run, request, tell):
    """The whole life of a child."""
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1) if os.environ.get("MUTATION_SHOWS") else (0, 1, 2):
            os.dup2(nowhere, stream)
        run(request, tell.send)
        tell.send("end")
    except BaseException:
        tell.send("error: " + traceback.format_exc())
    finally:
        os._exit(0)


if __name__ == "__main__":
    serve(connection.Connection(int(sys.argv[1])))
