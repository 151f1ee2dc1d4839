# SPDX-License-Identifier: GPL-2.0-only
"""The figures as plots, in SVG."""

import os

import matplotlib

from results.figures import REFERENCE
from results.tables import size_text

matplotlib.use("svg")
# pylint: disable=wrong-import-position
from matplotlib import pyplot  # noqa: E402

# The same file for the same figures; text that stays text.
matplotlib.rcParams.update({
    "svg.hashsalt": "ipcq",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
})

OURS = ("#c2410c", "#f97316", "#9a3412", "#fdba74", "#7c2d12", "#db2777", "#f9a8d4", "#831843")
PEERS = ("#64748b", "#0f766e", "#5eead4", "#1d4ed8", "#60a5fa", "#93c5fd", "#7c3aed", "#a16207",
         "#334155")


def shown(figures):
    """The mechanisms to be shown: one is there only to be compared with."""
    return [name for name in figures.mechanisms() if name != "ipcq-uncounted"]


def colours(mechanisms):
    """Ours are warm, the others cold."""
    ours = [name for name in mechanisms if name.startswith("ipcq")]
    peers = [name for name in mechanisms if not name.startswith("ipcq")]
    chosen = {name: OURS[i % len(OURS)] for i, name in enumerate(ours)}
    chosen.update((name, PEERS[i % len(PEERS)]) for i, name in enumerate(peers))
    return chosen


def _save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    # It leaves blanks at the ends of lines.
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip() for line in file]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def height_of_bars(figures):
    """Inches that a plot with a bar for each mechanism takes."""
    return 1 + 0.28 * len(shown(figures))


def _bars(axes, figures, title, where):
    found = [(name, figures.value(name, *where)) for name in shown(figures)]
    found = [(name, value) for name, value in found if value is not None]
    palette = colours(shown(figures))
    names = [name for name, _ in found]
    bars = axes.barh(names, [value for _, value in found],
                     color=[palette[name] for name in names])
    axes.bar_label(bars, labels=[f"{value:,.0f}" for _, value in found], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_title(title)
    axes.set_xlabel("instructions")


def by_mechanism(figures, path):
    """Bars: what 64 B cost."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, height_of_bars(figures)))
    _bars(left, figures, "64 B: send + receive", ("single", "-", 64))
    _bars(right, figures, "64 B: round trip between two tasks", ("round-trip", "-", 64))
    _save(figure, path)


def _lines(axes, figures, points):
    """A line for each mechanism; points are (x, where it is in the figures)."""
    palette = colours(shown(figures))
    for name in shown(figures):
        found = [(x, figures.value(name, *where)) for x, where in points]
        found = [(x, value) for x, value in found if value is not None]
        if found:
            axes.plot(*zip(*found), label=name, color=palette[name], marker="o", markersize=3,
                      linewidth=2 if name.startswith("ipcq") else 1)
    axes.grid(color="#e5e7eb")
    axes.set_ylabel("instructions for a message")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def by_size(figures, path):
    """Lines: what a message of some size costs."""
    sizes = [size for _, size in figures.columns("single")]
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    _lines(axes, figures, [(size, ("single", "-", size)) for size in sizes])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(sizes, [size_text(size) for size in sizes], rotation=45)
    axes.set_title("Send + receive in one task, by size")
    _save(figure, path)


def by_depth(figures, path):
    """Lines: what a message costs among others that wait."""
    depths = [case for case, _ in figures.columns("depth")]
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    _lines(axes, figures, [(int(case), ("depth", case, 64)) for case in depths])
    axes.set_xscale("symlog", linthresh=1000)
    axes.set_xticks([int(case) for case in depths], [f"{int(case):,}" for case in depths],
                    rotation=45)
    axes.set_ylim(bottom=0)
    axes.set_title("Send + receive of 64 B in one task, while so many wait")
    _save(figure, path)


def by_time(figures, path):
    """Bars: ratios of time, with their quartiles."""
    figure, plots = pyplot.subplots(1, 2, figsize=(10, height_of_bars(figures)))
    palette = colours(shown(figures))
    for axes, size in zip(plots, (64, 4096)):
        found = [(name, figures.ratio(name, REFERENCE, "stream", "1x1", size))
                 for name in shown(figures)]
        found = [(name, ratio) for name, ratio in found if ratio]
        axes.barh([name for name, _ in found], [ratio.median for _, ratio in found],
                  color=[palette[name] for name, _ in found],
                  xerr=[[ratio.median - ratio.low for _, ratio in found],
                        [ratio.high - ratio.median for _, ratio in found]],
                  error_kw={"elinewidth": 1, "capsize": 2})
        axes.axvline(1, color="#334155", linewidth=1, linestyle=":")
        axes.invert_yaxis()
        axes.set_title(f"{size_text(size)}: stream on two processors")
        axes.set_xlabel(f"time for a message, ratio to {REFERENCE} (quartiles)")
    _save(figure, path)


PLOTS = {
    "by-mechanism.svg": ("counted", by_mechanism),
    "by-size.svg": ("counted", by_size),
    "by-depth.svg": ("counted", by_depth),
    "by-time.svg": ("timed", by_time),
}


def draw(figures, directory):
    """Draws what the figures allow."""
    os.makedirs(directory, exist_ok=True)
    for name, (mode, plot) in PLOTS.items():
        if mode in figures:
            plot(figures[mode], os.path.join(directory, name))
