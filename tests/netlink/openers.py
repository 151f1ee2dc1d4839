#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who has a queue open, and who is blocked in it."""

import os
import signal

from harness import device
from harness.device import Queue
from harness.netlink import Family
from harness.people import ALICE, Worker
from harness.testing import equal, main, test, true, until

RECV, SEND = 1, 2

FAMILY = Family()


def openers(name="open"):
    """What the kernel tells, in its order."""
    return FAMILY.dump("opener-get", queue_name=name)


def set_comm(comm):
    """Names this process."""
    with open("/proc/self/comm", "wb") as file:
        file.write(comm)


@test
def one_opener():
    """pid, command, user and access of the opener"""
    with Queue("open"):
        one, = openers()
        with open("/proc/self/comm", encoding="ascii") as file:
            comm = file.read().rstrip("\n")
        equal((one["pid"], one["comm"], one["uid"], one["access"]),
              (os.getpid(), comm, 0, RECV | SEND))
        equal((one["blocked-senders"], one["blocked-receivers"], one["blocked-ns"]),
              (0, 0, 0))


@test
def access():
    """the access of each open, and how many senders and receivers that makes"""
    with Queue("open", os.O_RDONLY):
        write = device.open_queue("open", os.O_WRONLY)
        both = device.open_queue("open")
        equal([one["access"] for one in openers()], [RECV, SEND, RECV | SEND])
        reply = FAMILY.queue("open")
        equal((reply["senders"], reply["receivers"]), (2, 2))
        os.close(write)
        equal([one["access"] for one in openers()], [RECV, RECV | SEND])
        os.close(both)
        reply = FAMILY.queue("open")
        equal((reply["senders"], reply["receivers"]), (0, 1))


@test
def shared_descriptions():
    """dup and fork share one opener, which goes with the last of them"""
    with Queue("open") as queue:
        twin = os.dup(queue.fd)
        equal(len(openers()), 1, "after dup")
        read, write = os.pipe()
        with Worker(lambda: os.read(read, 1)) as worker:
            equal(len(openers()), 1, "after fork")
            queue.close()
            os.close(twin)
            equal(len(openers()), 1, "only the child has it")
            os.write(write, b"x")
            equal(worker.wait(), 0)
        equal(openers(), [], "after the last close")
        os.close(read)
        os.close(write)


@test
def who_opened():
    """another user's process is shown by its pid, name and uid"""
    read, write = os.pipe()

    def other():
        set_comm(b"a queue's user")
        device.open_queue("open", os.O_WRONLY)
        os.write(write, b"x")
        signal.pause()
    with Queue("open", mode=0o666), Worker(other, ALICE) as worker:
        os.close(write)
        equal(os.read(read, 1), b"x", "it has opened the queue")
        one = openers()[1]
        equal((one["pid"], one["comm"], one["uid"], one["access"]),
              (worker.pid, "a queue's user", ALICE, SEND))
    os.close(read)


def blocked(count):
    """The openers, once so many of their calls are blocked."""
    def enough():
        found = openers()
        calls = sum(one["blocked-senders"] + one["blocked-receivers"] for one in found)
        return found if calls == count else None
    return until(enough, f"{count} calls are blocked")


@test
def blocked_in_recv():
    """a blocked receive is shown on its opener, and for how long"""
    with Queue("open") as queue, \
            Worker(lambda: os.read(device.open_queue("open", os.O_RDONLY), 99)) as worker:
        one = blocked(1)[1]
        equal((one["pid"], one["blocked-receivers"], one["blocked-senders"]),
              (worker.pid, 1, 0))
        equal(openers()[0]["blocked-ns"], 0, "the other opener")
        later = openers()[1]
        true(later["blocked-ns"] > one["blocked-ns"] > 0, "the time does not grow")
        reply = FAMILY.queue("open")
        equal((reply["blocked-receivers"], reply["blocked-senders"]), (1, 0))
        queue.fill(1)
        equal(worker.wait(), 0)
        equal(FAMILY.queue("open")["blocked-receivers"], 0)


@test
def blocked_in_send():
    """a blocked send is shown on its opener"""
    with Queue("open", max_msgs=1) as queue:
        queue.fill(1)
        with Worker(lambda: os.write(device.open_queue("open", os.O_WRONLY), b"x")) as worker:
            one = blocked(1)[1]
            equal((one["pid"], one["blocked-senders"], one["blocked-receivers"]),
                  (worker.pid, 1, 0))
            true(one["blocked-ns"] > 0, "no time")
            equal(FAMILY.queue("open")["blocked-senders"], 1)
            queue.drain(1)
            equal(worker.wait(), 0)
        equal(FAMILY.queue("open")["blocked-senders"], 0)
        queue.drain(1)


@test
def several_on_one_opener():
    """calls of several processes on one description are counted together"""
    with Queue("open", os.O_RDWR) as queue:
        def receive():
            os.read(queue.fd, 99)
        with Worker(receive) as one, Worker(receive) as two:
            found, = blocked(2)
            equal(found["blocked-receivers"], 2)
            queue.fill(1)
            found, = blocked(1)
            queue.fill(1)
            equal((one.wait(), two.wait()), (0, 0))


@test
def killed():
    """a killed process leaves neither a blocked call nor an opener"""
    with Queue("open"), \
            Worker(lambda: os.read(device.open_queue("open", os.O_RDONLY), 99)) as worker:
        blocked(1)
        worker.kill()
        until(lambda: len(openers()) == 1, "its opener has gone")
        equal(FAMILY.queue("open")["blocked-receivers"], 0)


@test
def many():
    """a dump of more openers than one message holds is whole"""
    with Queue("open"):
        more = [device.open_queue("open") for _ in range(900)]
        equal(len(openers()), 901)
        for fd in more:
            os.close(fd)


@test
def coming_and_going():
    """a dump tells once, and in their order, of all that stay while others come and go"""
    with Queue("open"):
        fds = {}

        def come(first, last):
            for number in range(first, last):
                set_comm(b"%d" % number)
                fds[number] = device.open_queue("open")

        come(0, 900)
        told = []
        for reply in FAMILY.replies("opener-get", queue_name="open"):
            told.append(reply["comm"])
            if len(told) == 2:
                # The kernel has filled in the first part, or two, and stopped at one of them.
                for number in range(1, 900, 2):
                    os.close(fds.pop(number))
                come(900, 1000)
        stayed = [str(number) for number in range(0, 900, 2)]
        equal([one for one in told if one in stayed], stayed, "those that stayed")
        equal(len(told), len(set(told)), "somebody is told of twice")
        true(len(told) < 1000, "nobody has gone")
        for fd in fds.values():
            os.close(fd)


if __name__ == "__main__":
    main()
