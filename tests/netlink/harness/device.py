# SPDX-License-Identifier: GPL-2.0-only
"""The module's device interface, as much of it as these tests need."""

import ctypes
import fcntl
import os
import re
import struct

CONTROL = "/dev/ipcq/control"
NODE = "/dev/ipcq/"

_MAGIC = 0xBE
_NAME = "64s"
_ATTR = "=4IQ8IQ" + _NAME
_CREATE = "=" + _NAME + "2I" + _ATTR[1:]
_DESTROY = "=" + _NAME + "4I"
_MSG = "=2Q4Iq3Q4I"

FLAG_EPHEMERAL, FLAG_HANGUP, FLAG_ANONYMOUS, FLAG_UNLINKED = 1, 2, 4, 8
MSG_NONBLOCK, MSG_TIMEOUT, MSG_NOSIGNAL = 1, 2, 16
SHUT_SEND, SHUT_RECV = 1, 2

# Fields of struct ipcq_attr in their order, and the bit that says one is given.
_FIELDS = ("mask", "flags", "order", "max_msgs", "max_bytes", "max_msg_size", "mode",
           "uid", "gid", "high_pct", "low_pct", "id", "depth", "bytes", "name")
_BITS = {name: 1 << bit for bit, name in enumerate(
    ("flags", "order", "max_msgs", "max_bytes", "max_msg_size", "mode", "uid", "gid",
     "high_pct", "low_pct"))}


_DIRECTIONS = {"_IOW": 1, "_IOR": 2, "_IOWR": 3}


def _read_numbers():
    """{name: (direction, number)} of the ioctls in the header."""
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                        "../../../module/include/uapi/linux/ipcq.h")
    with open(path, encoding="utf-8") as file:
        found = re.findall(r"#define IPCQ_IOC_(\w+)\s+(_IO\w+)\(IPCQ_IOC_MAGIC, (\w+),",
                           file.read())
    return {name: (_DIRECTIONS[macro], int(number, 0)) for name, macro, number in found}


_NUMBERS = _read_numbers()


def _number(name, layout):
    direction, number = _NUMBERS[name]
    return direction << 30 | struct.calcsize(layout) << 16 | _MAGIC << 8 | number


def _attributes(given):
    values = dict.fromkeys(_FIELDS, 0) | given
    values["name"] = b""
    values["mask"] = sum(_BITS[name] for name in given)
    return [values[name] for name in _FIELDS]


def create(name, open_flags=os.O_RDWR, /, **attributes):
    """Makes a queue, anonymous if the name is empty; returns a descriptor of it."""
    argument = bytearray(struct.pack(_CREATE, name.encode(), open_flags | os.O_CLOEXEC,
                                     0, *_attributes(attributes)))
    control = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(control, _number("CREATE", _CREATE), argument)
    finally:
        os.close(control)


def destroy(name):
    """Removes the name; returns (messages that waited, openers left)."""
    argument = bytearray(struct.pack(_DESTROY, name.encode(), 0, 0, 0, 0))
    control = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(control, _number("DESTROY", _DESTROY), argument)
    finally:
        os.close(control)
    return struct.unpack(_DESTROY, argument)[2:4]


def open_queue(name, flags=os.O_RDWR):
    """Opens a queue by its node."""
    return os.open(NODE + name, flags | os.O_CLOEXEC)


def set_attributes(fd, **attributes):
    """Changes attributes of a live queue."""
    argument = bytearray(struct.pack(_ATTR, *_attributes(attributes)))
    fcntl.ioctl(fd, _number("SET_ATTR", _ATTR), argument)


def get_attributes(fd):
    """The attributes by name."""
    argument = bytearray(struct.calcsize(_ATTR))
    fcntl.ioctl(fd, _number("GET_ATTR", _ATTR), argument)
    return dict(zip(_FIELDS, struct.unpack(_ATTR, argument)))


def purge(fd):
    """Throws away what waits; returns how many messages."""
    argument = bytearray(8)
    fcntl.ioctl(fd, _number("PURGE", "=Q"), argument)
    return struct.unpack("=Q", argument)[0]


def shutdown(fd, how):
    """Shuts directions."""
    fcntl.ioctl(fd, _number("SHUTDOWN", "=2I"), bytearray(struct.pack("=2I", how, 0)))


def receive(fd, flags=0, timeout_ns=0, size=65536, address=None):
    """Receives with the descriptor; returns the payload.

    address: where the kernel is to write, for tests of what it may not.
    """
    buffer = ctypes.create_string_buffer(size or 1)
    argument = bytearray(struct.pack(
        _MSG, ctypes.addressof(buffer) if address is None else address, size, flags,
        0, 0, 0, timeout_ns, 0, 0, 0, 0, 0, 0, 0))
    fcntl.ioctl(fd, _number("RECV", _MSG), argument)
    return buffer.raw[:struct.unpack(_MSG, argument)[1]]


def send(fd, payload, flags=0, timeout_ns=0, priority=0):
    """Sends with the descriptor."""
    buffer = ctypes.create_string_buffer(payload, len(payload) or 1)
    argument = bytearray(struct.pack(
        _MSG, ctypes.addressof(buffer), len(payload), flags, priority, 0, 0, timeout_ns,
        0, 0, 0, 0, 0, 0, 0))
    fcntl.ioctl(fd, _number("SEND", _MSG), argument)


class Queue:
    """A queue for the length of a with statement, with one descriptor."""

    def __init__(self, name, open_flags=os.O_RDWR | os.O_NONBLOCK, /, **attributes):
        self.name = name
        self.fd = create(name, open_flags, **attributes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        if self.name:
            try:
                destroy(self.name)
            except FileNotFoundError:
                pass

    def close(self):
        """Closes the descriptor; the queue lives on."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def fill(self, messages, size=10):
        """Sends so many messages of that size."""
        for _ in range(messages):
            os.write(self.fd, b"x" * size)

    def drain(self, messages):
        """Receives so many messages."""
        for _ in range(messages):
            os.read(self.fd, 65536)
