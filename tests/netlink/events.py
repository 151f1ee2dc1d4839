#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The events: what is announced, when, and that losses are told."""

import errno
import os
import socket

from harness import device
from harness.device import Queue
from harness.netlink import Family
from harness.testing import equal, main, test, true

DESTROYED, PURGED = 0, 1


class Follower:
    """Follows the events of one queue."""

    def __init__(self, name):
        self.name = name
        self.family = Family()
        self.family.follow()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.family.close()

    def next(self):
        """The next event of the queue as (operation, attributes)."""
        while True:
            operation, reply = self.family.event()
            equal(set(reply), operation.event_attributes(), operation.name)
            if reply["name"] == self.name:
                return operation.name, reply

    def expect(self, name, **wanted):
        """The next event must be that one, with these attributes."""
        got, reply = self.next()
        equal(got, name, "event")
        for key, value in wanted.items():
            equal(reply[key.replace("_", "-")], value, f"{name}: {key}")
        return reply

    def expect_nothing(self):
        """No event of the queue has come: the next is one of a marker's."""
        with Queue("ev-marker"):
            while True:
                operation, reply = self.family.event()
                true(reply["name"] != self.name, f"{operation.name} came unexpectedly")
                if reply["name"] == "ev-marker":
                    break


@test
def created_and_destroyed():
    """a queue is announced when it comes and when it goes"""
    with Follower("ev") as follower:
        with Queue("ev", uid=4001, max_msgs=7, max_bytes=900):
            number = os.minor(os.stat("/dev/ipcq/ev").st_rdev)
            same = {"id": number, "uid": 4001, "max_msgs": 7, "max_bytes": 900, "depth": 0,
                    "bytes": 0}
            first = follower.expect("created-ntf", **same)
        last = follower.expect("destroyed-ntf", **same)
        true(last["snapshot-ns"] > first["snapshot-ns"], "time does not pass")


@test
def failed_creation():
    """a creation that fails is not announced"""
    with Follower("ev") as follower, Queue("ev"):
        follower.expect("created-ntf")
        try:
            device.create("ev")
        except FileExistsError:
            pass
        follower.expect_nothing()


@test
def ephemeral():
    """an ephemeral queue is announced as destroyed at its last close"""
    with Follower("ev") as follower:
        queue = Queue("ev", flags=device.FLAG_EPHEMERAL)
        follower.expect("created-ntf")
        queue.close()
        follower.expect("destroyed-ntf")


@test
def anonymous():
    """an anonymous queue is announced without a name"""
    with Follower("") as follower:
        with Queue("") as queue:
            number = device.get_attributes(queue.fd)["id"]
            follower.expect("created-ntf", id=number)
        follower.expect("destroyed-ntf", id=number)


@test
def high_water_and_normal():
    """each level is announced once, when it is crossed"""
    with Follower("ev") as follower, Queue("ev", max_msgs=10, high_pct=80,
                                           low_pct=50) as queue:
        follower.expect("created-ntf")
        queue.fill(7)
        follower.expect_nothing()
        queue.fill(1)
        follower.expect("high-water-ntf", depth=8, bytes=80, max_msgs=10)
        queue.fill(2)
        follower.expect_nothing()
        queue.drain(4)
        follower.expect_nothing()
        queue.drain(1)
        follower.expect("normal-ntf", depth=5, bytes=50)
        queue.drain(5)
        follower.expect_nothing()


@test
def hysteresis():
    """between the levels nothing is announced, however often they are approached"""
    with Follower("ev") as follower, Queue("ev", max_msgs=10, high_pct=80,
                                           low_pct=50) as queue:
        follower.expect("created-ntf")
        queue.fill(8)
        follower.expect("high-water-ntf")
        for _ in range(3):
            queue.drain(2)
            queue.fill(2)
        follower.expect_nothing()
        queue.drain(3)
        follower.expect("normal-ntf")
        for _ in range(3):
            queue.fill(2)
            queue.drain(2)
        follower.expect_nothing()
        queue.fill(3)
        follower.expect("high-water-ntf")


@test
def high_water_of_bytes():
    """the fuller of messages and bytes decides"""
    with Follower("ev") as follower, Queue("ev", max_msgs=100, max_bytes=1000, high_pct=50,
                                           low_pct=10) as queue:
        follower.expect("created-ntf")
        queue.fill(1, 499)
        follower.expect_nothing()
        queue.fill(1, 1)
        follower.expect("high-water-ntf", depth=2, bytes=500)
        queue.drain(1)
        follower.expect("normal-ntf", depth=1, bytes=1)


@test
def dropped_by_purge():
    """a purge announces how much was lost"""
    with Follower("ev") as follower, Queue("ev") as queue:
        follower.expect("created-ntf")
        queue.fill(3)
        device.purge(queue.fd)
        follower.expect("dropped-ntf", dropped=3, drop_reason=PURGED, depth=0, bytes=0)
        device.purge(queue.fd)
        follower.expect_nothing()


@test
def dropped_by_destruction():
    """what waits in a destroyed queue is announced as lost at its last close"""
    with Follower("ev") as follower, Queue("ev") as queue:
        follower.expect("created-ntf")
        queue.fill(4)
        queue.drain(1)
        device.destroy("ev")
        follower.expect("destroyed-ntf", depth=3)
        follower.expect_nothing()
        queue.close()
        follower.expect("dropped-ntf", dropped=3, drop_reason=DESTROYED)


@test
def dropped_without_openers():
    """the same when nobody has it open"""
    with Follower("ev") as follower, Queue("ev") as queue:
        follower.expect("created-ntf")
        queue.fill(2)
        queue.close()
        device.destroy("ev")
        names = sorted([follower.next()[0], follower.next()[0]])
        equal(names, ["destroyed-ntf", "dropped-ntf"])


@test
def lost_events():
    """a follower that is too slow gets ENOBUFS, and then what comes after"""
    with Follower("ev-after") as follower:
        sock = follower.family.socket
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for turn in range(100):
            with Queue(f"ev-{turn}"):
                pass
        sock.setblocking(False)
        lost = 0
        while True:
            try:
                sock.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as error:
                equal(error.errno, errno.ENOBUFS, "errno")
                lost += 1
        equal(lost, 1, "ENOBUFS")
        with Queue("ev-after"):
            follower.expect("created-ntf")


if __name__ == "__main__":
    main()
