"""Notes of an observation, kept for people: without what belongs to the machine that recorded it."""

import re

#: A path of this machine in a message; TensorFlow 1.14 to 2.6 write those of a traceback without the first slash, and a
#: message may be cut off inside of one.
_PATH = re.compile(
    r"""(?<=File ")[^"<]+|(?<![\w./<>-])(?:/[\w.+@-]+){2,}|[\w.+@/-]*(?:site-packages|golden/runner)/[\w.+@/-]*"""
)


def portable(notes):
    """Notes without the paths of this machine, and without what a dying process said."""
    told = {key: value for key, value in notes.items() if key != "stderr"}
    return {k: _PATH.sub("<path>", v) if isinstance(v, str) else v for k, v in told.items()}
