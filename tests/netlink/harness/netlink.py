# SPDX-License-Identifier: GPL-2.0-only
"""A generic netlink client that speaks as a YNL specification says.

It trusts nothing: a reply with an attribute that the specification does not
know, or of another length than its type has, raises Malformed.
"""

import os
import socket
import struct

from harness.spec import the_spec
from harness.testing import PATIENCE

F_REQUEST, F_MULTI, F_ACK, F_DUMP = 0x1, 0x2, 0x4, 0x300
F_DUMP_INTR, F_CAPPED, F_ACK_TLVS = 0x10, 0x100, 0x200
MSG_ERROR, MSG_DONE = 2, 3
GENL_CTRL = 0x10
SOL_NETLINK = 270
ADD_MEMBERSHIP, CAP_ACK, EXT_ACK = 1, 10, 11
TYPE_MASK = 0x3fff
NESTED = 0x8000

_SCALARS = {"u8": "=B", "u16": "=H", "u32": "=I", "u64": "=Q", "s32": "=i", "s64": "=q"}


class Malformed(Exception):
    """What the kernel sent is not what the specification says."""


class Refused(OSError):
    """The kernel's error, with its words and the attribute it points at."""

    def __init__(self, error, words=None, attribute=None):
        super().__init__(error, words or os.strerror(error))
        self.words = words
        self.attribute = attribute

    def __reduce__(self):
        return Refused, (self.errno, self.words, self.attribute)


def attribute(number, payload):
    """One attribute as bytes."""
    length = 4 + len(payload)
    return struct.pack("=HH", length, number) + payload + bytes(-length % 4)


def split(data):
    """(number, flags, payload, offset) of each attribute in the bytes."""
    offset = 0
    while offset < len(data):
        if len(data) - offset < 4:
            raise Malformed(f"{len(data) - offset} stray bytes behind the attributes")
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4 or offset + length > len(data):
            raise Malformed(f"attribute {kind & TYPE_MASK} claims {length} bytes")
        yield kind & TYPE_MASK, kind & ~TYPE_MASK, data[offset + 4:offset + length], offset
        offset += (length + 3) & ~3


class Message:
    """One netlink message."""

    def __init__(self, data):
        self.length, self.type, self.flags, self.seq, self.port = \
            struct.unpack_from("=IHHII", data)
        self.payload = data[16:self.length]

    @staticmethod
    def all(data):
        """Those in one datagram."""
        while len(data) >= 16:
            message = Message(data)
            if not 16 <= message.length <= len(data):
                raise Malformed(f"message claims {message.length} of {len(data)} bytes")
            yield message
            data = data[(message.length + 3) & ~3:]

    @property
    def command(self):
        """The command in the generic header."""
        return self.payload[0]

    @property
    def attributes(self):
        """The bytes behind the generic header."""
        return self.payload[4:]


class Link:
    """A socket that speaks generic netlink, whatever the family."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK,
                                    socket.SOCK_RAW | socket.SOCK_CLOEXEC, 16)
        self.socket.bind((0, 0))
        self.socket.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.seq = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the socket."""
        self.socket.close()

    def fileno(self):
        """For select() and the like."""
        return self.socket.fileno()

    def send(self, kind, flags, command, attributes, version=1):
        """Sends one request."""
        self.seq += 1
        payload = struct.pack("=BBH", command, version, 0) + attributes
        self.socket.send(struct.pack("=IHHII", 16 + len(payload), kind,
                                     F_REQUEST | flags, self.seq, 0) + payload)

    @staticmethod
    def _refusal(message, skip):
        error = -struct.unpack_from("=i", message.payload)[0]
        words = where = None
        if message.flags & F_ACK_TLVS:
            for number, _, payload, _ in split(message.payload[skip:]):
                if number == 1:
                    words = payload.rstrip(b"\0").decode()
                elif number == 2:
                    # Counted from the start of the netlink header.
                    where = struct.unpack("=I", payload)[0]
        return error, words, where

    def answers(self):
        """The messages of the answer; raises Refused at its end if it was no."""
        while True:
            for message in Message.all(self.socket.recv(1 << 20)):
                if message.seq != self.seq:
                    raise Malformed(f"answer {message.seq} to request {self.seq}")
                if message.type == MSG_ERROR:
                    error, words, where = self._refusal(message, 20)
                    if error:
                        raise Refused(error, words, where)
                    return
                if message.type == MSG_DONE:
                    error, words, where = self._refusal(message, 4)
                    if error:
                        raise Refused(error, words, where)
                    return
                yield message

    def ask(self, kind, flags, command, attributes=b"", version=1):
        """Sends a request and returns all messages of the answer."""
        self.send(kind, flags, command, attributes, version)
        return list(self.answers())


class Description:
    """What the kernel's controller tells about a family."""

    def __init__(self, link, name):
        message, = link.ask(GENL_CTRL, F_ACK, 3, attribute(2, name.encode() + b"\0"))
        found = {number: payload for number, _, payload, _ in split(message.attributes)}
        self.id = struct.unpack("=H", found[1])[0]
        self.version = struct.unpack("=I", found[3])[0]
        self.header_size = struct.unpack("=I", found[4])[0]
        self.operations = {}
        for _, _, payload, _ in split(found.get(6, b"")):
            op = {n: struct.unpack("=I", p)[0] for n, _, p, _ in split(payload)}
            self.operations[op[1]] = op[2]
        self.groups = {}
        for _, _, payload, _ in split(found.get(7, b"")):
            group = {n: p for n, _, p, _ in split(payload)}
            self.groups[group[1].rstrip(b"\0").decode()] = struct.unpack("=I", group[2])[0]


