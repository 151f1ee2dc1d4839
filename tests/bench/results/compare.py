# SPDX-License-Identifier: GPL-2.0-only
"""The regression check: which counted figures have moved since they were recorded."""

import statistics
from collections import namedtuple

TOLERANCE = 0.02

Move = namedtuple("Move", "key old new")


def moved(recorded, current):
    """The figures that differ by more than the tolerance."""
    if not recorded or recorded.kernel != current.kernel:
        return []
    moves = []
    for key, values in current.by_key.items():
        if key not in recorded.by_key:
            continue
        old = statistics.median(recorded.by_key[key])
        new = statistics.median(values)
        if abs(new - old) > TOLERANCE * old:
            moves.append(Move(key, old, new))
    return moves


def has_risen(moves):
    """Whether a message by ipcq costs more than it did."""
    return any(move.key.mechanism.startswith("ipcq") and move.new > move.old
               for move in moves)


def describe(recorded, current, moves):
    """Lines that say what moved."""
    if not recorded:
        yield "There are no recorded figures to compare with; RECORD=1 records these."
        return
    if recorded.kernel != current.kernel:
        yield (f"Not compared: the recorded figures are of Linux {recorded.kernel}, "
               f"these of {current.kernel}.")
        return
    common = sum(key in recorded.by_key for key in current.by_key)
    same = sum(recorded.by_key.get(key) == values for key, values in current.by_key.items())
    yield f"{same} of {common} counted figures are the same to the last digit."
    if not moves:
        yield f"None of {common} counted figures has moved by more than {TOLERANCE:.0%}."
        return
    yield f"{len(moves)} of {common} counted figures have moved by more than {TOLERANCE:.0%}:"
    for move in moves:
        key = move.key
        case = "" if key.case == "-" else f" {key.case}"
        yield (f"  {key.mechanism}, {key.scenario}{case}, {key.size} B: "
               f"{move.old:.0f} -> {move.new:.0f} ({move.new / move.old - 1:+.1%})")
