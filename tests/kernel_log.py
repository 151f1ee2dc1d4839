# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's log since a mark, and what in it tells of a fault."""

import os
import subprocess

GATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vm/dmesg-gate")


class KernelLog:
    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDWR | os.O_NONBLOCK)

    def mark(self, text):
        os.write(self.fd, f"ipcq-test: {text}\n".encode())
        self.read()

    def read(self):
        """The messages since the last call."""
        lines = []
        while True:
            try:
                record = os.read(self.fd, 8192).decode(errors="replace")
            except BlockingIOError:
                return lines
            except BrokenPipeError:  # overwritten before it was read
                lines.append("WARNING: the kernel log overflowed")
                continue
            lines.append(record.split(";", 1)[1].split("\n", 1)[0])

    def complaints(self):
        lines = self.read()
        if not lines:
            return []
        gate = subprocess.run([GATE], input="\n".join(lines), text=True,
                              stdout=subprocess.PIPE, check=False)
        return gate.stdout.splitlines()
