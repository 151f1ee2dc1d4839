# SPDX-License-Identifier: GPL-2.0-only
"""The figures of one run of the bench."""

import csv
import json
import os
import statistics
from collections import namedtuple

Key = namedtuple("Key", "scenario case size mechanism")
Spread = namedtuple("Spread", "median low high")

REFERENCE = "pipe"


def spread(values):
    """The median of some numbers and their quartiles."""
    values = sorted(values)
    quarter = len(values) // 4
    return Spread(statistics.median(values), values[quarter], values[-1 - quarter])


class Figures:
    """Figures by (scenario, case, size, mechanism), each once for every round.

    missing says what the kernel or the module lacked for mechanisms without figures.
    """

    def __init__(self, mode, kernel, rows, missing=None):
        self.mode = mode
        self.kernel = kernel
        self.rows = rows
        self.missing = missing or {}
        self.by_key = {}
        for row in rows:
            key = Key(row["scenario"], row["case"], row["size"], row["mechanism"])
            self.by_key.setdefault(key, []).append(row["value"])

    @classmethod
    def measured(cls, path, mode):
        """Reads what the guest has left: the kernel's version, then a figure a line."""
        with open(path, encoding="ascii") as file:
            lines = [json.loads(line) for line in file]
        return cls(mode, lines[0]["kernel"], [line for line in lines if "scenario" in line],
                   {line["without"]: line["missing"] for line in lines if "without" in line})

    @classmethod
    def recorded(cls, path):
        """Reads what write_json() has written; None if there is nothing."""
        if not os.path.exists(path):
            return None
        with open(path, encoding="ascii") as file:
            text = json.load(file)
        return cls(text["mode"], text["kernel"], text["figures"])

    def write_json(self, path):
        # A line a figure, so that a difference can be read.
        rows = ",\n".join(json.dumps(row) for row in self.rows)
        with open(path, "w", encoding="ascii") as file:
            file.write(f'{{"mode": "{self.mode}", "kernel": "{self.kernel}",\n'
                       f'"figures": [\n{rows}\n]}}\n')

    def write_csv(self, path):
        with open(path, "w", encoding="ascii", newline="") as file:
            writer = csv.DictWriter(file, self.rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def value(self, mechanism, scenario, case, size):
        """The figure, or None."""
        values = self.by_key.get(Key(scenario, case, size, mechanism))
        return statistics.median(values) if values else None

    def ratio(self, mechanism, reference, scenario, case, size):
        """How the figures compare with those of another in the same round, or None."""
        above = self.by_key.get(Key(scenario, case, size, mechanism))
        below = self.by_key.get(Key(scenario, case, size, reference))
        if not above or not below:
            return None
        return spread([a / b for a, b in zip(above, below)])

    def _in_order(self, field):
        return list(dict.fromkeys(getattr(key, field) for key in self.by_key))

    def scenarios(self):
        return self._in_order("scenario")

    def mechanisms(self):
        return self._in_order("mechanism")

    def columns(self, scenario):
        """The (case, size) pairs of a scenario."""
        return list(dict.fromkeys((key.case, key.size) for key in self.by_key
                                  if key.scenario == scenario))

    def unit(self, scenario):
        return next(row["unit"] for row in self.rows if row["scenario"] == scenario)
