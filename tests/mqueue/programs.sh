#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs of the distribution, unchanged, on queues of ipcq.
set -u

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# How many messages have all queues that were ever there passed on?
received() {
	ipcq-stat --totals --json | jq '[.. | objects | .received // empty][0]'
}

# passes N COMMAND...: it succeeds under ipcq-mq, and at least N messages went that way.
passes() {
	local least=$1 before

	shift
	before=$(received)
	run 0 ipcq-mq "$@"
	[ $(($(received) - before)) -ge "$least" ] || fail "only $(($(received) - before)) messages"
}

needs() {
	command -v "$1" > /dev/null || skip "there is no $1"
}

# Its receiver also calls read(2) for the status that the system's own queues give there.
# Of ipcq that takes a message, which --verify then misses; after five of these the receiver
# gives up, and a sender that finds its queue full waits until the time is over.  So this
# shows that messages pass; in which order, _transfer shows.
test_stress_ng() {
	needs stress-ng
	passes 1000 stress-ng --mq 4 --mq-ops 20000 --timeout 15 --verify --metrics-brief \
		--temp-path .
}

test_stress_ng_with_large_queues() {
	needs stress-ng
	passes 1000 stress-ng --mq 2 --mq-size 32 --mq-ops 20000 --timeout 15 --verify \
		--temp-path .
}

# Many of them come and go, and are killed at the end.
test_stress_ng_is_killed() {
	needs stress-ng
	setsid ipcq-mq stress-ng --mq 8 --temp-path . > /dev/null 2>&1 &
	busy_from=$(received)
	await has_been_busy
	kill -KILL -- "-$!"
	await group_is_gone "$!"
}

has_been_busy() {
	[ "$(received)" -gt $((busy_from + 5000)) ]
}

group_is_gone() {
	! pgrep -g "$1" > /dev/null
}

# Messages between pairs of threads, with time limits.
test_pmqtest() {
	needs pmqtest
	passes 100 pmqtest -l 200 -i 1000 -q
	# A time limit may well be met on a busy machine.
	passes 2 pmqtest -l 200 -i 1000 -t 2 -T 5 -q
}

test_python() {
	passes 3 python3 - << 'END'
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


class Attr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("flags", "maxmsg", "msgsize", "curmsgs")]
    _fields_ += [("reserved", ctypes.c_long * 4)]


attr = Attr(maxmsg=5, msgsize=100)
queue = libc.mq_open(b"/cli-python", os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, 0o600,
                     ctypes.byref(attr))
assert queue >= 0, ctypes.get_errno()
assert os.readlink(f"/proc/self/fd/{queue}").endswith("ipcq/mq.cli-python")
for prio, text in (1, b"one"), (3, b"three"), (2, b"two"):
    assert libc.mq_send(queue, text, len(text), prio) == 0
buffer = ctypes.create_string_buffer(100)
prio = ctypes.c_uint()
for expected in b"three", b"two", b"one":
    size = libc.mq_receive(queue, buffer, len(buffer), ctypes.byref(prio))
    assert buffer.raw[:size] == expected
assert libc.mq_receive(queue, buffer, len(buffer), None) == -1
assert ctypes.get_errno() == errno.EAGAIN
assert libc.mq_unlink(b"/cli-python") == 0
END
}

run_tests "$@"
