# SPDX-License-Identifier: GPL-2.0-only
"""The figures as tables: for a terminal, and in Markdown."""

from results.figures import REFERENCE

TITLES = {
    "single": "Send and receive in one task, by size",
    "burst": "So many sent, then received, for each message",
    "depth": "Send and receive while so many wait",
    "capacity": "Send and receive by a queue that holds so many",
    "priorities": "Send and receive, so many priorities in use",
    "queues": "Send and receive, so many queues in turn",
    "pollers": "Send and receive, so many epoll descriptors watching",
    "round-trip": "A message to another task and one back, by size",
    "stream": "One task sends, another receives, by size",
    "fan": "Senders x receivers, for each message",
    "wakeups": "Tasks woken by one message while so many wait",
    "memory": "Memory of each message while so many wait",
}


def size_text(size):
    """Bytes as people read them."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B"


def _column(figures, scenario, case, size):
    """What distinguishes a column: its size, unless the cases do."""
    if len({size for _, size in figures.columns(scenario)}) > 1 or case in ("-", "1x1"):
        return size_text(size)
    return case


def _cell(figures, mechanism, scenario, case, size):
    if figures.mode == "timed":
        found = figures.ratio(mechanism, REFERENCE, scenario, case, size)
        return f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})" if found else "–"
    value = figures.value(mechanism, scenario, case, size)
    if value is None:
        return "–"
    return f"{value:.2f}" if scenario == "wakeups" else f"{value:.0f}"


def _rows(figures, scenario):
    """The heading and the lines of a scenario's table."""
    columns = figures.columns(scenario)
    yield [""] + [_column(figures, scenario, *column) for column in columns]
    for mechanism in figures.mechanisms():
        cells = [_cell(figures, mechanism, scenario, *column) for column in columns]
        if any(cell != "–" for cell in cells):
            yield [mechanism] + cells


def _heading(figures, scenario):
    unit = f"ratio of time to {REFERENCE}, median (quartiles)" if figures.mode == "timed" \
        else figures.unit(scenario)
    return f"{TITLES.get(scenario, scenario)} ({unit})"


def _aligned(rows):
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        yield "  ".join(cells).rstrip()


def _markdown(rows):
    rows = list(rows)
    rows.insert(1, ["---"] + ["--:"] * (len(rows[0]) - 1))
    return ["| " + " | ".join(row) + " |" for row in rows]


def text(figures):
    """All tables, for a terminal."""
    lines = []
    for scenario in figures.scenarios():
        lines += ["", _heading(figures, scenario), ""]
        lines += _aligned(_rows(figures, scenario))
    return "\n".join(lines)


def markdown(figures):
    """All tables, for a document."""
    lines = []
    for scenario in figures.scenarios():
        lines += ["", f"**{_heading(figures, scenario)}**", ""]
        lines += _markdown(_rows(figures, scenario))
    return "\n".join(lines)


def missing(figures):
    """Lines that say which mechanisms there are no figures of."""
    return [f"Without {name}: this kernel or module lacks {what}."
            for name, what in figures.missing.items()]


def _target_rows(verdicts):
    yield ["target", "must", "measured", "verdict"]
    for verdict in verdicts:
        state = {True: "met", False: "not met", None: "not measured"}[verdict.met]
        yield [verdict.what, verdict.must, verdict.measured or "–", state]


def targets(verdicts):
    """The targets, for a terminal."""
    rows = list(_target_rows(verdicts))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["", "Targets", ""]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
              for row in rows]
    met = sum(verdict.met is True for verdict in verdicts)
    return "\n".join(lines + ["", f"{met} of {len(verdicts)} targets are met.", ""])


def targets_markdown(verdicts):
    """The targets, for a document."""
    rows = list(_target_rows(verdicts))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "| --- | --- | --- | --- |")
    return "\n".join(lines)
