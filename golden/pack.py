"""The observations of one case, in one append-only file.

A pack is `MAGIC`, then one entry for each observation: its sha (32 bytes), the length of what follows (4 bytes,
little-endian), and a raw deflate stream. Its plain text is the manifest as a JSON line, where an array names its data
by number, and then the data that no entry before it holds. Data is numbered in the order in which it came.
"""

import collections
import hashlib
import json
import os
import struct
import zlib

from golden.files import DataError
from golden.observation import Observation, byte_size, canonical_json

MAGIC = b"golden pack 1\n"
_PREFIX = struct.Struct("<32sI")

#: An entry is squeezed with the end of the entry before as its dictionary, since modes and releases repeat each other.
#: Five cases of 14 to 144 elements, 4 modes on TF 1.15.5, 2.4.4, 2.15.1 and 2.21.0: 33 distinct observations of 80 take
#: 116 kB as manifests and data, 73 kB in packs as plain text, 29 kB with zlib alone and 22 kB so.
_WINDOW = 32768

#: Bytes of the largest observation that is unpacked; the largest there is has a 50th of that.
_LARGEST = 2**24


class Pack:
    """The content of a pack file.

    Args:
      path: the file, for messages; see `read`.
    """

    def __init__(self, path):
        self.path = str(path)
        self.content = MAGIC
        self.observations = collections.OrderedDict()
        self._blobs, self._numbers, self._plain = [], {}, b""

    @classmethod
    def read(cls, path):
        """The pack at `path`; empty where there is no file.

        Raises:
          DataError: the file is damaged.
        """
        pack = cls(path)
        if not os.path.exists(pack.path):
            return pack
        with open(pack.path, "rb") as source:
            content = source.read()
        if not content.startswith(MAGIC):
            raise DataError("%s is not a pack: it starts with %r" % (pack.path, content[: len(MAGIC)]))
        start = len(MAGIC)
        while start < len(content):
            start = pack._load(content, start)
        pack.content = content
        return pack

    def get(self, sha):
        """The observation with this identity.

        Raises:
          DataError: the pack does not hold it.
        """
        if sha not in self.observations:
            raise DataError(self.without(sha))
        return self.observations[sha]

    def without(self, sha):
        """A line that says that an observation is missing."""
        return "%s holds %d observations, and not %s" % (self.path, len(self.observations), sha)

    def add(self, observation):
        """Appends an `Observation`, unless the pack holds it; returns its sha."""
        sha = observation.sha
        if sha in self.observations:
            return sha
        plain = self._encode(observation)
        squeezed = self._squeeze(plain)
        self.content += _PREFIX.pack(bytes.fromhex(sha), len(squeezed)) + squeezed
        self.observations[sha], self._plain = observation, plain
        return sha

    def _encode(self, observation):
        """The plain text of an entry; numbers the data that is new."""
        manifest, new = observation.manifest(), []
        for row, array in zip(manifest["arrays"], observation.arrays.values()):
            sha = row[3]
            if sha not in self._numbers:
                self._number(array.data, sha)
                new.append(array.data)
            row[3] = self._numbers[sha]
        return canonical_json(manifest) + b"\n" + b"".join(new)

    def _number(self, data, sha):
        self._numbers[sha] = len(self._blobs)
        self._blobs.append(data)

    def _squeeze(self, plain):
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, self._plain[-_WINDOW:])
        return deflate.compress(plain) + deflate.flush()

    def _load(self, content, start):
        """Takes in the entry at `start`; returns where the next one starts."""
        where = "%s, entry %d at byte %d" % (self.path, len(self.observations), start)
        if len(content) < start + _PREFIX.size:
            raise DataError("%s: the file ends inside the entry" % where)
        sha, size = _PREFIX.unpack_from(content, start)
        start += _PREFIX.size
        squeezed = content[start : start + size]
        if len(squeezed) < size:
            raise DataError("%s: the file ends inside the entry" % where)
        try:
            deflated = zlib.decompressobj(-15, self._plain[-_WINDOW:])
            plain = deflated.decompress(squeezed, _LARGEST)
            if deflated.unconsumed_tail:
                raise ValueError("it unpacks to more than %d bytes" % _LARGEST)
            observation = self._decode(plain)
        except (zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise DataError("%s: the entry cannot be read (%s)" % (where, error)) from None
        if observation.sha != sha.hex():
            raise DataError("%s: the hash is %s, the entry says %s" % (where, observation.sha, sha.hex()))
        self.observations[sha.hex()], self._plain = observation, plain
        return start + size

    def _decode(self, plain):
        """The observation of an entry; numbers the data that is new."""
        line, _, data = plain.partition(b"\n")
        manifest, start = json.loads(line.decode("utf-8")), 0
        for _, dtype, shape, number in manifest["arrays"]:
            if number == len(self._blobs):
                size = byte_size(dtype, shape)
                blob = data[start : start + size]
                self._number(blob, hashlib.sha256(blob).hexdigest())
                start += size
        return Observation.from_manifest(manifest, self._blobs.__getitem__)
