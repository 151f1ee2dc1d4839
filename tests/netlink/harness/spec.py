# SPDX-License-Identifier: GPL-2.0-only
"""The YNL specification of the family, as objects."""

import functools
import os

import yaml

TREE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
PATH = os.path.join(TREE, "docs/netlink/specs/ipcq.yaml")


def _c_name(*words):
    return "-".join(words).replace("-", "_").upper()


class Attribute:
    """One attribute of a set."""

    def __init__(self, family, space, raw, number):
        self.name = raw["name"]
        self.type = raw["type"]
        self.number = number
        self.nested = raw.get("nested-attributes")
        self.enum = raw.get("enum")
        self.sub_type = raw.get("sub-type")
        self.checks = raw.get("checks", {})
        self.c_name = _c_name(family, "a", space, self.name)


class AttributeSet:
    """An attribute space; iterates over its attributes."""

    def __init__(self, family, raw):
        self.name = raw["name"]
        self.by_name = {}
        self.by_number = {}
        number = 0
        for entry in raw["attributes"]:
            number = entry.get("value", number + 1)
            attribute = Attribute(family, self.name, entry, number)
            self.by_name[attribute.name] = attribute
            self.by_number[number] = attribute

    def __iter__(self):
        return iter(self.by_number.values())


class Definition:
    """An enumeration or a set of flags."""

    def __init__(self, family, raw):
        self.name = raw["name"]
        self.header = raw.get("header")
        self.is_flags = raw["type"] == "flags"
        prefix = raw.get("name-prefix", f"{family}-{self.name}-")
        self.values = {}
        self.c_names = {}
        value = 0
        for entry in raw["entries"]:
            entry = {"name": entry} if isinstance(entry, str) else entry
            value = entry.get("value", value)
            self.values[entry["name"]] = 1 << value if self.is_flags else value
            self.c_names[_c_name(prefix + entry["name"])] = self.values[entry["name"]]
            value += 1


class Operation:
    """A command or a notification."""

    def __init__(self, family, raw, number):
        self.name = raw["name"]
        self.number = number
        self.set = raw["attribute-set"]
        self.group = raw.get("mcgrp")
        self.c_name = _c_name(family, "cmd", self.name)
        self.do = raw.get("do")
        self.dump = raw.get("dump")
        self.event = raw.get("event")

    @staticmethod
    def _names(part, direction):
        return set(((part or {}).get(direction) or {}).get("attributes", []))

    def request(self, dump=False):
        """Names of the attributes that a request may carry."""
        return self._names(self.dump if dump else self.do, "request")

    def reply(self, dump=False):
        """Names of the attributes that every reply carries."""
        return self._names(self.dump if dump else self.do, "reply")

    def event_attributes(self):
        """Names of the attributes that every notification carries."""
        return set((self.event or {}).get("attributes", []))


class Spec:
    """The whole of it."""

    def __init__(self, path=PATH):
        with open(path, encoding="utf-8") as file:
            self.first_line = file.readline().rstrip("\n")
            file.seek(0)
            self.raw = yaml.safe_load(file)
        self.name = self.raw["name"]
        self.version = self.raw.get("version", 1)
        self.sets = {raw["name"]: AttributeSet(self.name, raw)
                     for raw in self.raw["attribute-sets"]}
        self.definitions = {raw["name"]: Definition(self.name, raw)
                            for raw in self.raw["definitions"]}
        self.operations = {}
        number = 0
        for raw in self.raw["operations"]["list"]:
            number = raw.get("value", number + 1)
            self.operations[raw["name"]] = Operation(self.name, raw, number)
        self.groups = [raw["name"] for raw in self.raw["mcast-groups"]["list"]]

    def commands(self):
        """The operations that can be asked for."""
        return [op for op in self.operations.values() if op.do or op.dump]

    def notifications(self):
        """The operations that the kernel announces."""
        return [op for op in self.operations.values() if op.group]


@functools.lru_cache
def the_spec():
    """The one of this tree, read once: that takes a second in an emulator."""
    return Spec()
