"""Progress is a bar on a terminal and a few lines elsewhere."""

import io

import pytest

from golden.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    """A clock that a second passes on whenever it is read."""
    return iter(range(10**6)).__next__


def test_elsewhere_five_lines_with_the_time_left(clock):
    out = io.StringIO()
    progress = Progress(100, out, clock)
    for step in range(100):
        progress.step("case %d" % step)
    lines = out.getvalue().splitlines()
    assert len(lines) == 5 and lines[-1] == "100/100  0:00 left  case 99"
    assert "left  case 19" in lines[0]


def test_terminal_has_one_line_that_goes_away(clock):
    out = Terminal()
    progress = Progress(120, out, clock)
    progress.step("first")
    assert out.getvalue().endswith("] 1/120  1:59 left  first")
    progress.close()
    assert "\n" not in out.getvalue() and out.getvalue().endswith("\r\x1b[K")
