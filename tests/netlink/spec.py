#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The specification and the header name the same numbers.

Needs no module: both are files of the tree.
"""

import os
import re

from harness.spec import TREE, the_spec
from harness.testing import equal, main, test

HEADERS = os.path.join(TREE, "module/include/uapi")
LICENSE = "((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)"


class Header:
    """The constants of a C header."""

    def __init__(self, name):
        with open(os.path.join(HEADERS, name), encoding="utf-8") as file:
            self.first_line = file.readline().rstrip("\n")
            text = file.read()
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self.constants = {}
        self.enums = []
        for match in re.finditer(r"\benum\s*(\w*)\s*\{(.*?)\}", text, re.S):
            self.enums.append(self._enum(match.group(2)))
        self.defines = dict(re.findall(r"^#define[ \t]+(\w+)[ \t]+(.+?)[ \t]*$", text, re.M))
        for name_, value in self.defines.items():
            match = re.fullmatch(r"\(1u << (\d+)\)|(\d+)", value)
            if match:
                shift, number = match.groups()
                self.constants[name_] = int(number) if number else 1 << int(shift)

    def _enum(self, body):
        names = {}
        value = -1
        for entry in filter(None, (part.strip() for part in body.split(","))):
            name, _, given = (word.strip() for word in entry.partition("="))
            # Either a number, or (__SOMETHING_MAX - 1).
            given = re.sub(r"__\w+", lambda m: str(names[m.group()]), given)
            given = given.strip("()")
            if given:
                left, _, right = given.partition(" - ")
                value = int(left, 0) - (int(right) if right else 0)
            else:
                value += 1
            names[name] = value
        self.constants.update(names)
        return names

    def starting(self, prefix):
        """The constants whose names begin so."""
        return {name: value for name, value in self.constants.items()
                if name.startswith(prefix)}


SPEC = the_spec()
NETLINK = Header("linux/ipcq_netlink.h")
DEVICE = Header("linux/ipcq.h")


@test
def license_lines():
    """both carry the licence that YNL wants"""
    equal(SPEC.first_line, f"# SPDX-License-Identifier: {LICENSE}")
    equal(NETLINK.first_line, f"/* SPDX-License-Identifier: {LICENSE} */")


@test
def family():
    """the family's name, version and group"""
    equal(NETLINK.defines["IPCQ_FAMILY_NAME"], f'"{SPEC.name}"')
    equal(NETLINK.constants["IPCQ_FAMILY_VERSION"], SPEC.version)
    equal(SPEC.groups, ["events"])
    equal(NETLINK.defines["IPCQ_MCGRP_EVENTS"], '"events"')
    equal(SPEC.raw["uapi-header"], "linux/ipcq_netlink.h")


@test
def attributes():
    """every attribute of every set, none more on either side"""
    for space in SPEC.sets.values():
        prefix = f"IPCQ_A_{space.name.upper()}_"
        wanted = {attribute.c_name: attribute.number for attribute in space}
        last = max(wanted.values())
        wanted[f"{prefix}MAX"] = last
        equal(NETLINK.starting(prefix), wanted, space.name)
        equal(NETLINK.constants[f"__{prefix}MAX"], last + 1, space.name)
    named = {name.split("_")[2] for name in NETLINK.starting("IPCQ_A_")}
    equal(named, {name.upper() for name in SPEC.sets}, "sets")


@test
def commands():
    """every command, none more on either side"""
    wanted = {operation.c_name: operation.number for operation in SPEC.operations.values()}
    last = max(wanted.values())
    wanted["IPCQ_CMD_MAX"] = last
    equal(NETLINK.starting("IPCQ_CMD_"), wanted)
    equal(NETLINK.constants["__IPCQ_CMD_MAX"], last + 1)


@test
def enumerations():
    """every enumeration and flag, in the header that the specification names"""
    ours = set()
    for definition in SPEC.definitions.values():
        header = DEVICE if definition.header == "linux/ipcq.h" else NETLINK
        prefix = os.path.commonprefix(list(definition.c_names))
        prefix = prefix[:prefix.rindex("_") + 1]
        equal(header.starting(prefix), definition.c_names, definition.name)
        if header is NETLINK:
            ours |= set(definition.c_names)
    other = {name for names in NETLINK.enums for name in names
             if not name.lstrip("_").startswith(("IPCQ_A_", "IPCQ_CMD_"))}
    equal(other, ours, "enumerations of the netlink header")


@test
def references():
    """every name that an operation or attribute refers to is defined"""
    for space in SPEC.sets.values():
        for attribute in space:
            if attribute.nested:
                equal(attribute.nested in SPEC.sets, True, attribute.c_name)
            if attribute.enum:
                equal(attribute.enum in SPEC.definitions, True, attribute.c_name)
    for operation in SPEC.operations.values():
        known = set(SPEC.sets[operation.set].by_name)
        named = operation.event_attributes()
        for dump in (False, True):
            named |= operation.request(dump) | operation.reply(dump)
        equal(named - known, set(), operation.name)


@test
def manual():
    """the manual page describes every attribute and every command"""
    with open(os.path.join(TREE, "docs/man/ipcq-netlink.7"), encoding="utf-8") as file:
        page = file.read().replace("\\-", "-")
    sections = dict(re.findall(r"^\.SS Set (\w+)\n(.*?)(?=^\.S[SH])", page, re.M | re.S))
    for space in SPEC.sets.values():
        described = re.findall(r'^\.BR ([a-z-]+) " \((\w+)\)"$', sections[space.name], re.M)
        names = {"binary": "array"}
        equal(described, [(attribute.name, names.get(attribute.type, attribute.type))
                          for attribute in space if attribute.type != "pad"], space.name)
    described = re.findall(r"^\.TP\n\.BR? ([a-z-]+)(?: |$)", page, re.M)
    equal([name for name in described if name in SPEC.operations], list(SPEC.operations),
          "commands")


if __name__ == "__main__":
    main()
