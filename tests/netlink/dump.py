#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Dumps of very many queues are whole while other queues come and go.

IPCQ_TEST_QUEUES in the environment changes how many (default 10000).
"""

import json
import os
import struct
import subprocess

from harness import device
from harness.netlink import F_DUMP, Family, split
from harness.people import Worker
from harness.testing import equal, main, test, true

COUNT = int(os.environ.get("IPCQ_TEST_QUEUES", "10000"))
ROUNDS = 2
ID, NAME = 1, 2

FAMILY = Family()


def names_of_dump():
    """(id, name) of each queue of a dump; the rest is not looked at, for speed."""
    found = []
    for message in FAMILY.raw("queue-get", b"", F_DUMP):
        head = {}
        for number, _, payload, _ in split(message.attributes):
            head[number] = payload
            if number >= NAME:
                break
        found.append((struct.unpack("=I", head[ID])[0], head[NAME].rstrip(b"\0").decode()))
    return found


def name(number):
    """Of the queues that stay."""
    return f"many-{number:05}"


def come_and_go():
    """Makes and destroys other queues until it is killed."""
    turn = 0
    while True:
        turn += 1
        with device.Queue(f"come-{turn % 7}"), device.Queue(f"go-{turn % 5}"):
            pass


class Many:
    """The queues that stay, for the length of a with statement."""

    def __enter__(self):
        for number in range(COUNT):
            os.close(device.create(name(number)))
            if number and not number % 2000:
                print(f"# {number} of {COUNT} queues", flush=True)
        return self

    def __exit__(self, *_):
        for number in range(COUNT):
            device.destroy(name(number))
        # A churner that was killed may have left some of its own.
        for left in os.listdir("/dev/ipcq"):
            if left.startswith(("come-", "go-")):
                device.destroy(left)


def check_whole():
    """One dump holds each of the queues once, in order."""
    found = names_of_dump()
    ids = [number for number, _ in found]
    equal(ids, sorted(set(ids)), "ids")
    stayed = [name_ for _, name_ in found if name_.startswith("many-")]
    equal(len(stayed), COUNT, "queues")
    equal(sorted(stayed), [name(number) for number in range(COUNT)], "names")


def check_table():
    """ipcq-stat shows each of them once."""
    listed = subprocess.run(["ipcq-stat", "--no-headings", "--output=name"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.split()
    equal(len([one for one in listed if one.startswith("many-")]), COUNT, "names")


def check_json():
    """So does its JSON, and the figures of all of them balance."""
    queues = json.loads(subprocess.run(["ipcq-stat", "--json"], check=True,
                                       stdout=subprocess.PIPE).stdout)["queues"]
    equal(len([one for one in queues if one["name"].startswith("many-")]), COUNT, "JSON")
    subprocess.run(["ipcq-stat", "--check"], check=True, stdout=subprocess.DEVNULL)


@test
def whole():
    """dumps are whole, of the client here and of ipcq-stat"""
    with Many():
        with Worker(come_and_go):
            for turn in range(ROUNDS):
                check_whole()
                print(f"# dump {turn + 1} of {ROUNDS} is whole", flush=True)
            check_table()
        check_json()
        with Family() as family:
            true(family.do("totals-get")["queues"] >= COUNT, "totals")


@test
def gone():
    """nothing of them is left"""
    equal([one for _, one in names_of_dump() if one.startswith(("many-", "come-", "go-"))], [])


if __name__ == "__main__":
    main()
