"""The file through which a worker process hands its observations to its parent.

A file is a sequence of frames; a frame is one JSON line and, for an observation, `bytes` bytes of its canonical form.
Every frame is flushed when it is written, so a killed worker loses at most the case that it was in.
"""

import collections
import json

from golden.observation import Observation, canonical_json

#: kind: `provenance`, `observation` or `end`; case and repeat: None but for an observation; value: the provenance
#: mapping, the `Observation`, or None.
Frame = collections.namedtuple("Frame", "kind case repeat value")


class Writer:
    """Appends frames to the file at `path`, and flushes after each."""

    def __init__(self, path):
        self._file = open(str(path), "ab")  # noqa: SIM115 - `end` closes it

    def provenance(self, mapping):
        """Writes what ran: a JSON-ready mapping. The first frame of a stream."""
        self._frame({"kind": "provenance", "value": mapping})

    def observation(self, case_id, repeat, observation):
        """Writes one `Observation` of a case; `repeat` counts from 0."""
        content = observation.canonical()
        header = {"kind": "observation", "case": case_id, "repeat": repeat, "notes": observation.notes}
        self._frame(dict(header, bytes=len(content)), content)

    def end(self):
        """Writes the frame that says that nothing is missing, and closes the file."""
        self._frame({"kind": "end"})
        self._file.close()

    def _frame(self, header, content=b""):
        self._file.write(canonical_json(header) + b"\n" + content)
        self._file.flush()


def read(path):
    """The frames of a file, in order; a frame cut off at the end of the file is left out.

    Raises:
      ValueError: a frame that is whole cannot be understood.
    """
    with open(str(path), "rb") as stream:
        while True:
            line = stream.readline()
            if not line.endswith(b"\n"):
                return
            header = _header(path, line)
            content = stream.read(header.get("bytes", 0))
            if len(content) < header.get("bytes", 0):
                return
            yield _frame(header, content)


def _header(path, line):
    try:
        return json.loads(line.decode("utf-8"))
    except ValueError as error:
        raise ValueError("%s is not a stream of observations: the line %r is not JSON" % (path, line[:80])) from error


def _frame(header, content):
    if header["kind"] != "observation":
        return Frame(header["kind"], None, None, header.get("value"))
    observation = Observation.from_canonical(content)
    observation.notes = header["notes"]
    return Frame("observation", header["case"], header["repeat"], observation)
