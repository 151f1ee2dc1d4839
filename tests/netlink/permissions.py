#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who may read statistics, reset them and follow events."""

import ctypes
import errno
import json
import os
import socket
import subprocess

from harness import device
from harness.device import Queue
from harness.netlink import Family, Refused
from harness.people import ALICE, BOB, as_user, become, in_child
from harness.testing import Skip, equal, main, test, true

STAFF = 4100
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def unshare(what):
    """Leaves namespaces."""
    if LIBC.unshare(what):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def attempt(call):
    """None, or the errno of its refusal."""
    try:
        call()
    except OSError as error:
        return error.errno
    return None


def get(name):
    """The errno of a get, None for success; the dump must agree with it."""
    with Family() as family:
        error = attempt(lambda: family.queue(name))
        listed = name in {reply["name"] for reply in family.dump("queue-get")}
        equal(listed, error is None, "the dump shows it")
        return error


def get_openers(name):
    """The errno of a dump of the openers, None for success."""
    with Family() as family:
        return attempt(lambda: family.dump("opener-get", queue_name=name))


@test
def owner_reads():
    """the owner reads, whatever the mode"""
    for mode in (0o600, 0o200, 0o000):
        with Queue("perm", uid=ALICE, mode=mode):
            equal(as_user(ALICE, lambda: get("perm")), None, f"mode {mode:o}")


@test
def others_read_by_mode():
    """others read if the mode lets others read"""
    for mode, wanted in ((0o600, errno.EACCES), (0o640, errno.EACCES),
                         (0o602, errno.EACCES), (0o604, None), (0o666, None)):
        with Queue("perm", uid=ALICE, gid=STAFF, mode=mode):
            equal(as_user(BOB, lambda: get("perm")), wanted, f"mode {mode:o}")


@test
def group_reads_by_mode():
    """the group reads if the mode lets the group read, and only then"""
    for mode, wanted in ((0o640, None), (0o620, errno.EACCES), (0o604, errno.EACCES)):
        with Queue("perm", uid=ALICE, gid=STAFF, mode=mode):
            equal(as_user(BOB, lambda: get("perm"), groups=[STAFF]), wanted,
                  f"mode {mode:o}, supplementary group")
            equal(as_user(BOB, lambda: get("perm"), gid=STAFF), wanted,
                  f"mode {mode:o}, effective group")


@test
def refusal_has_words():
    """a refused get says why"""
    def ask():
        with Family() as family:
            try:
                family.queue("perm")
            except Refused as error:
                return error.words
        return None
    with Queue("perm", uid=ALICE):
        true(as_user(BOB, ask), "no words")


@test
def later_chmod():
    """a later chmod of the node changes nothing"""
    with Queue("perm", uid=ALICE, mode=0o600):
        os.chmod("/dev/ipcq/perm", 0o666)
        equal(as_user(BOB, lambda: get("perm")), errno.EACCES)
        os.chown("/dev/ipcq/perm", BOB, BOB)
        equal(as_user(BOB, lambda: get("perm")), errno.EACCES)
        equal(as_user(ALICE, lambda: get("perm")), None)


