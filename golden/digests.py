"""Digests of files in one file beside them: a flipped bit is found even where it leaves a file that can be read.

`SHA256SUMS` has the form of `sha256sum`, so that `sha256sum --check` reads it too. One file for a whole folder, not a
digest inside of each file: recorded files stay as they are, and a missing file is found like a damaged one.
"""

import collections
import hashlib
import os
import re

from golden.files import UNFINISHED, DataError, remove, write_atomically

NAME = "SHA256SUMS"

#: The digests of what a recorder is about to write: while it is there, a file has this digest or the one of before.
PENDING = NAME + ".pending"

#: Stands for the digest of a file that is not there.
ABSENT = "0" * 64

_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def of(content):
    """sha256 of bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def of_file(path):
    """sha256 of a file, `ABSENT` where there is none."""
    if not os.path.isfile(path):
        return ABSENT
    with open(path, "rb") as source:
        return of(source.read())


def dump(digests):
    """The content of a file of digests: name -> digest, one a line, sorted by name."""
    return "".join("%s  %s\n" % (digests[name], name) for name in sorted(digests)).encode("utf-8")


def read(root, name=NAME):
    """Name -> digest as a folder's file says; empty where there is no such file.

    Raises:
      DataError: the file is not as `dump` writes it.
    """
    path = os.path.join(root, name)
    if not os.path.exists(path):
        return {}
    with open(path, "rb") as source:
        content = source.read()
    lines = [_LINE.fullmatch(line) for line in content.decode("utf-8", "replace").split("\n")[:-1]]
    digests = {line.group(2): line.group(1) for line in lines if line}
    if content != dump(digests):
        raise DataError(
            "%s is damaged: each line is a sha256, two spaces and a file, sorted by file; take it from the commit, or "
            "remove it, check the rest by other means and run `python -m golden fsck --seal`" % path
        )
    return digests


def write_all(root, contents):
    """Writes files and their digests; the caller holds the folder's lock.

    Killed at any time, every file is as before or as it should become, and has a digest that says so.

    Args:
      root: the folder that the digests are for.
      contents: list of (path, bytes, or None to remove the file), done in this order.
    """
    settle(root)
    new = {relative(root, path): ABSENT if content is None else of(content) for path, content in contents}
    write_atomically(os.path.join(root, PENDING), dump(new))
    for path, content in contents:
        if content is None:
            remove(path)
        else:
            write_atomically(path, content)
    _end(root, new)


def settle(root):
    """Ends what a recorder that was killed left pending: takes the digests of those files that it had written."""
    pending = read(root, PENDING)
    for name in pending:
        remove(os.path.join(root, name + UNFINISHED))
    if os.path.exists(os.path.join(root, PENDING)):
        _end(root, {name: digest for name, digest in pending.items() if of_file(os.path.join(root, name)) == digest})


def _end(root, new):
    """Writes the digests that files have now; nothing is pending any more."""
    known = dict(read(root), **new)
    there = {name: digest for name, digest in known.items() if digest != ABSENT}
    write_atomically(os.path.join(root, NAME), dump(there))
    remove(os.path.join(root, PENDING))


def relative(root, path):
    """The name of a file in a file of digests: its path below the folder, with `/`."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def names_below(root):
    """The names of all files below a folder, sorted; links are named and not followed."""
    found = []
    for folder, _, names in os.walk(root):
        found += [relative(root, os.path.join(folder, name)) for name in names]
    return sorted(found)


#: A file that is not as its digest says. kind: `damaged`, `missing`, or `unsealed` where it has no digest.
Odd = collections.namedtuple("Odd", "kind name")


def odd(root, names):
    """The `Odd` ones among files, and among those that have a digest.

    Raises:
      DataError: a file of digests is damaged.
    """
    known, pending = read(root), read(root, PENDING)
    found = []
    for name in sorted(set(names) | set(known)):
        digest = of_file(os.path.join(root, name))
        if digest in (known.get(name, ABSENT), pending.get(name)):
            continue
        sealed = name in known or name in pending
        found.append(Odd("missing" if digest == ABSENT else "damaged" if sealed else "unsealed", name))
    return found
