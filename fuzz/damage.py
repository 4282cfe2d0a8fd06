"""Damages files at random: flipped bits, cut-off ends, huge lengths, and what a format has beside bytes.

Everything is drawn from a `random.Random`, so that a seed gives the same damage again.
"""

import importlib
import io
import json
import struct
import zipfile
import zlib

#: Lengths and sizes that are too large, or negative when read with a sign.
HUGE = (2**31 - 1, 2**32 - 1, 2**62, 2**63 - 1, 2**64 - 1)

#: What stands in JSON where something else is expected.
_ODD = (None, True, -1, 0, 10**30, float("inf"), float("nan"), "", "x" * 100000, "\u0000", [], {}, [[]], "../..")


def some_bytes(draw, content):
    """A file after one to three changes to its bytes."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        content = draw.choice(_CHANGES)(draw, bytearray(content))
    return bytes(content)


def _flip(draw, content):
    for _ in range(draw.choice((1, 1, 4, 16)) if content else 0):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return content


def _cut(draw, content):
    return content[: draw.randrange(len(content) + 1)]


def _insert(draw, content):
    place = draw.randrange(len(content) + 1)
    content[place:place] = bytes(draw.randrange(256) for _ in range(draw.randrange(1, 64)))
    return content


def _remove(draw, content):
    place = draw.randrange(len(content) + 1)
    del content[place : place + draw.randrange(1, 64)]
    return content


def _repeat(draw, content):
    place = draw.randrange(len(content) + 1)
    content[place:place] = content[place : place + draw.randrange(1, 256)]
    return content


def _fill(draw, content):
    place = draw.randrange(len(content) + 1)
    length = len(content[place : place + draw.randrange(1, 32)])
    content[place : place + length] = draw.choice((b"\0", b"\xff", b"\x80")) * length
    return content


def _huge(draw, content):
    """A length where there may be one: of 4 or 8 bytes, or as protocol buffers write it."""
    number = draw.choice(HUGE)
    written = draw.choice((struct.pack("<I", number & 0xFFFFFFFF), struct.pack("<Q", number), varint(number)))
    place = draw.randrange(len(content) + 1)
    content[place : place + len(written)] = written
    return content


_CHANGES = (_flip, _flip, _cut, _insert, _remove, _repeat, _fill, _huge, _huge)


def varint(number):
    """A number as protocol buffers write it."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes(written) + bytes([number])


def some_json(draw, content):
    """JSON in which one value is something else, or its bytes damaged."""
    if draw.random() < 0.4:
        return some_bytes(draw, content)
    if draw.random() < 0.05:
        return b"[" * 100000
    value = json.loads(content.decode("utf-8"))
    places = list(_places(value))
    holder, key = draw.choice(places)
    if isinstance(holder, dict) and draw.random() < 0.3:
        holder[draw.choice(("", "x", key + "x"))] = holder.pop(key)
    else:
        holder[key] = draw.choice(_ODD)
    return json.dumps(value).encode("utf-8")


