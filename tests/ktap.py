# SPDX-License-Identifier: GPL-2.0-only
"""Reads KTAP, nested by indentation, and counts what it says.

Counted are the leaves: a result that has results of its own below it counts
only when it failed and none below it did.  A plan that is missing, or is not
fulfilled, is one failure more: nobody knows what the missing tests would say.
"""

import re

VERSION = re.compile(r"^K?TAP version \d+$")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*# SKIP\b\s*(.*))?$", re.I)
RESULT = re.compile(r"^(not )?ok\b(?:\s+(\d+)\b)?\s*(?:- )?(.*)$")
BAIL = re.compile(r"^Bail out!\s*(.*)$")
SKIP = re.compile(r"^SKIP\b:?\s*(.*)$", re.I)


class Result:
    """One result line, with the level of results that stood above it."""

    def __init__(self, ok, text, below):
        self.name, _, note = text.partition("#")
        self.name = self.name.strip()
        self.note = note.strip()
        skip = SKIP.match(self.note)
        self.ok = ok
        self.skip = skip.group(1) if skip else None
        self.below = below


class Level:
    """The results of one indentation, up to the result they belong to."""

    def __init__(self, indent):
        self.indent = indent
        self.plan = None
        self.skip = None
        self.bail = None
        self.results = []

    def fault(self):
        """What is wrong with the plan, or None."""
        if self.bail is not None:
            return f"bailed out: {self.bail}"
        if self.skip is not None and not self.results:
            return None
        if self.plan is None:
            return "no plan" if self.results else "no results"
        if self.plan != len(self.results):
            return f"{len(self.results)} results of {self.plan} planned"
        return None


class Totals:
    """The counts, and what to say about each failure and each skip."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_level(self, level, path):
        for result in level.results:
            self.add_result(result, path)
        if level.skip is not None and not level.results:
            self.skipped.append((path, level.skip or "no reason given"))
        fault = level.fault()
        if fault:
            self.failed.append((path, fault))

    def add_result(self, result, path):
        path = path + [result.name or "?"]
        before = len(self.failed)
        if result.below is not None:
            self.add_level(result.below, path)
            if not result.ok and len(self.failed) == before:
                self.failed.append((path, result.note))
        elif result.skip is not None and result.ok:
            self.skipped.append((path, result.skip or "no reason given"))
        elif result.ok:
            self.passed += 1
        else:
            self.failed.append((path, result.note))

    def line(self):
        return (f"{self.passed} passed, {len(self.failed)} failed, "
                f"{len(self.skipped)} skipped")


class Parser:
    """Feed it lines; take .totals() at the end."""

    def __init__(self):
        self.levels = [Level(0)]

    def feed(self, line):
        """Returns whether the line is KTAP."""
        text = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        if VERSION.match(text):
            self.level(indent)
            return True
        plan = PLAN.match(text)
        if plan:
            level = self.level(indent)
            level.plan = int(plan.group(1))
            if level.plan == 0 and plan.group(2) is not None:
                level.skip = plan.group(2)
            return True
        bail = BAIL.match(text)
        if bail:
            self.level(indent).bail = bail.group(1)
            return True
        result = RESULT.match(text)
        if result:
            below = self.close(indent)
            self.level(indent).results.append(
                Result(not result.group(1), result.group(3), below))
            return True
        return text.startswith("#") or not text

    def level(self, indent):
        """The open level of that indentation, opened if need be."""
        if self.levels[-1].indent < indent:
            self.levels.append(Level(indent))
        return self.levels[-1]

    def close(self, indent):
        """Closes what is deeper; returns the outermost of it, or None."""
        below = None
        while len(self.levels) > 1 and self.levels[-1].indent > indent:
            if below is not None:
                self.orphan(below)
            below = self.levels.pop()
        return below

    def orphan(self, below):
        """Deeper results that no result of the level above has claimed."""
        self.levels[-1].results.append(Result(False, "unfinished", below))

    def totals(self):
        below = self.close(0)
        if below is not None:
            self.orphan(below)
        totals = Totals()
        totals.add_level(self.levels[0], [])
        return totals
