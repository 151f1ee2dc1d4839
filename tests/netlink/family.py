#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The running family is what its specification says, attribute by attribute."""

import errno
import os
import struct

from harness import device
from harness.device import Queue
from harness.netlink import (F_ACK, F_DUMP, GENL_CTRL, NESTED, Family, Refused, attribute,
                             split)
from harness.testing import equal, main, test, true

CAP_DO, CAP_DUMP, CAP_HAS_POLICY = 2, 4, 8
GET_POLICY = 10
POLICY_U32, POLICY_NUL_STRING = 4, 12
NO_QUEUE = 0xffffffff

FAMILY = Family()
SPEC = FAMILY.spec


def refused(what, call):
    """The error that the call gets."""
    try:
        got = call()
    except Refused as error:
        return error
    raise AssertionError(f"{what}: was accepted and answered {got!r}")


def read_policies():
    """{(command, is dump): {attribute: {policy field: value}}} of the kernel."""
    by_index, index_of = {}, {}
    messages = FAMILY.ask(GENL_CTRL, F_DUMP, GET_POLICY,
                          attribute(1, struct.pack("=H", FAMILY.description.id)))
    for message in messages:
        for kind, _, payload, _ in split(message.attributes):
            for outer, _, inner, _ in split(payload) if kind in (8, 9) else ():
                if kind == 9:
                    for which, _, index, _ in split(inner):
                        index_of[outer, which == 2] = struct.unpack("=I", index)[0]
                    continue
                for number, _, fields, _ in split(inner):
                    by_index.setdefault(outer, {})[number] = {
                        field: int.from_bytes(value, "little")
                        for field, _, value, _ in split(fields)}
    # A policy that lets nothing through has no entries.
    return {key: by_index.get(index, {}) for key, index in index_of.items()}


@test
def description():
    """name, version and group"""
    equal(FAMILY.description.version, SPEC.version, "version")
    equal(FAMILY.description.header_size, 0, "header size")
    equal(list(FAMILY.description.groups), SPEC.groups, "groups")


@test
def commands():
    """the commands are those specified, each for do and dump as specified"""
    caps = CAP_DO | CAP_DUMP
    equal({number: flags & caps for number, flags in FAMILY.description.operations.items()},
          {op.number: (CAP_DO if op.do else 0) | (CAP_DUMP if op.dump else 0)
           for op in SPEC.commands()})


@test
def policies():
    """the kernel checks exactly the attributes that requests may carry"""
    kernel = read_policies()
    for op in SPEC.commands():
        for dump in (False, True):
            wanted = op.request(dump)
            if not wanted:
                continue
            policy = kernel[op.number, dump]
            space = SPEC.sets[op.set].by_name
            equal(set(policy), {space[name].number for name in wanted}, op.name)
            for name in wanted:
                known, checked = space[name], policy[space[name].number]
                if known.type == "string":
                    equal(checked[1], POLICY_NUL_STRING, known.c_name)
                    equal(checked[7], known.checks["max-len"], known.c_name)
                else:
                    equal((known.type, checked[1]), ("u32", POLICY_U32), known.c_name)
                if known.enum:
                    equal(checked[12], sum(SPEC.definitions[known.enum].values.values()),
                          known.c_name)


def complete(reply, names, what):
    """Fails unless the reply carries what the specification lists, and no more."""
    equal(set(reply), set(names), what)
    if "counters" in reply:
        equal(set(reply["counters"]),
              {known.name for known in SPEC.sets["counters"] if known.type != "pad"},
              f"counters of {what}")


@test
def queue_get():
    """queue-get answers with every attribute, by name and by id alike"""
    names = SPEC.operations["queue-get"].reply()
    longest = "n" * 63
    with Queue("family") as queue, Queue(longest):
        queue.fill(3)
        by_name = FAMILY.queue("family")
        complete(by_name, names, "queue-get by name")
        by_id = FAMILY.do("queue-get", id=by_name["id"])
        for moving in ("snapshot-ns", "oldest-ns"):
            true(by_id.pop(moving) > by_name.pop(moving), f"{moving} does not move")
        equal(by_id, by_name)
        equal(FAMILY.queue(longest)["name"], longest)


@test
def queue_get_nameless():
    """anonymous and unlinked queues answer as completely"""
    names = SPEC.operations["queue-get"].reply()
    with Queue("") as queue:
        number = device.get_attributes(queue.fd)["id"]
        reply = FAMILY.do("queue-get", id=number)
        complete(reply, names, "anonymous queue")
        equal(reply["name"], "")
        equal(reply["flags"] & device.FLAG_ANONYMOUS, device.FLAG_ANONYMOUS)
    with Queue("family") as queue:
        number = device.get_attributes(queue.fd)["id"]
        device.destroy("family")
        reply = FAMILY.do("queue-get", id=number)
        complete(reply, names, "unlinked queue")
        equal(reply["flags"] & device.FLAG_UNLINKED, device.FLAG_UNLINKED)
        equal(refused("by name", lambda: FAMILY.queue("family")).errno, errno.ENOENT)


@test
def queue_dump():
    """a dump answers with every attribute of every queue"""
    names = SPEC.operations["queue-get"].reply(dump=True)
    with Queue("family-a"), Queue("family-b"), Queue(""):
        replies = FAMILY.dump("queue-get")
        for reply in replies:
            complete(reply, names, f"dump of {reply['name']}")
        ids = [reply["id"] for reply in replies]
        equal(ids, sorted(set(ids)), "ids")
        true({"family-a", "family-b", ""} <= {reply["name"] for reply in replies},
             "the dump is not whole")


