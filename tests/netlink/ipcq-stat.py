#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""ipcq-stat, from its options to its exit status."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

from harness import device
from harness.device import Queue
from harness.netlink import Family
from harness.people import ALICE, BOB, Worker, as_user
from harness.testing import PATIENCE, equal, main, test, true, until

FAMILY = Family()
IGNORING_SIGPIPE = ["env", "--ignore-signal=PIPE"]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def stat(*arguments, status=0):
    """Runs ipcq-stat into pipes; returns (stdout, stderr)."""
    done = subprocess.run(["ipcq-stat", *arguments], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          timeout=PATIENCE)
    equal(done.returncode, status, f"exit status of {arguments}: {done.stderr}")
    true(status or not done.stderr, f"{arguments} said {done.stderr}")
    true(not status or done.stderr, f"{arguments} failed without a word")
    return done.stdout, done.stderr


class Terminal:
    """ipcq-stat on a terminal of some size."""

    def __init__(self, columns, rows, *arguments, **environment):
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.child = subprocess.Popen(  # pylint: disable=consider-using-with
            ["ipcq-stat", *arguments], stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=self.adopt,
            env=os.environ | {"TERM": "xterm", "LC_ALL": "C.UTF-8"} | environment)
        os.close(slave)
        self.text = ""

    @staticmethod
    def adopt():
        """Makes standard input the terminal that sends its signals here."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, columns, rows):
        """Changes the size of the terminal."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def read(self):
        """Takes what has come; False when the program has gone."""
        ready, _, _ = select.select([self.master], [], [], PATIENCE)
        true(ready, f"nothing came for {PATIENCE} s after {self.text!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, pattern):
        """Reads until the pattern has come; what follows it is kept."""
        while True:
            found = re.search(pattern, self.text, re.S)
            if found:
                before, self.text = self.text[:found.end()], self.text[found.end():]
                return before
            true(self.read(), f"ended without {pattern!r}: {self.text!r}")

    def finish(self, status=0):
        """Reads to the end; returns all the text that was not taken."""
        while self.read():
            pass
        os.close(self.master)
        equal(self.child.wait(PATIENCE), status, f"exit status; it said {self.text!r}")
        return self.text


def lines_of(text):
    """What a person sees, line by line."""
    return [line.rstrip() for line in ESCAPE.sub("", text).replace("\r", "").split("\n")]


@test
def help_and_version():
    """--help and --version go to stdout and succeed"""
    true("Usage: ipcq-stat" in stat("--help")[0], "no usage")
    true(re.fullmatch(r"ipcq-stat \(ipcq\) \d+\.\d+\.\d+\n", stat("--version")[0]), "no version")
    equal(stat("-h"), stat("--help"))
    equal(stat("-V"), stat("--version"))


@test
def wrong_usage():
    """wrong usage is status 2, with a hint"""
    for arguments in (["--nosuch"], ["-Z"], ["--watch=0"], ["--watch=x"], ["--watch=-1"],
                      ["--watch=nan"], ["--watch=1e9"], ["--watch=1x"], ["-w", "--count=0"],
                      ["-w", "--count=-1"], ["-w", "--count=x"], ["-n5"], ["--reset"],
                      ["--reset=everything", "default"], ["--output=nosuch"],
                      ["--output="], ["--output=id,,name"], ["--output=id", "--json"],
                      ["--output=id", "--totals"], ["--watch", "--events"],
                      ["--check", "--openers"], ["--check", "--json"],
                      ["--totals", "default"], ["--histogram", "--totals", "default"],
                      ["id:"], ["id:x"], ["id:-1"], ["id:4294967296"]):
        stdout, stderr = stat(*arguments, status=2)
        equal(stdout, "", f"stdout of {arguments}")
        true("--help" in stderr, f"{arguments}: no hint in {stderr!r}")


@test
def table():
    """the table in a pipe: every column, figures in full, nothing cut"""
    name = "n" * 63
    with Queue(name, uid=ALICE, mode=0o640, max_msgs=20) as queue, Queue("stat"):
        queue.fill(12, 1000)
        queue.drain(2)
        stdout, _ = stat()
        lines = stdout.splitlines()
        equal(lines[0].split(), "ID NAME OWNER PERMS MESSAGES BYTES FILL HIGH-WATER SENDERS "
              "RECEIVERS SENT RECEIVED DROPPED OLDEST".split())
        row, = [line.split() for line in lines if name in line]
        equal(row[1:13], [name, str(ALICE), "0640", "10", "10000", "50%", "12", "1", "1",
                          "12", "2", "0"])
        true(re.fullmatch(r"\d+\.\d{6}", row[13]), f"oldest: {row[13]}")
        empty, = [line.split() for line in lines if line.split()[1] == "stat"]
        equal(empty[13], "-", "oldest of an empty queue")
        equal(len({line.index(line.split()[1]) for line in lines[1:]}), 1, "alignment")


@test
def selection():
    """queues by name and by number; one that there is not is named, the rest is shown"""
    with Queue("stat-a"), Queue("stat-b"), Queue("") as anonymous:
        number = device.get_attributes(anonymous.fd)["id"]
        stdout, _ = stat("--no-headings", "stat-b", f"id:{number}")
        equal([line.split()[1] for line in stdout.splitlines()], ["stat-b", "(anonymous)"])
        stdout, stderr = stat("--no-headings", "nosuch", "stat-a", status=1)
        equal([line.split()[1] for line in stdout.splitlines()], ["stat-a"])
        true("'nosuch': no such queue" in stderr, stderr)
        stdout, stderr = stat("id:4294967295", status=1)
        equal(stdout, "")
        true("id:4294967295: no such queue" in stderr, stderr)
        true("--watch=SECONDS" in stat("--watch", "2", status=1)[1], "no hint")


@test
def odd_names():
    """names that no queue can have are wrong usage, never a crash"""
    for name in ("", ".", "..", "a/b", "n" * 64, "n" * 100000, "a b", "\udcff", "\x1b[31m",
                 "/dev/ipcq/", "/dev/ipcq/a/b", "/dev/a", "/dev/ipcq/id:1"):
        true("is no name" in stat("--", name, status=2)[1], f"{name[:99]!r}")
    for name in ("control", "-", "n" * 63):
        true("no such queue" in stat("--", name, status=1)[1], name)


@test
def unlinked():
    """a queue that was destroyed and is still open is marked"""
    with Queue("stat") as queue:
        device.destroy("stat")
        number = FAMILY.dump("queue-get")[-1]["id"]
        true("stat(unlinked)" in stat(f"id:{number}")[0], "no mark")
        queue.close()


@test
def columns():
    """--output chooses columns, in any case and order"""
    with Queue("stat", order=1, flags=device.FLAG_HANGUP, high_pct=70, low_pct=30):
        stdout, _ = stat("--output=Order,NAME,flags,high-pct,low-pct,max-messages", "stat")
        equal([line.split() for line in stdout.splitlines()],
              [["ORDER", "NAME", "FLAGS", "HIGH-PCT", "LOW-PCT", "MAX-MESSAGES"],
               ["priority", "stat", "hangup", "70%", "30%", "1024"]])


def plain(value):
    """A value of the client as the JSON shows it."""
    if isinstance(value, dict):
        return {key.replace("-", "_"): plain(inner) for key, inner in value.items()}
    return value


@test
def json_of_queues():
    """the JSON holds what the kernel tells, under the specification's names"""
    with Queue("stat", mode=0o640, order=1, flags=device.FLAG_HANGUP) as queue:
        queue.fill(3)
        queue.drain(1)
        told = json.loads(stat("--json", "stat")[0])
        wanted = plain(FAMILY.queue("stat"))
        equal(list(told), ["queues"])
        got, = told["queues"]
        for moving in ("snapshot_ns", "oldest_ns"):
            true(wanted.pop(moving) > got.pop(moving), moving)
        wanted |= {"mode": "0640", "order": "priority", "flags": ["hangup"]}
        equal(got, wanted)
        everything = json.loads(stat("-j")[0])["queues"]
        true({"default", "stat"} <= {queue["name"] for queue in everything}, "not all")
    equal(json.loads(stat("--json", "nosuch", status=1)[0]), {"queues": []})


@test
def json_of_totals():
    """the JSON of the totals likewise"""
    told = json.loads(stat("--totals", "--json")[0])
    equal(list(told), ["totals"])
    wanted = plain(FAMILY.do("totals-get"))
    true(wanted.pop("snapshot_ns") > told["totals"].pop("snapshot_ns"), "snapshot_ns")
    equal(told["totals"], wanted)


@test
def json_of_openers():
    """the JSON of the openers is valid, whatever a program calls itself"""
    def comm(name):
        with open("/proc/self/comm", "wb") as file:
            file.write(name)
    with open("/proc/self/comm", "rb") as file:
        usual = file.read().rstrip(b"\n")
    try:
        for name, shown in ((b'"\\\x01\x1b[31m', '"\\??[31m'), (b"\xff\xfe\xc3", "???"),
                            ("ü€".encode(), "ü€"), (b"\xc2\x9b31m", "??31m"),
                            (b"a b", "a b")):
            comm(name)
            with Queue("stat"):
                comm(b"other")
                told = json.loads(stat("--openers", "--json", "stat")[0])["openers"]
                equal([one["comm"] for one in told], [shown])
                true(shown in stat("--openers", "stat")[0], f"{name!r} in the table")
    finally:
        comm(usual)
    with Queue("stat"):
        got, = json.loads(stat("--openers", "--json", "stat")[0])["openers"]
        wanted = plain(FAMILY.dump("opener-get", queue_name="stat")[0])
        equal(got, wanted | {"access": ["recv", "send"]})


@test
def openers_table():
    """--openers tells who waits in what"""
    with Queue("stat", os.O_RDONLY), \
            Worker(lambda: os.read(device.open_queue("stat"), 99)) as worker:
        until(lambda: FAMILY.queue("stat")["blocked-receivers"], "it waits")
        stdout, _ = stat("--openers", "stat")
        equal(stdout.splitlines()[0].split(),
              "QUEUE ID PID COMMAND USER ACCESS BLOCKED SINCE".split())
        rows = {int(line.split()[2]): line.split() for line in stdout.splitlines()[1:]}
        equal(rows[os.getpid()][4:], ["root", "recv", "-", "-"])
        equal(rows[worker.pid][4:7], ["root", "send,recv", "recv"])
        true(f" {worker.pid} " in stat("--openers")[0], "not among all")


@test
def totals():
    """--totals tells every figure"""
    stdout, _ = stat("--totals")
    told = dict(line.split() for line in stdout.splitlines())
    wanted = FAMILY.do("totals-get")
    equal(told["queues"], str(wanted["queues"]))
    for name, value in wanted["counters"].items():
        if name.endswith("-ns"):
            name, value = name[:-2] + "s", f"{value // 1000 / 1e6:.6f}"
        equal(told[name], str(value), name)


@test
def histogram():
    """--histogram draws what was counted"""
    with Queue("stat") as queue:
        queue.fill(8, 100)
        queue.fill(2, 0)
        queue.drain(10)
        lines = stat("--histogram", "stat")[0].splitlines()
        true(lines[0].startswith("queue stat, id "), lines[0])
        equal(lines[1], "sent, by size in bytes: 10")
        equal(lines[2].split()[:2], ["0", "2"])
        equal(lines[9].split()[:5], ["64", "..", "<", "128", "8"])
        equal(lines[9].count("#"), 4 * lines[2].count("#"), "length of the bars")
        equal(lines[10], "received, by seconds waited: 10")
    true("all queues there have been" in stat("--histogram", "--totals")[0], "no totals")


@test
def check():
    """--check finds the running module balanced"""
    with Queue("stat") as queue:
        queue.fill(3)
        device.purge(queue.fd)
        queue.fill(2)
        true(re.fullmatch(r"balanced: \d+ queues and the totals\n", stat("--check")[0]), "")
        equal(stat("--check", "stat")[0], "balanced: 1 queue and the totals\n")
        stat("--check", "nosuch", status=1)


@test
def reset():
    """--reset sets back peaks, counters or both"""
    with Queue("stat") as queue:
        queue.fill(4)
        queue.drain(3)
        stat("--reset=peak", "stat")
        reply = FAMILY.queue("stat")
        equal((reply["peak-depth"], reply["counters"]["sent"]), (1, 4))
        queue.fill(1)
        stat("--reset=counters", "stat")
        reply = FAMILY.queue("stat")
        equal((reply["peak-depth"], reply["counters"]["sent"]), (2, 2))
        queue.drain(2)
        stat("--reset", "stat")
        reply = FAMILY.queue("stat")
        equal((reply["peak-depth"], reply["counters"]["sent"]), (0, 0))
        stat("--reset", "nosuch", status=1)


@test
def without_rights():
    """what others may not see is an error that says why, or left out of lists"""
    def refused(*arguments):
        return as_user(BOB, lambda: stat(*arguments, status=1))[1]
    with Queue("stat", uid=ALICE):
        true("mode does not let you read" in refused("stat"), "get")
        true("sudo" in refused("--openers", "stat"), "openers")
        true("CAP_SYS_ADMIN" in refused("--reset", "stat"), "reset")
        true("CAP_NET_ADMIN" in refused("--events"), "events")
        names = as_user(BOB, lambda: stat("--no-headings", "-oname"))[0].split()
        true("default" in names and "stat" not in names, f"listed: {names}")


@test
def without_module():
    """without the family it says what to do"""
    done = subprocess.run(["unshare", "--net", "ipcq-stat"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    equal((done.returncode, done.stdout), (1, ""))
    true("initial network namespace" in done.stderr, done.stderr)


@test
def full_disk():
    """output that cannot be written is a failure"""
    for arguments in ([], ["--json"], ["--totals"], ["--help"], ["--watch=0.1", "-n3"]):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(["ipcq-stat", *arguments], stdout=full, text=True,
                                  stderr=subprocess.PIPE, check=False, timeout=PATIENCE)
        equal(done.returncode, 1, f"{arguments}")
        true("No space left" in done.stderr, f"{arguments}: {done.stderr}")


@test
def frames_in_a_pipe():
    """--watch in a pipe appends plain frames, with rates from two of them"""
    with Queue("stat", max_msgs=10) as queue:
        with subprocess.Popen(["ipcq-stat", "--watch=0.1", "--count=2", "stat"], text=True,
                              stdout=subprocess.PIPE) as child:
            first = [child.stdout.readline() for _ in range(4)]
            queue.fill(5)
            second = child.stdout.read().splitlines()
        equal(child.returncode, 0)
        true("\x1b" not in "".join(first + second), "an escape sequence")
        equal(first[3], "\n", "frames are not apart")
        heading = first[1].split()
        row = dict(zip(heading, first[2].split()))
        equal((row["FILL"], row["IN/s"], row["MESSAGES"]), ("0%", "-", "0/10"))
        equal(row["BUFFER"].strip("[]").strip("."), "")
        row = dict(zip(heading, second[2].split()))
        equal(row["MESSAGES"].split("/")[1], "10")
        true(int(row["IN/s"]) >= 0, "no rate")


@test
def rates():
    """the rate is what was sent between two snapshots"""
    with Queue("stat") as queue:
        with subprocess.Popen(["ipcq-stat", "--watch=0.5", "--json", "stat"], text=True,
                              stdout=subprocess.PIPE) as child:
            before, = json.loads(child.stdout.readline())["queues"]
            queue.fill(7)
            for line in child.stdout:
                after, = json.loads(line)["queues"]
                if after["counters"]["sent"] == 7:
                    break
            child.send_signal(signal.SIGINT)
            equal(child.wait(PATIENCE), -signal.SIGINT, "exit status")
        true(after["snapshot_ns"] > before["snapshot_ns"], "time does not pass")


@test
def live_view():
    """the live view redraws in place, shows who is blocked, and gives the cursor back"""
    with Queue("stat", max_msgs=10, high_pct=80, low_pct=20) as queue:
        queue.fill(10)
        with Worker(lambda: os.write(device.open_queue("stat", os.O_WRONLY), b"x")) as worker:
            until(lambda: FAMILY.queue("stat")["blocked-senders"], "it waits")
            with open("/proc/self/comm", encoding="ascii") as file:
                comm = file.read().rstrip("\n")
            screen = Terminal(80, 24, "--watch=0.1", "stat")
            first = screen.wait_for(r"blocked in send for .*?\n")
            true(f"  {worker.pid} {comm} blocked in send" in first, first)
            true("\x1b[31m[" in first and "100%" in first, f"not red and full: {first!r}")
            true("\x1b[?25l" in first, "the cursor is not hidden")
            screen.wait_for(r"\x1b\[4A\r.*?blocked in send")
            queue.drain(8)
            screen.wait_for(r"\x1b\[32m\[.*? 3/10 ")
            true("blocked" not in screen.text, "still blocked")
            screen.child.send_signal(signal.SIGINT)
            rest = screen.finish()
        true(rest.endswith("\x1b[?25h"), f"the cursor stays hidden: {rest[-40:]!r}")


@test
def resized():
    """the live view follows the size of the terminal"""
    with Queue("stat"):
        screen = Terminal(120, 24, "--watch=60", "stat")
        wide = lines_of(screen.wait_for("OUT-B/s.*?\n.*?\n"))
        true(any(len(line) > 80 for line in wide), f"not wide: {wide}")
        screen.resize(40, 24)
        narrow = screen.wait_for(r"\x1b\[2J.*?stat .*?\n")
        narrow = lines_of(narrow[narrow.index("\x1b[2J"):])
        true(all(len(line) <= 40 for line in narrow), f"too wide: {narrow}")
        screen.child.send_signal(signal.SIGTERM)
        screen.finish()


@test
def suspended():
    """the live view can be stopped and continued"""
    with Queue("stat"):
        screen = Terminal(80, 24, "--watch=0.1", "stat")
        screen.wait_for("stat .*?\n")
        screen.child.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(screen.child.pid, os.WUNTRACED)
        true(os.WIFSTOPPED(status), "not stopped")
        screen.wait_for(r"\x1b\[\?25h")
        screen.child.send_signal(signal.SIGCONT)
        screen.wait_for(r"\x1b\[\?25l.*?stat .*?\n")
        screen.child.send_signal(signal.SIGINT)
        screen.finish()


@test
def terminal_widths():
    """on a terminal no line is wider than it, and what matters most stays"""
    with Queue("stat-with-a-name-that-is-rather-long", max_msgs=5000) as queue:
        queue.fill(4999, 1)
        for width, kept in ((200, "NAME OWNER HIGH-WATER RECEIVERS RECEIVED OLDEST"),
                            (80, "NAME MSGS BYTES FILL SENT RECVD DROP"),
                            (40, "NAME MSGS BYTES FILL")):
            for arguments in ([], ["--openers"], ["--watch=0.1", "-n1"],
                              ["--histogram", "default"]):
                lines = lines_of(Terminal(width, 24, *arguments).finish())
                wide = [line for line in lines if len(line) > width]
                equal(wide, [], f"{arguments} at {width}")
            lines = lines_of(Terminal(width, 24).finish())
            true(set(kept.split()) <= set(lines[0].split()), f"{width}: {lines[0]}")
        short = lines_of(Terminal(40, 24).finish())
        true("stat-wi+" in "".join(short), f"the name is not cut: {short}")


@test
def few_rows():
    """more queues than rows do not make the live view scroll"""
    queues = [Queue(f"stat-{number:02}") for number in range(30)]
    try:
        text = Terminal(80, 10, "--watch=0.1", "--count=2").finish()
        equal(text.count("\n"), 2 * 9, "lines of two frames")
        true("more" in text, "not said that there are more")
    finally:
        for queue in queues:
            queue.__exit__()


@test
def units_and_colours():
    """terminals get units and colours; -b, NO_COLOR and plain ones do not"""
    with Queue("stat", max_bytes=1 << 20, max_msgs=20) as queue:
        queue.fill(17, 3000)
        true(" 49.8K " in Terminal(80, 24).finish(), "no unit")
        true(" 51000 " in Terminal(80, 24, "--bytes").finish(), "a unit in spite of -b")
        frame = ["--watch=0.1", "-n1", "stat"]
        true("\x1b[31m" in Terminal(80, 24, *frame).finish(), "no colour")
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            text = Terminal(80, 24, *frame, **environment).finish()
            true("\x1b[31m" not in text, f"colour in spite of {environment}")
        true("\u2588" in Terminal(80, 24, *frame).finish(), "no bar")
        ascii_only = Terminal(80, 24, *frame, LC_ALL="C").finish()
        true("#" in ascii_only and "\u2588" not in ascii_only, "not in ASCII")


class Events:
    """ipcq-stat --events in a pipe, once it follows."""

    def __init__(self, *arguments, before=()):
        self.child = subprocess.Popen(  # pylint: disable=consider-using-with
            [*before, "ipcq-stat", "--events", *arguments], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def follow(self):
        """Nobody announces that it follows, so make events until one shows."""
        while not select.select([self.child.stdout], [], [], 0.05)[0]:
            with Queue("stat-ready"):
                pass
        true(self.child.poll() is None, "it does not follow")
        return self

    def end(self):
        """Ends it as Ctrl-C does; that reaches it even if nobody reads its output."""
        self.child.send_signal(signal.SIGINT)
        equal(self.child.wait(PATIENCE), -signal.SIGINT, "exit status")

    def lines(self):
        """The lines on other queues than the one that was to make it follow."""
        for line in self.child.stdout:
            if "stat-ready" not in line:
                yield line


@test
def events():
    """--events shows a line for each event, at once, and ends on SIGINT"""
    follower = Events().follow()
    lines = follower.lines()
    with Queue("stat", max_msgs=10) as queue:
        line = next(lines).split()
        equal(line[1:3], ["created", "stat"])
        equal(line[4:], ["owner=root", "messages=0/10", "bytes=0/1048576"])
        queue.fill(8)
        equal(next(lines).split()[1:3], ["high-water", "stat"])
        queue.drain(3)
        equal(next(lines).split()[1:3], ["normal", "stat"])
        device.purge(queue.fd)
        line = next(lines).split()
        equal((line[1], line[-2:]), ("dropped", ["lost=5", "reason=purged"]))
    equal(next(lines).split()[1], "destroyed")
    follower.end()


@test
def events_of_some():
    """--events of a queue leaves others out, and ends after --count"""
    follower = Events("--count=2", "--json", "stat-ready", "stat")
    follower.follow()
    told = [json.loads(line) for line in follower.child.stdout]
    equal(follower.child.wait(PATIENCE), 0)
    equal([one["event"] for one in told], ["created", "destroyed"])
    equal({one["name"] for one in told}, {"stat-ready"})


@test
def events_in_json():
    """--events --json has an object a line, with every attribute"""
    follower = Events("--json").follow()
    lines = follower.lines()
    with Queue("stat", uid=ALICE, max_msgs=10) as queue:
        one = json.loads(next(lines))
        equal(set(one), {"event", "id", "name", "uid", "max_msgs", "max_bytes", "depth",
                         "bytes", "snapshot_ns"})
        equal((one["event"], one["name"], one["uid"], one["max_msgs"]),
              ("created", "stat", ALICE, 10))
        queue.fill(2)
        device.purge(queue.fd)
        one = json.loads(next(lines))
        equal((one["event"], one["dropped"], one["drop_reason"]), ("dropped", 2, "purged"))
    follower.end()


@test
def lost_events():
    """events that come faster than they are read are reported as lost"""
    follower = Events("--json").follow()
    follower.child.send_signal(signal.SIGSTOP)
    with Queue("stat-flood", max_msgs=1, high_pct=100, low_pct=0) as queue:
        # Each message crosses both levels; the buffer takes some ten thousand events.
        until(lambda: [(queue.fill(1), queue.drain(1)) for _ in range(500)] and
              overflowed(follower.child.pid), "the buffer of the stopped process is full")
    follower.child.send_signal(signal.SIGCONT)
    told = b""
    # What happens before all that waits has been read is lost as well.
    while b'"stat-after"' not in told:
        if select.select([follower.child.stdout], [], [], 0.05)[0]:
            told += os.read(follower.child.stdout.fileno(), 65536)
        else:
            with Queue("stat-after"):
                pass
    true(b'{"event":"lost"}' in told, "no mark of the loss")
    follower.end()
    true("events were lost" in follower.child.stderr.read(), "no warning")


def overflowed(pid):
    """Whether a netlink socket of the process has dropped anything.

    libnl keeps the pid in the lower 22 bits of the port.
    """
    with open("/proc/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return any(int(row[2]) & 0x3fffff == pid and int(row[8]) for row in rows
               if int(row[1]) == 16)


@test
def events_that_nobody_reads():
    """--events ends when its reader has gone, without waiting for another event"""
    follower = Events().follow()
    follower.child.stdout.close()
    equal(follower.child.wait(PATIENCE), -signal.SIGPIPE, "exit status")
    follower = Events(before=IGNORING_SIGPIPE).follow()
    follower.child.stdout.close()
    equal(follower.child.wait(PATIENCE), 1, "exit status")
    true("nobody reads it" in follower.child.stderr.read(), "not said why")


@test
def frames_that_nobody_reads():
    """--watch ends when its reader has gone, without waiting for the next frame"""
    for before, status in (([], -signal.SIGPIPE), (IGNORING_SIGPIPE, 1)):
        with subprocess.Popen([*before, "ipcq-stat", "--watch=3600", "--json"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            child.stdout.readline()
            child.stdout.close()
            equal(child.wait(PATIENCE), status, "exit status")


if __name__ == "__main__":
    main()
