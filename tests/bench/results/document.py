# SPDX-License-Identifier: GPL-2.0-only
"""Makes figures the recorded ones, and puts their tables into the document."""

import os
import re

from results import plots, tables, targets


def _replace(text, name, content):
    """Puts content between the markers of that name."""
    begin, end = f"<!-- bench {name} -->", f"<!-- end of bench {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    if not pattern.search(text):
        raise SystemExit(f"bench: the document has no marker '{begin}'")
    return pattern.sub(lambda _: f"{begin}\n{content}\n{end}", text)


def record(figures, given):
    """Writes figures, plots and tables to where they are kept."""
    os.makedirs(given.recorded, exist_ok=True)
    with open(given.document, encoding="utf-8") as file:
        text = file.read()
    for mode, measured in figures.items():
        verdicts = targets.judge({mode: measured})
        text = _replace(text, mode, "\n".join((
            f"Made by `make bench MODE={mode} RECORD=1`, Linux {measured.kernel}.", "",
            tables.targets_markdown(verdicts), "", *tables.missing(measured),
            tables.markdown(measured))))
    if "counted" in figures:
        figures["counted"].write_json(os.path.join(given.recorded, "counted.json"))
    plots.draw(figures, given.recorded)
    with open(given.document, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"Recorded in {given.recorded} and {given.document}.")
