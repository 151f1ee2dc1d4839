# SPDX-License-Identifier: GPL-2.0-only
"""What ipcq is to reach, and whether it does."""

from collections import namedtuple

# met is None if there is nothing to judge by.
Verdict = namedtuple("Verdict", "what must measured met")

SIZES_TO_BEAT = (8, 64, 256, 1024, 4096, 8192, 16384, 65536)
SOCKETS = ("unix-stream", "unix-dgram", "unix-seqpacket")
PEERS = ("pipe", "mqueue", "sysv") + SOCKETS
SINGLE = ("single", "-", 64)
ROUND_TRIP = ("round-trip", "-", 64)


def at_most(what, limit, value, text="{:.2f}", suffix=""):
    """A verdict: the value must not be above the limit."""
    must = f"≤ {text.format(limit)}{suffix}"
    if value is None:
        return Verdict(what, must, None, None)
    return Verdict(what, must, text.format(value) + suffix, value <= limit)


def against(figures, what, limit, mechanism, reference, where):
    """The ratio to another mechanism in the same boot must not be above the limit."""
    found = figures.ratio(mechanism, reference, *where)
    return at_most(what, limit, found and found.median, suffix=f" × {reference}")


def best(figures, mechanisms, where):
    """Which of the mechanisms costs least there, of those that there are."""
    there = [name for name in mechanisms if figures.value(name, *where) is not None]
    return min(there, key=lambda name: figures.value(name, *where), default=mechanisms[0])


def all_sizes(figures):
    """The worst of all ratios to all peers must be below 1."""
    what = "send + receive, each size from 8 B to 64 KiB"
    must = "below pipe, mqueue, sysv and AF_UNIX"
    ratios = [(figures.ratio("ipcq", peer, "single", "-", size), peer, size)
              for size in SIZES_TO_BEAT for peer in PEERS]
    if any(ratio is None for ratio, _, _ in ratios):
        return Verdict(what, must, None, None)
    ratios = [(ratio.median, peer, size) for ratio, peer, size in ratios]
    lost = [ratio for ratio in ratios if ratio[0] >= 1]
    worst, peer, size = max(ratios)
    return Verdict(what, must,
                   f"worst {worst:.2f} × {peer} at {size} B; "
                   f"{len(ratios) - len(lost)} of {len(ratios)} below", not lost)


def posix_calls(figures):
    """The calls of <mqueue.h> over ipcq must cost no more than over the system's queues."""
    what, must = "send + receive by mq_send, mq_receive, each size", "≤ 1.00 × mqueue"
    found = [(figures.ratio("ipcq-mqueue", "mqueue", "single", "-", size), size)
             for size in SIZES_TO_BEAT]
    ratios = [(ratio.median, size) for ratio, size in found if ratio]
    if not ratios:
        return Verdict(what, must, None, None)
    worst, size = max(ratios)
    return Verdict(what, must, f"worst {worst:.2f} × mqueue at {size} B", worst <= 1)


def growth(figures, what, limit, scenario, many, few):
    """Cost with many must not be much above cost with few."""
    above = figures.value("ipcq", scenario, many, 64)
    below = figures.value("ipcq", scenario, few, 64)
    return at_most(what, limit, above and below and above / below)


def judge_counted(figures):
    """Those that instructions, bytes and wake-ups decide."""
    yield against(figures, "send + receive 64 B", 0.80, "ipcq", "pipe", SINGLE)
    yield against(figures, "send + receive 64 B", 0.70, "ipcq", "mqueue", SINGLE)
    yield against(figures, "send + receive 64 B", 0.50, "ipcq", "unix-seqpacket", SINGLE)
    yield against(figures, "send + receive 64 B", 1.45, "ipcq", "floor", SINGLE)
    yield all_sizes(figures)
    yield posix_calls(figures)
    peer = best(figures, ("pipe", "mqueue", "sysv"), ROUND_TRIP)
    yield against(figures, "round trip 64 B, to the best peer", 1.00, "ipcq", peer, ROUND_TRIP)
    yield against(figures, "round trip 64 B, reply and receive in one call", 0.80,
                  "ipcq-call", peer, ROUND_TRIP)
    yield against(figures, "batch of 32 × 64 B", 0.20, "ipcq-batch", "pipe",
                  ("burst", "32", 64))
    yield against(figures, "mapped ring 64 B", 0.45, "ipcq-ring", "pipe", SINGLE)
    yield against(figures, "mapped ring 64 B, batches of 32", 0.12, "ipcq-ring", "pipe",
                  ("burst", "32", 64))
    yield against(figures, "full statistics on, to off", 1.05, "ipcq", "ipcq-uncounted", SINGLE)
    yield growth(figures, "depth 100,000 to depth 0", 1.10, "depth", "100000", "0")
    yield growth(figures, "10,000 queues to 1", 1.10, "queues", "10000", "1")
    yield at_most("memory of a waiting message of 64 B", 192,
                  figures.value("ipcq", "memory", "60000", 64), "{:.0f}", " B")
    wakeups = figures.value("ipcq", "wakeups", "64", 64)
    yield Verdict("tasks woken by a message while 64 wait", "1.00",
                  None if wakeups is None else f"{wakeups:.2f}",
                  None if wakeups is None else wakeups == 1)


def judge_timed(figures):
    """Those that time decides."""
    for size in (64, 4096):
        for peer in ("pipe", "mqueue") + SOCKETS:
            yield against(figures, f"time, stream of {size} B on two processors", 1.00,
                          "ipcq", peer, ("stream", "1x1", size))


def judge(figures):
    """All verdicts that the figures, by mode, allow."""
    judges = {"counted": judge_counted, "timed": judge_timed}
    return [verdict for mode in figures for verdict in judges[mode](figures[mode])]