class Family(Link):
    """A socket that speaks the family of the specification."""

    def __init__(self):
        super().__init__()
        self.spec = the_spec()
        self.description = Description(self, self.spec.name)

    def _decode_scalar(self, known, payload):
        layout = _SCALARS[known.type]
        if len(payload) != struct.calcsize(layout):
            raise Malformed(f"{known.c_name}: {len(payload)} bytes for a {known.type}")
        value = struct.unpack(layout, payload)[0]
        if not known.enum:
            return value
        definition = self.spec.definitions[known.enum]
        allowed = definition.values.values()
        if definition.is_flags and value & ~sum(allowed):
            raise Malformed(f"{known.c_name}: unknown bits in {value:#x}")
        if not definition.is_flags and value not in allowed:
            raise Malformed(f"{known.c_name}: {value} has no name")
        return value

    @staticmethod
    def _decode_string(known, payload):
        if not payload.endswith(b"\0") or b"\0" in payload[:-1]:
            raise Malformed(f"{known.c_name}: {payload!r} is not one NUL-terminated string")
        limit = known.checks.get("max-len")
        if limit is not None and len(payload) - 1 > limit:
            raise Malformed(f"{known.c_name}: {len(payload) - 1} bytes, at most {limit}")
        return payload[:-1].decode()

    @staticmethod
    def _decode_array(known, payload):
        wanted = known.checks.get("exact-len")
        if wanted is not None and len(payload) != wanted:
            raise Malformed(f"{known.c_name}: {len(payload)} bytes, not {wanted}")
        return list(struct.unpack(f"={len(payload) // 8}Q", payload))

    def decode(self, space, data):
        """The attributes of the set by name."""
        result = {}
        for number, flags, payload, _ in split(data):
            known = self.spec.sets[space].by_number.get(number)
            if not known:
                raise Malformed(f"set {space}: unknown attribute {number}")
            if known.type == "pad":
                if payload:
                    raise Malformed(f"{known.c_name} carries {payload!r}")
                continue
            if known.name in result:
                raise Malformed(f"{known.c_name} comes twice")
            if known.type == "nest":
                result[known.name] = self.decode(known.nested, payload)
            elif flags:
                raise Malformed(f"{known.c_name} has flags {flags:#x}")
            elif known.type == "string":
                result[known.name] = self._decode_string(known, payload)
            elif known.type == "binary":
                result[known.name] = self._decode_array(known, payload)
            else:
                result[known.name] = self._decode_scalar(known, payload)
        return result

    def encode(self, space, values):
        """The bytes of attributes given by name."""
        data = b""
        for name, value in values.items():
            known = self.spec.sets[space].by_name[name.replace("_", "-")]
            if known.type == "string":
                payload = value.encode() + b"\0"
            else:
                payload = struct.pack(_SCALARS[known.type], value)
            data += attribute(known.number, payload)
        return data

    def _reply(self, operation, message):
        if message.type != self.description.id or message.command != operation.number:
            raise Malformed(f"{operation.name} answered with type {message.type} "
                            f"command {message.command}")
        return self.decode(operation.set, message.attributes)

    def do(self, operation_name, /, **values):
        """Does an operation; returns its reply, {} if it has none."""
        operation = self.spec.operations[operation_name]
        messages = self.ask(self.description.id, F_ACK, operation.number,
                            self.encode(operation.set, values))
        replies = [self._reply(operation, message) for message in messages]
        if len(replies) > 1:
            raise Malformed(f"{operation_name}: {len(replies)} replies")
        return replies[0] if replies else {}

    def replies(self, operation_name, /, **values):
        """Dumps; generates the replies while they are read."""
        operation = self.spec.operations[operation_name]
        self.send(self.description.id, F_DUMP, operation.number,
                  self.encode(operation.set, values))
        for message in self.answers():
            if not message.flags & F_MULTI:
                raise Malformed(f"{operation_name}: part of a dump without NLM_F_MULTI")
            yield self._reply(operation, message)

    def dump(self, operation_name, /, **values):
        """Dumps; returns the list of replies."""
        return list(self.replies(operation_name, **values))

    def raw(self, name, attributes, flags=F_ACK, number=None):
        """Sends attributes as bytes, or another command number."""
        number = self.spec.operations[name].number if number is None else number
        return self.ask(self.description.id, flags, number, attributes)

    def queue(self, name):
        """The reply on the queue of that name."""
        return self.do("queue-get", name=name)

    def follow(self, group="events"):
        """Joins the multicast group."""
        self.socket.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, self.description.groups[group])

    def event(self, seconds=PATIENCE):
        """The next notification as (name of the operation, attributes)."""
        self.socket.settimeout(seconds)
        message, = Message.all(self.socket.recv(1 << 20))
        for operation in self.spec.notifications():
            if message.command == operation.number:
                return operation, self._reply(operation, message)
        raise Malformed(f"notification {message.command}")