def stat_with(capability, *arguments):
    """Runs ipcq-stat as Bob with that one capability."""
    caps = f"-all,+{capability}"
    return subprocess.run(
        ["setpriv", f"--reuid={BOB}", f"--regid={BOB}", "--clear-groups",
         f"--inh-caps={caps}", f"--ambient-caps={caps}", "ipcq-stat", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


@test
def capabilities():
    """CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH read everything, others not"""
    with Queue("perm", uid=ALICE):
        for capability, wanted in (("sys_admin", 0), ("dac_read_search", 0), ("net_admin", 1),
                                   ("dac_override", 1)):
            done = stat_with(capability, "--json", "perm")
            equal(done.returncode, wanted, f"{capability}: {done.stderr}")
            names = [queue["name"] for queue in json.loads(
                stat_with(capability, "--json").stdout)["queues"]]
            equal("perm" in names, not wanted, f"{capability}: listed")


@test
def openers():
    """openers are shown to the owner and CAP_SYS_ADMIN only"""
    with Queue("perm", uid=ALICE, mode=0o666):
        equal(get_openers("perm"), None, "root")
        equal(as_user(ALICE, lambda: get_openers("perm")), None, "owner")
        equal(as_user(BOB, lambda: get_openers("perm")), errno.EACCES, "another")
        equal(stat_with("sys_admin", "--openers", "perm").returncode, 0, "sys_admin")
        equal(stat_with("dac_read_search", "--openers", "perm").returncode, 1,
              "dac_read_search")


@test
def resets():
    """a reset takes CAP_SYS_ADMIN; being the owner is not enough"""
    def reset():
        with Family() as family:
            return attempt(lambda: family.do("queue-reset", name="perm", reset=3))
    with Queue("perm", uid=ALICE, mode=0o666) as queue:
        queue.fill(2)
        queue.drain(2)
        with Family() as family:
            before = family.queue("perm")
            equal(as_user(ALICE, reset), errno.EPERM, "owner")
            equal(as_user(BOB, reset), errno.EPERM, "another")
            equal(stat_with("net_admin", "--reset", "perm").returncode, 1, "net_admin")
            equal(family.queue("perm")["counters"], before["counters"], "counters")
            equal(family.queue("perm")["peak-depth"], 2, "peak")
            equal(stat_with("sys_admin", "--reset", "perm").returncode, 0, "sys_admin")
            equal(family.queue("perm")["peak-depth"], 0, "peak")


@test
def totals():
    """the totals are for all"""
    def ask():
        with Family() as family:
            return family.do("totals-get")["queues"]
    with Queue("perm"):
        true(as_user(BOB, ask) >= 1, "no queue")


@test
def events():
    """the events group takes CAP_NET_ADMIN"""
    def follow():
        with Family() as family:
            return attempt(family.follow)
    equal(in_child(follow), None, "root")
    equal(as_user(BOB, follow), errno.EPERM, "nobody in particular")
    for capability in ("sys_admin", "dac_read_search"):
        done = stat_with(capability, "--events", "--count=1")
        equal(done.returncode, 1, capability)
        true("CAP_NET_ADMIN" in done.stderr, f"not said what it takes: {done.stderr}")


@test
def lent_sockets():
    """a socket that root opened gives no more rights to who uses it"""
    def misuse(family):
        become(BOB)
        return (attempt(lambda: family.queue("perm")),
                attempt(lambda: family.dump("opener-get", queue_name="perm")),
                attempt(lambda: family.do("queue-reset", name="perm", reset=1)))
    with Queue("perm", uid=ALICE), Family() as family:
        equal(in_child(lambda: misuse(family)), (errno.EACCES, errno.EACCES, errno.EPERM))


@test
def a_socket_that_another_user_opened():
    """the owner's rights count only through a socket that the owner opened"""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    def opened_by_bob():
        with Family() as family:
            socket.send_fds(theirs, [b"socket"], [family.socket.fileno()])
    def misled(family):
        become(ALICE)
        return (attempt(lambda: family.queue("perm")),
                attempt(lambda: family.dump("opener-get", queue_name="perm")),
                [q["name"] for q in family.dump("queue-get")])
    with ours, theirs, Queue("perm", uid=ALICE), Family() as family:
        as_user(BOB, opened_by_bob)
        given = socket.recv_fds(ours, 16, 1)[1][0]
        os.dup2(given, family.socket.fileno())
        os.close(given)
        equal(in_child(lambda: misled(family)), (errno.EACCES, errno.EACCES, ["default"]))


@test
def network_namespaces():
    """the family does not exist in another network namespace"""
    def ask():
        unshare(CLONE_NEWNET)
        return attempt(Family)
    equal(in_child(ask), errno.ENOENT)


@test
def user_namespaces():
    """root of a user namespace reads and resets no more than its user may"""
    def ask():
        unshare(CLONE_NEWUSER)
        with Family() as family:
            return (attempt(lambda: family.queue("perm-root")),
                    attempt(lambda: family.do("queue-reset", name="perm", reset=1)),
                    attempt(family.follow), family.queue("perm")["uid"])

    def mapped():
        unshare(CLONE_NEWUSER)
        with open("/proc/self/uid_map", "w", encoding="ascii") as file:
            file.write(f"0 {ALICE} 1")
        with Family() as family:
            return family.queue("perm")["uid"]
    with Queue("perm", uid=ALICE), Queue("perm-root"):
        if as_user(ALICE, lambda: attempt(lambda: unshare(CLONE_NEWUSER))):
            raise Skip("this kernel lets no user make user namespaces")
        overflow = 65534
        equal(as_user(ALICE, ask), (errno.EACCES, errno.EPERM, errno.EPERM, overflow))
        equal(as_user(ALICE, mapped), 0, "the owner as the namespace sees it")


@test
def balance_for_all():
    """whoever reads a queue reads balanced figures"""
    def check():
        return subprocess.run(["ipcq-stat", "--check"], check=False,
                              stdout=subprocess.DEVNULL).returncode
    with Queue("perm", uid=ALICE) as queue:
        queue.fill(3)
        device.purge(queue.fd)
        equal(as_user(ALICE, check), 0, "owner")
        equal(as_user(BOB, check), 0, "another")


if __name__ == "__main__":
    main()
