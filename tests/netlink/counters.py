#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The counters agree with what was done, and balance at every instant."""

import errno
import os
import signal

from harness import device
from harness.device import MSG_NOSIGNAL, MSG_TIMEOUT, Queue
from harness.netlink import Family
from harness.people import ALICE, Worker, as_user
from harness.testing import equal, main, test, true, until

MILLISECOND = 1_000_000
PARAMETERS = "/sys/module/ipcq/parameters/"

FAMILY = Family()


def fails(error, call):
    """Fails unless the call fails with that error."""
    try:
        call()
    except OSError as got:
        equal(got.errno, error, "errno")
    else:
        raise AssertionError(f"no {errno.errorcode[error]}")


def balanced(reply):
    """Fails unless the figures of the reply account for every message."""
    count = reply["counters"]
    equal(count["received"] + reply["depth"] + count["dropped-destroyed"] + count["purged"],
          count["sent"], "sum of received, waiting, dropped and purged, against sent")
    return reply


class Watch:
    """What is counted, on the queue and in the totals, while the with lasts."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.queue = balanced(FAMILY.queue(self.name))["counters"]
        self.totals = balanced(FAMILY.do("totals-get"))["counters"]
        return self

    def __exit__(self, kind, *_):
        if kind:
            return
        self.delta = self.since(self.queue, FAMILY.queue(self.name))
        equal(self.since(self.totals, FAMILY.do("totals-get")), self.delta,
              "totals against queue")

    @staticmethod
    def since(before, reply):
        """The counters that have changed, and by how much."""
        now = balanced(reply)["counters"]
        return {name: now[name] - before[name] for name in now if now[name] != before[name]}


def counted(name, call):
    """What is counted while the call lasts."""
    with Watch(name) as watch:
        call()
    return watch.delta


@test
def messages_and_bytes():
    """messages and bytes, sent, received, waiting"""
    with Queue("count") as queue:
        sizes = [0, 1, 7, 100, 4096]

        def send():
            for size in sizes:
                os.write(queue.fd, b"x" * size)
        equal(counted("count", send), {"sent": 5, "sent-bytes": sum(sizes)})
        equal(counted("count", lambda: queue.drain(3)), {"received": 3, "received-bytes": 8})
        reply = FAMILY.queue("count")
        equal((reply["depth"], reply["bytes"]), (2, 4196), "waiting")
        equal((reply["peak-depth"], reply["peak-bytes"]), (5, sum(sizes)), "peaks")
        queue.drain(2)
        reply = FAMILY.queue("count")
        equal((reply["depth"], reply["bytes"], reply["oldest-ns"]), (0, 0, 0), "waiting")


@test
def size_histogram():
    """sizes fall into the buckets that the specification says"""
    with Queue("count") as queue:
        for size, bucket in [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (1023, 10), (1024, 11),
                             (65536, 17)]:
            before = FAMILY.queue("count")["size-histogram"]
            os.write(queue.fd, b"x" * size)
            after = FAMILY.queue("count")["size-histogram"]
            equal([i for i in range(32) if after[i] != before[i]], [bucket], f"size {size}")
        equal(sum(FAMILY.queue("count")["size-histogram"]), 8, "sum")


@test
def sojourn_histogram():
    """every message received is in the histogram of times, no earlier than it can be"""
    with Queue("count") as queue:
        queue.fill(5)
        equal(sum(FAMILY.queue("count")["sojourn-histogram"]), 0, "before")
        oldest = FAMILY.queue("count")["oldest-ns"]
        queue.drain(5)
        histogram = FAMILY.queue("count")["sojourn-histogram"]
        equal(sum(histogram), 5, "sum")
        # The first waited longer than it had when that was read.
        true(max(i for i in range(48) if histogram[i]) >= oldest.bit_length(),
             "the longest time is in too low a bucket")


@test
def oldest():
    """the age of the oldest message grows with the clock, and passes to the next"""
    with Queue("count") as queue:
        queue.fill(1)
        first = FAMILY.queue("count")
        second = FAMILY.queue("count")
        equal(second["oldest-ns"] - first["oldest-ns"],
              second["snapshot-ns"] - first["snapshot-ns"], "growth")
        queue.fill(1)
        before = FAMILY.queue("count")
        queue.drain(1)
        after = FAMILY.queue("count")
        # It was sent later, however long all this takes.
        true(after["snapshot-ns"] - after["oldest-ns"] >
             before["snapshot-ns"] - before["oldest-ns"], "the age did not pass on")


@test
def oldest_by_priority():
    """the oldest message is found behind those of higher priority"""
    with Queue("count", order=1) as queue:
        queue.fill(1)
        age = FAMILY.queue("count")["oldest-ns"]
        device.send(queue.fd, b"urgent", priority=5)
        true(FAMILY.queue("count")["oldest-ns"] > age, "the younger one counts as oldest")


@test
def refusals():
    """each refusal is counted by its reason, and nothing else is"""
    with Queue("count", max_msgs=1, max_msg_size=100) as queue:
        fd = queue.fd
        equal(counted("count", lambda: fails(errno.EMSGSIZE, lambda: os.write(fd, b"x" * 101))),
              {"send-too-big": 1})
        equal(counted("count", lambda: fails(errno.EAGAIN, lambda: os.read(fd, 100))),
              {"recv-empty": 1})
        queue.fill(1)
        equal(counted("count", lambda: fails(errno.EAGAIN, lambda: os.write(fd, b"x"))),
              {"send-full": 1})
        equal(counted("count", lambda: fails(errno.EMSGSIZE, lambda: os.read(fd, 9))),
              {"recv-too-small": 1})
        equal(counted("count", lambda: fails(
            errno.EFAULT, lambda: device.receive(fd, address=1))), {"recv-given-back": 1})


@test
def hang_up():
    """sends into and receives from a shut queue"""
    with Queue("count") as queue:
        device.shutdown(queue.fd, device.SHUT_SEND)
        equal(counted("count", lambda: fails(
            errno.EPIPE, lambda: device.send(queue.fd, b"x", MSG_NOSIGNAL))),
              {"send-hangup": 1})
        equal(counted("count", lambda: equal(os.read(queue.fd, 9), b"")), {"recv-eof": 1})
        device.shutdown(queue.fd, 0)


@test
def timeouts():
    """calls that wait in vain are counted, and how long they waited"""
    with Queue("count", os.O_RDWR, max_msgs=1) as queue:
        fd = queue.fd
        delta = counted("count", lambda: fails(errno.ETIMEDOUT, lambda: device.receive(
            fd, MSG_TIMEOUT, 5 * MILLISECOND)))
        true(delta.pop("blocked-recv-ns") >= 5 * MILLISECOND, "waited less than 5 ms")
        equal(delta, {"recv-timeout": 1, "blocked-recvs": 1})
        queue.fill(1)
        delta = counted("count", lambda: fails(errno.ETIMEDOUT, lambda: device.send(
            fd, b"x", MSG_TIMEOUT, 5 * MILLISECOND)))
        true(delta.pop("blocked-send-ns") >= 5 * MILLISECOND, "waited less than 5 ms")
        equal(delta, {"send-timeout": 1, "blocked-sends": 1})


@test
def interruptions():
    """blocked calls that a signal ends are counted"""
    def interrupt(blocked, call):
        with Worker(call) as worker:
            until(lambda: FAMILY.queue("count")[blocked] == 1, f"{blocked} is 1")
            os.kill(worker.pid, signal.SIGTERM)
            equal(worker.wait(), -signal.SIGTERM, "exit status")

    with Queue("count", os.O_RDWR, max_msgs=1) as queue:
        fd = queue.fd
        delta = counted("count", lambda: interrupt("blocked-receivers",
                                                   lambda: os.read(fd, 9)))
        true(delta.pop("blocked-recv-ns") > 0, "no time")
        equal(delta, {"recv-interrupted": 1, "blocked-recvs": 1})
        queue.fill(1)
        delta = counted("count", lambda: interrupt("blocked-senders",
                                                   lambda: os.write(fd, b"x")))
        true(delta.pop("blocked-send-ns") > 0, "no time")
        equal(delta, {"send-interrupted": 1, "blocked-sends": 1})


@test
def wakeups():
    """one message wakes one receiver, one receive wakes one sender"""
    with Queue("count", os.O_RDWR, max_msgs=1) as queue:
        fd = queue.fd

        def hand_over():
            with Worker(lambda: os.read(fd, 9)) as one, Worker(lambda: os.read(fd, 9)) as two:
                until(lambda: FAMILY.queue("count")["blocked-receivers"] == 2, "both wait")
                before = FAMILY.queue("count")["counters"]["receiver-wakeups"]
                os.write(fd, b"x")
                until(lambda: FAMILY.queue("count")["counters"]["received"] == 1,
                      "one has received")
                reply = FAMILY.queue("count")
                equal(reply["counters"]["receiver-wakeups"] - before, 1, "wake-ups")
                equal(reply["blocked-receivers"], 1, "still waiting")
                os.write(fd, b"x")
                equal((one.wait(), two.wait()), (0, 0), "exit statuses")
        hand_over()
        queue.fill(1)
        before = FAMILY.queue("count")["counters"]["sender-wakeups"]
        with Worker(lambda: os.write(fd, b"y")) as sender:
            until(lambda: FAMILY.queue("count")["blocked-senders"] == 1, "the sender waits")
            queue.drain(1)
            equal(sender.wait(), 0, "exit status")
        equal(FAMILY.queue("count")["counters"]["sender-wakeups"] - before, 1, "wake-ups")
        balanced(FAMILY.queue("count"))


@test
def quota():
    """sends beyond the quota of who sends are counted"""
    path = PARAMETERS + "user_bytes"
    with open(path, encoding="ascii") as file:
        usual = file.read()

    def exceed():
        fails(errno.EDQUOT, lambda: os.write(
            device.open_queue("count", os.O_WRONLY | os.O_NONBLOCK), b"x" * 1000))
    with Queue("count", mode=0o666):
        try:
            with open(path, "w", encoding="ascii") as file:
                file.write("500")
            equal(counted("count", lambda: as_user(ALICE, exceed)), {"send-quota": 1})
        finally:
            with open(path, "w", encoding="ascii") as file:
                file.write(usual)


@test
def purged():
    """what a purge throws away"""
    with Queue("count") as queue:
        queue.fill(4)
        equal(counted("count", lambda: equal(device.purge(queue.fd), 4)), {"purged": 4})
        equal(FAMILY.queue("count")["bytes"], 0, "bytes")


@test
def destroyed():
    """the totals keep what a destroyed queue had counted, its messages as dropped"""
    before = balanced(FAMILY.do("totals-get"))
    with Queue("count") as queue:
        queue.fill(5)
        queue.drain(2)
        during = balanced(FAMILY.do("totals-get"))
        equal(during["queues"] - before["queues"], 1, "queues")
        equal(during["created"] - before["created"], 1, "created")
        equal((during["depth"] - before["depth"], during["bytes"] - before["bytes"]),
              (3, 30), "waiting")
        device.destroy("count")
        # Dropped at the last close, not before.
        equal(balanced(FAMILY.do("totals-get"))["depth"] - before["depth"], 3, "waiting")
        queue.close()
    after = balanced(FAMILY.do("totals-get"))
    equal(after["queues"], before["queues"], "queues")
    equal(after["destroyed"] - before["destroyed"], 1, "destroyed")
    equal((after["depth"], after["bytes"]), (before["depth"], before["bytes"]), "waiting")
    equal(Watch.since(before["counters"], after),
          {"sent": 5, "sent-bytes": 50, "received": 2, "received-bytes": 20,
           "dropped-destroyed": 3})
    for name in ("size-histogram", "sojourn-histogram"):
        true(sum(after[name]) > sum(before[name]), f"the {name} forgot")


@test
def reset_of_peaks():
    """a reset of the peaks sets them to what waits, and touches no counter"""
    with Queue("count") as queue:
        queue.fill(5)
        queue.drain(3)
        before = FAMILY.queue("count")
        equal((before["peak-depth"], before["peak-bytes"]), (5, 50), "peaks")
        FAMILY.do("queue-reset", name="count", reset=1)
        after = FAMILY.queue("count")
        equal((after["peak-depth"], after["peak-bytes"]), (2, 20), "peaks")
        equal(after["counters"], before["counters"], "counters")


@test
def reset_of_counters():
    """a reset of the counters leaves what waits as sent, and the totals alone"""
    with Queue("count") as queue:
        queue.fill(5)
        queue.drain(3)
        totals = FAMILY.do("totals-get")["counters"]
        FAMILY.do("queue-reset", id=FAMILY.queue("count")["id"], reset=2)
        after = balanced(FAMILY.queue("count"))
        equal({name: value for name, value in after["counters"].items() if value},
              {"sent": 2, "sent-bytes": 20}, "counters")
        equal(after["peak-depth"], 5, "peak")
        equal(sum(after["sojourn-histogram"]), 0, "histogram of times")
        equal(balanced(FAMILY.do("totals-get"))["counters"], totals, "totals")
        queue.drain(2)
        balanced(FAMILY.queue("count"))
    balanced(FAMILY.do("totals-get"))


@test
def at_every_instant():
    """the figures balance in every snapshot while others send, receive and reset"""
    def sender():
        while True:
            device.send(fd, b"x" * 50, MSG_TIMEOUT, 10 * MILLISECOND)

    def receiver():
        while True:
            device.receive(fd, MSG_TIMEOUT, 10 * MILLISECOND)

    def patient(call):
        def again():
            while True:
                try:
                    call()
                except TimeoutError:
                    pass
        return again

    with Queue("count", os.O_RDWR, max_msgs=10) as queue:
        fd = queue.fd
        with Worker(patient(sender)), Worker(patient(sender)), Worker(patient(receiver)):
            until(lambda: FAMILY.queue("count")["counters"]["received"] > 10, "it flows")
            for turn in range(200):
                balanced(FAMILY.queue("count"))
                balanced(FAMILY.do("totals-get"))
                if turn % 20 == 10:
                    device.purge(fd)
                    FAMILY.do("queue-reset", name="count", reset=3)
        true(balanced(FAMILY.queue("count"))["counters"]["sent"], "nothing was sent")


if __name__ == "__main__":
    main()