def _places(value):
    """Yields (container, key) of everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)


def some_message(name):
    """A damage for files that hold a protocol buffer of a type in `protos`: a field that is extreme, or bytes."""

    def damage(draw, content):
        if draw.random() < 0.4:
            return some_bytes(draw, content)
        protos = importlib.import_module("tfcompat.backend.protos")
        message = getattr(protos, name).FromString(content)
        for _ in range(draw.choice((1, 2, 5))):
            fields = list(_fields(message))
            if fields:
                _set(draw, *draw.choice(fields), fields)
        return message.SerializePartialToString()

    return damage


def _fields(message):
    """Yields (message, field) of every field that is set in a message and those inside of it."""
    for field, value in message.ListFields():
        yield message, field
        if field.message_type is not None:
            inner = [value] if hasattr(value, "ListFields") else value.values() if hasattr(value, "values") else value
            for one in inner:
                if hasattr(one, "ListFields"):
                    yield from _fields(one)


def _text(draw, fields):
    """A text of one of the fields, "" if the one that is drawn has none."""
    holder, field = draw.choice(fields)
    value = getattr(holder, field.name)
    return value if isinstance(value, str) else ""


def _set(draw, holder, field, fields):
    """Makes a field extreme, empty or double, or a text that stands in another of the fields: a cycle, a wrong name."""
    value = getattr(holder, field.name)
    many = hasattr(value, "__len__") and not isinstance(value, (str, bytes))
    if field.message_type is not None or draw.random() < 0.2:
        holder.ClearField(field.name)
        return
    new = {
        int: draw.choice((-1, 0, 1, 2**31 - 1, 2**62, 2**63 - 1, -(2**63))),
        float: draw.choice((float("nan"), float("inf"), -1.0, 1e300)),
        bool: draw.choice((True, False)),
        str: draw.choice(("", "x" * 10000, "^", ":0", "a/b/c", "\u2028", _text(draw, fields))),
        bytes: draw.choice((b"", b"\xff" * 64, b"\0" * 10000)),
    }
    one = value[0] if many else value
    try:
        if many:
            value[draw.randrange(len(value))] = new[type(one)]
        else:
            setattr(holder, field.name, new[type(one)])
    except (ValueError, OverflowError):  # a number that the field cannot hold
        holder.ClearField(field.name)


def some_zip(of_members):
    """A damage for ZIP archives; of_members: ending of a member -> its damage."""

    def damage(draw, content):
        if draw.random() < 0.4:
            return some_bytes(draw, content)
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(made, "w") as target:
            chosen = draw.choice(source.namelist())
            for name in source.namelist():
                data = source.read(name)
                for ending, of_member in of_members.items() if name == chosen else ():
                    data = of_member(draw, data) if name.endswith(ending) else data
                if name != chosen or draw.random() < 0.9:
                    target.writestr(name, data)
        return made.getvalue()

    return damage


def some_table(draw, content):
    """The index of a checkpoint with damage in its blocks and check sums that are right all the same.

    Table format of LevelDB: blocks, each with a byte of type and a masked CRC-32C, then a footer with the place of the
    index block, whose entries name the places of the others.
    """
    damaged = bytearray(content)
    places = _blocks(content)
    start, size = draw.choice(places)
    block = _flip(draw, damaged[start : start + size]) if draw.random() < 0.4 else damaged[start : start + size]
    block = _huge(draw, block)[:size] if draw.random() < 0.7 else block
    damaged[start : start + size] = block
    covered = bytes(damaged[start : start + size + 1])
    damaged[start + size + 1 : start + size + 5] = struct.pack("<I", _masked(crc32c(covered)))
    return bytes(damaged)


def _blocks(content):
    """(start, size) of the index block, and of the blocks that its entries name."""
    footer = content[-48:]
    _, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    found, at, end = [index], index[0], index[0] + index[1]
    restarts = struct.unpack("<I", content[end - 4 : end])[0]
    while at < end - 4 - 4 * restarts:
        _, at = _read_varint(content, at)
        unshared, at = _read_varint(content, at)
        length, at = _read_varint(content, at)
        found.append(_handle(content, at + unshared)[0])
        at += unshared + length
    return found


def _handle(content, at):
    start, at = _read_varint(content, at)
    size, at = _read_varint(content, at)
    return (start, size), at


def _read_varint(content, at):
    number, shift = 0, 0
    while content[at] & 128:
        number |= (content[at] & 127) << shift
        at, shift = at + 1, shift + 7
    return number | content[at] << shift, at + 1


def crc32c(data):
    """CRC-32C (Castagnoli) of bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _masked(crc):
    """As LevelDB keeps a CRC beside the data that it is of."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def some_h5(draw, content):
    """An HDF5 file of `model.save` in whose model one value is something else."""
    import h5py

    made = io.BytesIO(content)
    with h5py.File(made, "r+") as target:
        config = target.attrs["model_config"]
        config = config if isinstance(config, bytes) else config.encode("utf-8")
        del target.attrs["model_config"]
        target.attrs.create(
            "model_config", some_json(draw, config)[:60000].decode("utf-8", "replace").replace("\0", "")
        )
    return made.getvalue()


def some_pack(draw, content):
    """A pack whose first entry unpacks to something else: damaged plain text, or far more of it than was packed."""
    magic, prefix = content[: content.index(b"\n") + 1], content[content.index(b"\n") + 1 :][:36]
    size = struct.unpack("<I", prefix[32:])[0]
    packed = content[len(magic) + 36 : len(magic) + 36 + size]
    plain = zlib.decompressobj(-15).decompress(packed)
    plain = some_bytes(draw, plain) if draw.random() < 0.8 else plain + bytes(2**30)
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = deflate.compress(plain) + deflate.flush()
    return magic + prefix[:32] + struct.pack("<I", len(packed)) + packed
