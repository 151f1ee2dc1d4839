# SPDX-License-Identifier: GPL-2.0-only
"""Test functions, their verdicts in KTAP, and what they wait for."""

import os
import sys
import time
import traceback

KSFT_FAIL = 1
KSFT_SKIP = 4

# In seconds: what takes longer will not happen.  Slow machines say so.
PATIENCE = 30 * int(os.environ.get("IPCQ_TIME_FACTOR", "1"))

_tests = []


class Skip(Exception):
    """Raised with the reason why a test cannot be done here."""


def test(function):
    """Makes a function a test.  Its docstring says what it proves."""
    _tests.append(function)
    return function


def _verdict(function):
    """Returns (ok, note)."""
    try:
        function()
    except Skip as reason:
        return True, f" # SKIP {reason}"
    except Exception:  # pylint: disable=broad-except
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
        return False, ""
    return True, ""


def main():
    """Runs the tests of the program and ends it with the verdict."""
    parent = os.getpid()
    print("KTAP version 1")
    print(f"1..{len(_tests)}", flush=True)
    verdicts = []
    for number, function in enumerate(_tests, 1):
        ok, note = _verdict(function)
        if os.getpid() != parent:
            # A child that escaped must not go on with its parent's tests.
            os._exit(70)
        words = (function.__doc__ or function.__name__).strip().splitlines()[0]
        print(f"{'ok' if ok else 'not ok'} {number} - {words}{note}", flush=True)
        verdicts.append((ok, note))
    if not all(ok for ok, _ in verdicts):
        sys.exit(KSFT_FAIL)
    if all(note for _, note in verdicts):
        sys.exit(KSFT_SKIP)
    sys.exit(0)


def equal(got, wanted, what=""):
    """Fails unless both are the same."""
    if got != wanted:
        raise AssertionError(f"{what or 'value'}: got {got!r}, wanted {wanted!r}")


def true(condition, what):
    """Fails unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def until(condition, what, seconds=PATIENCE):
    """Waits for a condition of the kernel's that nobody announces.

    Returns what the condition returned.
    """
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"in {seconds} s it did not happen that {what}")
        os.sched_yield()
