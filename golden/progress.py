"""Progress on stderr: a bar on a terminal, a few plain lines elsewhere."""

import sys
import time

_WIDTH = 30
_PLAIN_STEPS = 5


class Progress:
    """Counts what is done of `total` steps, and says how long the rest may take.

    Args:
      total: number of steps.
      out: where to write; a bar that redraws itself if that is a terminal.
      clock: seconds, monotonic.
    """

    def __init__(self, total, out=None, clock=time.monotonic):
        self.total, self.done = total, 0
        self.out, self.clock = sys.stderr if out is None else out, clock
        self.started = clock()
        self._terminal = self.out.isatty()

    def step(self, label):
        """One step is done; `label` says which."""
        self.done += 1
        if self._terminal:
            filled = _WIDTH * self.done // self.total
            bar = "#" * filled + "." * (_WIDTH - filled)
            self._write("\r\x1b[K[%s] %d/%d  %s left  %s" % (bar, self.done, self.total, self.left(), label[:60]))
        elif self.done * _PLAIN_STEPS // self.total > (self.done - 1) * _PLAIN_STEPS // self.total:
            self._write("%d/%d  %s left  %s\n" % (self.done, self.total, self.left(), label))

    def left(self):
        """The time that the rest takes if it goes on like this, as `minutes:seconds`."""
        seconds = (self.clock() - self.started) / self.done * (self.total - self.done)
        return "%d:%02d" % divmod(int(seconds + 0.5), 60)

    def close(self):
        """Clears the bar."""
        if self._terminal:
            self._write("\r\x1b[K")

    def _write(self, text):
        self.out.write(text)
        self.out.flush()
