# SPDX-License-Identifier: GPL-2.0-only
"""Other users, and processes that wait in a call."""

import ctypes
import os
import pickle
import signal
import traceback

PR_SET_DUMPABLE = 4

ALICE, BOB = 4001, 4002     # users without a name or a privilege


def in_child(function):
    """Runs it in a process of its own; returns its value or raises its error."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(read)
            try:
                answer = (function(), None)
            except Exception as error:  # pylint: disable=broad-except
                traceback_text = traceback.format_exc()
                answer = (None, error if isinstance(error, OSError)
                          else AssertionError(traceback_text))
            with os.fdopen(write, "wb") as pipe:
                pickle.dump(answer, pipe)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    if not data:
        raise AssertionError("the child ended without an answer")
    value, error = pickle.loads(data)
    if error:
        raise error
    return value


def become(uid, groups=(), gid=None):
    """Gives up being root for good."""
    os.setgroups(list(groups))
    os.setresgid(*[uid if gid is None else gid] * 3)
    os.setresuid(uid, uid, uid)
    # As after execve(): /proc/self is the user's own.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def as_user(uid, function, groups=(), gid=None):
    """Runs it as that user, who has no capability."""
    def run():
        become(uid, groups, gid)
        return function()
    return in_child(run)


class Worker:
    """A process that does one thing, and is gone after the with statement."""

    def __init__(self, function, uid=None):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if uid is not None:
                become(uid)
            function()
        except BaseException:  # pylint: disable=broad-except
            traceback.print_exc()
            os._exit(1)
        finally:
            os._exit(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        """Ends it now."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None

    def wait(self):
        """Waits for its end; returns its exit status."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return os.waitstatus_to_exitcode(status)