@test
def opener_dump():
    """opener-get answers with every attribute, by name and by id alike"""
    names = SPEC.operations["opener-get"].reply(dump=True)
    with Queue("family"):
        by_name = FAMILY.dump("opener-get", queue_name="family")
        equal(len(by_name), 1, "openers")
        complete(by_name[0], names, "opener-get")
        equal(FAMILY.dump("opener-get", queue_id=by_name[0]["queue-id"]), by_name)


@test
def totals_get():
    """totals-get answers with every attribute"""
    complete(FAMILY.do("totals-get"), SPEC.operations["totals-get"].reply(), "totals-get")


@test
def attributes_are_told():
    """what was given at creation is what is told"""
    given = {"flags": device.FLAG_EPHEMERAL | device.FLAG_HANGUP, "order": 1,
             "max_msgs": 17, "max_bytes": 12345, "max_msg_size": 678, "mode": 0o640,
             "uid": 4001, "gid": 4002, "high_pct": 71, "low_pct": 13}
    with Queue("family", **given):
        reply = FAMILY.queue("family")
        for name, value in given.items():
            equal(reply[name.replace("_", "-")], value, name)
        equal(reply["id"], os.minor(os.stat("/dev/ipcq/family").st_rdev), "id")


U32 = struct.pack("=I", 1)
NAME = b"family\0"

# What, operation, bytes, whether the kernel can point at the attribute.
MALFORMED = [
    ("no key", "queue-get", b"", False),
    ("two keys", "queue-get", attribute(1, U32) + attribute(2, NAME), False),
    ("short id", "queue-get", attribute(1, b"\1\0"), True),
    ("long id", "queue-get", attribute(1, U32 + U32), True),
    ("empty id", "queue-get", attribute(1, b""), True),
    ("nested id", "queue-get", attribute(1 | NESTED, U32), True),
    ("name without NUL", "queue-get", attribute(2, b"family"), True),
    ("empty name attribute", "queue-get", attribute(2, b""), True),
    ("name too long", "queue-get", attribute(2, b"n" * 64 + b"\0"), True),
    ("attribute of replies", "queue-get", attribute(2, NAME) + attribute(4, U32), True),
    ("attribute that there is not", "queue-get",
     attribute(2, NAME) + attribute(200, U32), True),
    ("stray bytes", "queue-get", attribute(2, NAME) + b"xx", False),
    ("no key", "queue-reset", attribute(27, U32), False),
    ("nothing to reset", "queue-reset", attribute(2, NAME), False),
    ("unknown bit", "queue-reset", attribute(2, NAME) + attribute(27, b"\4\0\0\0"), True),
    ("short mask", "queue-reset", attribute(2, NAME) + attribute(27, b"\1"), True),
]


@test
def malformed_requests():
    """malformed requests are EINVAL, and the kernel says why"""
    with Queue("family") as queue:
        queue.fill(1)
        before = FAMILY.queue("family")["counters"]
        for what, operation, data, pointed in MALFORMED:
            what = f"{operation}, {what}"
            error = refused(what, lambda: FAMILY.raw(operation, data))  # pylint: disable=W0640
            equal(error.errno, errno.EINVAL, what)
            true(error.words, f"{what}: no words")
            equal(error.attribute is not None, pointed, f"{what}: points at an attribute")
        equal(FAMILY.queue("family")["counters"], before, "counters")


@test
def malformed_dumps():
    """malformed dumps are EINVAL"""
    for what, operation, data in [
            ("no key", "opener-get", b""),
            ("two keys", "opener-get", attribute(1, U32) + attribute(2, NAME)),
            ("short id", "opener-get", attribute(1, b"\1\0")),
            ("name without NUL", "opener-get", attribute(2, b"family")),
            ("name too long", "opener-get", attribute(2, b"n" * 64 + b"\0")),
            ("attribute of replies", "opener-get", attribute(2, NAME) + attribute(4, U32)),
            ("key", "queue-get", attribute(2, NAME))]:
        what = f"dump {operation}, {what}"
        error = refused(what, lambda: FAMILY.raw(operation, data, F_DUMP))  # pylint: disable=W0640
        equal(error.errno, errno.EINVAL, what)


@test
def unknown_queues():
    """a queue that there is not is ENOENT"""
    for call in (lambda: FAMILY.queue("nosuch"),
                 lambda: FAMILY.do("queue-get", id=NO_QUEUE),
                 lambda: FAMILY.do("queue-reset", name="nosuch", reset=1)):
        error = refused("unknown queue", call)
        equal(error.errno, errno.ENOENT)
        true(error.words and error.attribute, "no words, or no attribute")
    for call in (lambda: FAMILY.dump("opener-get", queue_name="nosuch"),
                 lambda: FAMILY.dump("opener-get", queue_id=NO_QUEUE)):
        equal(refused("openers of an unknown queue", call).errno, errno.ENOENT)


@test
def unknown_commands():
    """commands that cannot be asked for are EOPNOTSUPP"""
    asked = {op.number for op in SPEC.commands()}
    last = max(op.number for op in SPEC.operations.values())
    for number in [0, *range(1, last + 2), 255]:
        if number in asked:
            continue
        for flags in (F_ACK, F_DUMP):
            error = refused(f"command {number}",
                            lambda: FAMILY.raw("queue-get", b"", flags, number))  # pylint: disable=W0640
            equal(error.errno, errno.EOPNOTSUPP, f"command {number}")
    for op in SPEC.commands():
        for flags, there in ((F_ACK, op.do), (F_DUMP, op.dump)):
            if there:
                continue
            error = refused(op.name, lambda: FAMILY.raw(op.name, b"", flags))  # pylint: disable=W0640
            equal(error.errno, errno.EOPNOTSUPP, op.name)


if __name__ == "__main__":
    main()
