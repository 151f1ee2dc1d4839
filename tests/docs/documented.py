# SPDX-License-Identifier: GPL-2.0-only
"""Finds what the documents say can be typed, and what they say comes of it.

In a manual page, the display (.EX to .EE) after a comment

    .\\" example: NAME        is a program: NAME ends in .c or .sh
    .\\" output: NAME         is what that program prints

In a Markdown file, a block marked "console" is a session: lines that begin with
"$ " or "# " are typed ("> " goes on with the line before), the others are what
comes.  A block after the comment <!-- file: NAME --> is the content of a file in
the directory of the session.  Before a session block may stand <!-- figures vary -->
or <!-- not run: REASON -->.
"""

import re
from dataclasses import dataclass, field

ESCAPES = [(r"\-", "-"), (r"\(dq", '"'), (r"\(aq", "'"), (r"\(ti", "~"), (r"\(ha", "^"),
           (r"\&", ""), (r"\e", "\\")]


@dataclass
class Example:
    """A program in a manual page."""
    name: str
    text: str
    output: str | None = None


@dataclass
class Command:
    """One command of a session."""
    line: int
    text: str
    output: list = field(default_factory=list)
    figures_vary: bool = False
    not_run: str = ""


@dataclass
class Session:
    """The commands of a Markdown file, and the files that it shows."""
    commands: list
    files: dict


def plain(line):
    for escape, character in ESCAPES:
        line = line.replace(escape, character)
    return line


def displays(page):
    """Yields the kind, the name and the text of each display that has them."""
    title, lines, inside = None, [], False
    for line in page.splitlines():
        found = re.match(r'\.\\" (example|output): (\S+)$', line)
        if found:
            title, lines = found.groups(), []
        elif title and line == ".EX":
            inside = True
        elif title and line == ".EE":
            yield *title, "".join(f"{plain(text)}\n" for text in lines)
            title, inside = None, False
        elif inside:
            lines.append(line)


def examples(page):
    """Returns the examples of a manual page."""
    found = {}
    for kind, name, text in displays(page):
        if kind == "example":
            found[name] = Example(name, text)
        else:
            found[name].output = text
    return list(found.values())


def blocks(document):
    """Yields the line number, the language, the comment before, and the lines of each block."""
    comment, language, lines, start = "", None, [], 0
    for number, line in enumerate(document.splitlines(), 1):
        fence = re.match(r"```(\w*)$", line)
        if language is None:
            if fence:
                language, lines, start = fence.group(1), [], number
            elif line.startswith("<!--"):
                comment = line.removeprefix("<!--").removesuffix("-->").strip()
            elif line.strip():
                comment = ""
        elif fence:
            yield start, language, comment, lines
            language, comment = None, ""
        else:
            lines.append(line)


def session(document):
    """Returns the session of a Markdown document."""
    commands, files = [], {}
    for start, language, comment, lines in blocks(document):
        if comment.startswith("file: "):
            files[comment.removeprefix("file: ")] = "\n".join(lines) + "\n"
        if language != "console":
            continue
        for number, line in enumerate(lines, start + 1):
            if line.startswith(("$ ", "# ")):
                commands.append(Command(number, line[2:]))
                commands[-1].figures_vary = comment == "figures vary"
                if comment.startswith("not run: "):
                    commands[-1].not_run = comment.removeprefix("not run: ")
            elif line.startswith("> ") and not commands[-1].output:
                commands[-1].text += "\n" + line[2:]
            else:
                commands[-1].output.append(line)
    return Session(commands, files)


def about(line):
    """What remains of a line if figures do not matter."""
    line = re.sub(r"\d[\d.]*(?:ns|us|ms|s|m|h|%)?", "0", line)
    return re.sub(r"\s+", " ", line)


def matches(expected, actual, figures_vary=False):
    """Whether lines came as expected; "..." stands for anything."""
    if figures_vary:
        expected, actual = map(about, expected), map(about, actual)
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += "(?:.*\n)*"
            continue
        pattern += ".*".join(map(re.escape, line.split("..."))) + "\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in actual)) is not None
