"""What a user chose on a command line, checked against what there is."""

import fnmatch

from golden import installed, pins


class BadInput(ValueError):
    """What was asked for cannot be done; the message is one line."""


def matching(patterns, cases):
    """The ids that match any of the shell patterns (all where there is none).

    Raises:
      BadInput: a pattern matches nothing.
    """
    for pattern in patterns or ():
        if not fnmatch.filter(cases, pattern):
            raise BadInput("no case is called %s; `python -m golden list` names all %d" % (pattern, len(cases)))
    return {c for c in cases if not patterns or any(fnmatch.fnmatchcase(c, pattern) for pattern in patterns)}


def kerases_for(subject, wanted, release):
    """The Kerases to run on: those that are here, or the wanted ones of them.

    Raises:
      BadInput: a wanted one is not here, or `real` has none to run on.
    """
    here = installed.kerases(release)
    if subject == pins.REAL:
        here = [keras for keras in here if keras == "keras2"]
    missing = [keras for keras in wanted or () if keras not in here]
    if missing or not here:
        raise BadInput(
            "%s does not run on %s here: TensorFlow %s has %s (Keras 2 comes with tf-keras from TensorFlow 2.16 on)"
            % (subject, " and ".join(missing) or "any Keras", release, " and ".join(here) or "none that it can use")
        )
    return [keras for keras in here if not wanted or keras in wanted]
