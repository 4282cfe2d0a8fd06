"""What one case was seen to do: arrays, facts and notes, with one canonical form in bytes."""

import collections
import hashlib
import json

import numpy as np

#: dtypes that NumPy has no name for; they travel as their bit patterns.
OPAQUE = {"bfloat16": np.dtype("<u2")}


class Array:
    """Bits with a dtype name and a shape.

    Args:
      dtype: name as TensorFlow prints it, for example `float32` or `bfloat16`.
      shape: tuple of ints.
      data: little-endian bytes, row-major.
    """

    __slots__ = ("dtype", "shape", "data")

    def __init__(self, dtype, shape, data):
        self.dtype, self.shape, self.data = str(dtype), tuple(int(n) for n in shape), bytes(data)
        expected = byte_size(self.dtype, self.shape)
        if len(self.data) != expected:
            raise ValueError(
                "an array of dtype %s and shape %r has %d bytes, got %d"
                % (self.dtype, self.shape, expected, len(self.data))
            )

    @classmethod
    def of(cls, value):
        """The `Array` with the bits of a NumPy value (also of an ml_dtypes or TensorFlow bfloat16 array)."""
        value = np.asarray(value)
        name = value.dtype.name if value.dtype.kind != "V" else "bfloat16"
        raw = value.view(np.uint16) if name in OPAQUE else value
        return cls(name, value.shape, raw.astype(raw.dtype.newbyteorder("<")).tobytes())

    @classmethod
    def cast(cls, values, dtype):
        """The `Array` of values that are exact in a dtype, given by its name."""
        with np.errstate(all="ignore"):
            if dtype != "bfloat16":
                return cls.of(np.asarray(values).astype(dtype))
            words = np.asarray(values).astype("<f4").view("<u4") >> 16
            return cls(dtype, words.shape, words.astype("<u2").tobytes())

    @property
    def storage_dtype(self):
        """The little-endian NumPy dtype that holds the bits."""
        return OPAQUE.get(self.dtype) or np.dtype(self.dtype).newbyteorder("<")

    def bits(self):
        """The stored words, as a NumPy array of `storage_dtype`."""
        return np.frombuffer(self.data, dtype=self.storage_dtype).reshape(self.shape)

    def values(self):
        """The values, as a NumPy array; bfloat16 widens exactly to float32."""
        bits = self.bits()
        if self.dtype == "bfloat16":
            return (bits.astype("<u4") << 16).view("<f4").reshape(self.shape)
        return bits

    @property
    def sha(self):
        """sha256 of the data alone, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    def __eq__(self, other):
        return (self.dtype, self.shape, self.data) == (other.dtype, other.shape, other.data)

    def __repr__(self):
        return "Array(%s, %r, %s)" % (self.dtype, self.shape, self.sha[:8])


class Observation:
    """What a subject did with one case in one mode.

    Args:
      arrays: mapping of name to `Array`, in the order in which they were seen.
      facts: JSON-ready mapping that is compared exactly (names, shapes, op types, the type of a raised error).
      notes: JSON-ready mapping that is kept for people and never compared (error messages).
    """

    def __init__(self, arrays=(), facts=None, notes=None):
        self.arrays = collections.OrderedDict(arrays)
        self.facts = dict(facts or {})
        self.notes = dict(notes or {})

    def manifest(self):
        """JSON-ready description; the arrays are named by the hash of their data."""
        arrays = [[name, a.dtype, list(a.shape), a.sha] for name, a in self.arrays.items()]
        return {"arrays": arrays, "facts": self.facts, "notes": self.notes}

    def manifest_bytes(self):
        """The manifest as canonical JSON."""
        return canonical_json(self.manifest())

    @property
    def sha(self):
        """sha256 of the manifest, in hex: the identity of the observation in an index."""
        return hashlib.sha256(self.manifest_bytes()).hexdigest()

    def canonical(self):
        """Everything that is compared, as bytes: a JSON line, then the data of every array."""
        header = self.manifest()
        del header["notes"]
        return canonical_json(header) + b"\n" + b"".join(a.data for a in self.arrays.values())

    @classmethod
    def from_canonical(cls, content):
        """The observation, without notes, whose `canonical()` is `content`."""
        line, _, data = content.partition(b"\n")
        header = json.loads(line.decode("utf-8"))
        blobs, start = {}, 0
        for _, dtype, shape, sha in header["arrays"]:
            size = byte_size(dtype, shape)
            blobs[sha] = data[start : start + size]
            start += size
        if start != len(data):
            raise ValueError("canonical bytes hold %d bytes of data, the header names %d" % (len(data), start))
        return cls.from_manifest(header, blobs.__getitem__)

    @classmethod
    def from_manifest(cls, manifest, blob):
        """The observation of a manifest; `blob(sha)` gives the data of an array."""
        arrays = [(name, Array(dtype, shape, blob(sha))) for name, dtype, shape, sha in manifest["arrays"]]
        return cls(arrays, manifest["facts"], manifest.get("notes"))


def byte_size(dtype, shape):
    """Bytes that an array of this dtype name and shape takes."""
    item = (OPAQUE.get(dtype) or np.dtype(dtype)).itemsize
    return item * int(np.prod(shape, dtype=np.int64))


def canonical_json(value):
    """Compact UTF-8 JSON with sorted keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
