"""The check file of a fleet: which hosts there should be, and what is expected of groups of them."""

import configparser
import json
import re
from typing import Any

import msgspec
import yaml

from ttinspect.errors import InspectError, missing_extra
from ttinspect.facts.node import show
from ttinspect.facts.yamltree import lines_of, parse_yaml
from ttinspect.sources.check_file import Wanted, read_check_document

_OF_FLEET = ("hosts", "firmware", "max_age", "groups")
_HINT = "see ttinspect fleet --help"
_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class CheckGroup(msgspec.Struct, frozen=True):
    """What is expected of some hosts by name; None: of every host."""

    hosts: frozenset[str] | None
    wanted: Wanted


class FleetCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check file of a fleet. ``hosts`` are those that must be there, in the file's order."""

    name: str
    hosts: tuple[str, ...]
    firmware_equal: bool
    max_age_ns: int | None
    groups: tuple[CheckGroup, ...]

    @property
    def of_regions(self) -> bool:
        """Whether anything is expected of the regions of a host."""
        return any(group.wanted.file.regions is not None for group in self.groups)

    def of(self, host: str) -> list[Wanted]:
        """What is expected of a host."""
        return [group.wanted for group in self.groups if group.hosts is None or host in group.hosts]


def read_fleet_check(content: bytes, name: str) -> FleetCheck:
    """A check file: ``hosts`` (NodeSet syntax), ``firmware: equal``, ``max_age: 24h``, and ``groups``, each
    with ``hosts`` and the keys of a check file of one host. Such keys at the top hold for every host.

    Raises:
        InspectError: 2 for what is no such file, or expects nothing; 4 without ClusterShell where hosts are
            named; 7 for an unknown architecture.
    """
    document = parse_yaml(content, name)
    if not isinstance(document, dict):
        raise InspectError(name, f"found {show(document)}, expected a check file: a mapping", _HINT)
    lines = lines_of(content)
    firmware, age = document.get("firmware"), document.get("max_age")
    if "firmware" in document and firmware != "equal":
        raise InspectError(f"{name}: firmware", f"found {show(firmware)}, expected equal", _HINT)
    if "max_age" in document and not isinstance(age, str):
        raise InspectError(f"{name}: max_age", f"found {show(age)}, expected an age such as 24h", _HINT)
    groups = []
    everywhere = {key: value for key, value in document.items() if key not in _OF_FLEET}
    if everywhere:
        groups.append(CheckGroup(None, _wanted(everywhere, name, lines)))
    listed = document.get("groups", [])
    if not isinstance(listed, list) or ("groups" in document and not listed):
        raise InspectError(f"{name}: groups", f"found {show(listed)}, expected a list", _HINT)
    for index, group in enumerate(listed):
        where = f"{name}: groups[{index}]"
        if not isinstance(group, dict) or "hosts" not in group:
            raise InspectError(where, "expected hosts and what is expected of them", _HINT)
        prefix = ("groups", f"[{index}]")
        below = {path[2:]: line for path, line in lines.items() if path[:2] == prefix and len(path) > 2}
        rest = {key: value for key, value in group.items() if key != "hosts"}
        names = frozenset(node_names(group["hosts"], f"{where}.hosts"))
        groups.append(CheckGroup(names, _wanted(rest, name, below)))
    check = FleetCheck(
        name=name,
        hosts=node_names(document["hosts"], f"{name}: hosts") if "hosts" in document else (),
        firmware_equal=firmware == "equal",
        max_age_ns=None if age is None else age_ns(age, f"{name}: max_age"),
        groups=tuple(groups),
    )
    if not (check.hosts or check.firmware_equal or check.max_age_ns or check.groups):
        raise InspectError(name, "it expects nothing, and would pass on any fleet", _HINT)
    return check


def _wanted(document: dict[Any, Any], name: str, lines: dict[tuple[str, ...], int]) -> Wanted:
    return read_check_document(json.loads(json.dumps(document)), name, lines)


MOST_HOSTS = 100_000
_RANGE = re.compile(r"(\d{1,18})-(\d{1,18})")


def _too_many_hosts(text: str, where: str) -> InspectError:
    return InspectError(
        where, f"{show(text)} names more than {MOST_HOSTS:,} hosts", "for instance glx-[01-16]"
    )


def node_names(text: Any, where: str) -> tuple[str, ...]:
    """The hosts of a NodeSet, "glx-[01-16]".

    Raises:
        InspectError: 2 for what is none, or empty; 4 without ClusterShell.
    """
    if not isinstance(text, str) or not text.strip():
        raise InspectError(where, f"found {show(text)}, expected hosts such as glx-[01-16]", _HINT)
    try:
        from ClusterShell.NodeSet import NodeSet, NodeSetException
        from ClusterShell.NodeUtils import GroupResolverError, GroupSourceError
    except ModuleNotFoundError:
        raise missing_extra(f"{where}: a set of hosts", "ClusterShell", "fleet") from None
    widest = max((int(high) - int(low) for low, high in _RANGE.findall(text)), default=0)
    if widest >= MOST_HOSTS:  # ClusterShell makes a set of all its numbers
        raise _too_many_hosts(text, where)
    try:
        nodes = NodeSet(text)
        if len(nodes) > MOST_HOSTS:
            raise _too_many_hosts(text, where)
        names = tuple(map(str, nodes))
    except NodeSetException as error:
        raise InspectError(where, f"{text!r} names no hosts: {error}", "for instance glx-[01-16]") from None
    except (GroupResolverError, GroupSourceError, configparser.Error, yaml.YAMLError) as error:
        raise InspectError(
            where,
            f"the groups of {text!r} cannot be looked up: {' '.join(str(error).split())}",
            "correct the group configuration of ClusterShell (groups.conf), or the name of its source",
        ) from None
    except (ValueError, AssertionError):  # ClusterShell 1.10: a bracket within a bracket, a range too wide
        raise InspectError(where, f"{show(text)} names no hosts", "for instance glx-[01-16]") from None
    if not names:  # a group that is empty is silently no host
        raise InspectError(where, f"{text!r} names no host", "for instance glx-[01-16]")
    return names


def age_ns(text: str, where: str) -> int:
    """An age such as 90m, 24h or 7d in nanoseconds.

    Raises:
        InspectError: 2 for anything else.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _AGES or not number.isdecimal() or len(number) > 6 or int(number) == 0:
        raise InspectError(where, f"{text!r} is no age", "give one such as 90m, 24h or 7d")
    return int(number) * _AGES[unit] * 10**9
