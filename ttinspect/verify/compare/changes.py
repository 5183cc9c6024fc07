"""What is different about a chip, a link, a host."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from ttinspect.facts.firmware import dotted
from ttinspect.facts.wording import plural
from ttinspect.model.chip import Chip
from ttinspect.model.grid import CoordAnswer, OtherCore, TypeCores
from ttinspect.model.system import Link, LinkEnd, System, Trouble
from ttinspect.model.telemetry import GddrModule, Telemetry
from ttinspect.verify.compare.pairs import Paired
from ttinspect.verify.findings.topology import one_sided
from ttinspect.verify.naming import links_unknown

Value = int | float | str | bool | None
"""A fact; None is unknown, or not there."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that is different. ``chip`` is the new chip id, None for the host."""

    chip: int | None
    path: str
    old: Value
    new: Value


PLACES = ("id", "kmd_id", "pci_bdf", "pcie.bus_id")
"""Where a chip is: what differs here has moved."""

_NO_FACTS = ("unknown", "assumed", "simulated")
"""What a source says about its own knowledge."""

_NOISE = frozenset(
    {
        "aiclk_mhz", "axiclk_mhz", "arcclk_mhz", "vcore_mv", "power_w", "current_a",
        "asic_celsius", "board_celsius", "gddr_max_celsius", "fan_percent", "fan_rpm", "heartbeat",
        "top_celsius", "bottom_celsius", "corrected_read_errors", "corrected_write_errors",
    }
)  # fmt: skip
"""What telemetry shows differently whenever it is read. Faults are counted too, but they are no noise."""

_BUNDLE = "telemetry.firmware_bundle"


def compared_of(system: System, *, telemetry: bool) -> tuple[object, ...]:
    """Everything of a host that is compared, but its SoC descriptors, as plain values: two states of which it
    is equal are the same. They may be the same also where it is not: that takes a closer look."""
    of_reading, of_channel = _GETTERS[telemetry]
    chips = []
    for chip in system.chips:
        reading = chip.telemetry
        channels = () if reading is None else (reading.eth, [*map(of_channel, reading.gddr or ())])
        chips.append((_OF_CHIP(chip), None if reading is None else of_reading(reading), channels))
    return _OF_SYSTEM(system), chips


def _getter(kind: type[msgspec.Struct], without: Collection[str]) -> Callable[[object], tuple[object, ...]]:
    return attrgetter(*(name for name in kind.__struct_fields__ if name not in without))


_OF_SYSTEM = _getter(System, ("source", "chips"))
_OF_CHIP = _getter(Chip, ("soc", "telemetry"))
_GETTERS = {
    noise: (
        _getter(Telemetry, ("time_ns", "gddr", "eth", *(() if noise else _NOISE))),
        _getter(GddrModule, () if noise else _NOISE),
    )
    for noise in (False, True)
}
"""By whether readings that never rest are compared."""


def chip_changes(old: Chip, new: Chip, new_ids: Mapping[int, int], *, telemetry: bool) -> list[Change]:
    """What differs between two states of one chip; places too. ``new_ids`` are by old id."""
    before, after = _facts(old, telemetry), _facts(new, telemetry)
    if old.via is not None:
        before["via"] = new_ids.get(old.via, before["via"])
    changes = [
        Change(chip=new.id, path=path, old=before.get(path), new=after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]
    for root in ("telemetry", "telemetry.gddr", "telemetry.eth"):  # one change, not one of every reading
        if before.get(root) is None or after.get(root) is None:
            changes = [change for change in changes if not change.path.startswith(f"{root}.")]
    if old.arch is not new.arch:  # another design, told once
        changes = [change for change in changes if not change.path.startswith("soc.")]
    if _same_bundles(before, after):
        changes = [change for change in changes if change.path != _BUNDLE]
    cores = _differing_cores(old, new)
    return [*changes, *(Change(chip=new.id, path=path, old=first, new=other) for path, first, other in cores)]


def _facts(chip: Chip, noise: bool) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for name in Chip.__struct_fields__:
        value = getattr(chip, name)
        if name == "firmware":
            facts[name] = None if value is None else dotted(value)
        elif name == "telemetry":
            facts[name] = None if value is None else "known"
            facts.update(_readings(value, noise))
        elif name in ("masks", "soc", "pcie"):
            facts.update({f"{name}.{key}": _scalar(part) for key, part in _fields(value)})
        elif name != "live_cores" and name not in _NO_FACTS:
            facts[name] = _scalar(value)
    return facts


def _readings(reading: Telemetry | None, noise: bool) -> Iterator[tuple[str, Value]]:
    for key, value in _fields(reading):
        if key in ("gddr", "eth"):
            yield f"telemetry.{key}", None if value is None else "known"
            for channel in value or ():
                for part, state in _fields(channel):
                    if part != "channel" and (noise or part not in _NOISE):
                        yield f"telemetry.{key}.{channel.channel}.{part}", state
        elif key != "time_ns" and (noise or key not in _NOISE):
            yield f"telemetry.{key}", value


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    if value is not None:
        yield from ((name, getattr(value, name)) for name in value.__struct_fields__)


def _scalar(value: Any) -> Value:
    """A number or text; enums by their value, coordinates as "1-2", lists with blanks between."""
    if isinstance(value, tuple):
        pair = len(value) == 2 and all(isinstance(part, int) for part in value)
        return ("-" if pair else " ").join(str(_scalar(part)) for part in value)
    plain: Value = getattr(value, "value", value)
    return plain


def _same_bundles(before: dict[str, Value], after: dict[str, Value]) -> bool:
    """Whether the firmware says all that the bundle of the telemetry says, on both sides."""
    return all(
        facts.get("firmware") is not None
        and facts.get(_BUNDLE) in (facts["firmware"], f"{facts['firmware']}.0")
        for facts in (before, after)
    )


def link_changes(old: System, new: System, paired: Paired) -> list[Change]:
    """Eth links that came, went, or lead elsewhere now; each is one change, of its first end. A link of a
    chip that came or went is no change of its own. Where one side alone sees the links of a chip, that is the
    only change of them."""
    sides = [(first, other, links_unknown(first), links_unknown(other)) for first, other in paired.pairs]
    new_ids = {first.id: other.id for first, other, hidden, hides in sides if not (hidden or hides)}
    unseen = [
        Change(chip=other.id, path="links", old=None if hidden else "known", new=None if hides else "known")
        for _, other, hidden, hides in sides
        if hidden is not hides
    ]
    known = set(new_ids.values())
    before = Counter(
        _sorted(_renumbered(link, new_ids))
        for link in old.links
        if {link.a.chip, link.b.chip} <= new_ids.keys()
    )
    after = Counter(_sorted(link) for link in new.links if {link.a.chip, link.b.chip} <= known)
    gone, came = list((before - after).elements()), list((after - before).elements())
    changes = unseen
    for link in gone:
        successor = next((other for other in came if {other.a, other.b} & {link.a, link.b}), None)
        if successor is not None:
            came.remove(successor)
        changes.append(_link_change(link, successor))
    return [*changes, *(_link_change(None, link) for link in came), *_outside(old, new, new_ids)]


def _renumbered(link: Link, new_ids: Mapping[int, int]) -> Link:
    ends = (LinkEnd(chip=new_ids[end.chip], channel=end.channel) for end in (link.a, link.b))
    return Link(a=next(ends), b=next(ends), state=link.state)


def _sorted(link: Link) -> Link:
    a, b = sorted((link.a, link.b), key=lambda end: (end.chip, end.channel))
    return Link(a=a, b=b, state=link.state)


def _link_change(old: Link | None, new: Link | None) -> Change:
    """The change of a link, seen from the end that the old and the new one share."""
    ends = [{link.a, link.b} for link in (old, new) if link is not None]
    shared = sorted(set.intersection(*ends), key=lambda end: (end.chip, end.channel))
    end = shared[0]
    return Change(chip=end.chip, path=f"links.{end.channel}", old=_far_end(old, end), new=_far_end(new, end))


def _far_end(link: Link | None, own_end: LinkEnd) -> str | None:
    if link is None:
        return None
    other_end = link.b if link.a == own_end else link.a
    return f"chip {other_end.chip} channel {other_end.channel}, {link.state.value}"


def _outside(old: System, new: System, new_ids: Mapping[int, int]) -> Iterator[Change]:
    before = {
        (new_ids[link.a.chip], link.a.channel): link for link in old.remote_links if link.a.chip in new_ids
    }
    known = set(new_ids.values())
    one_sided_links = [[link for link, _ in one_sided(side)] for side in (old, new)]
    after = {(link.a.chip, link.a.channel): link for link in new.remote_links if link.a.chip in known}
    for chip, channel in sorted(before.keys() | after.keys()):
        ends = [
            None
            if link is None
            else f"unique id {link.remote_unique_id} channel {link.remote_channel}, "
            + ("one-sided" if link in halves else "outside this host")
            for link, halves in zip(
                (before.get((chip, channel)), after.get((chip, channel))), one_sided_links, strict=True
            )
        ]
        if ends[0] != ends[1]:
            yield Change(chip=chip, path=f"links.{channel}", old=ends[0], new=ends[1])


def host_changes(old: System, new: System, new_ids: Mapping[int, int]) -> Iterator[Change]:
    """What the sources could not read, and what else they had to say."""
    before = Counter((_new_id(trouble.chip, new_ids), _words_of(trouble)) for trouble in old.troubles)
    after = Counter((trouble.chip, _words_of(trouble)) for trouble in new.troubles)
    for chip, why in (before - after).elements():
        yield Change(chip=chip, path="trouble", old=why, new=None)
    for chip, why in (after - before).elements():
        yield Change(chip=chip, path="trouble", old=None, new=why)
    warned, warns = Counter(old.warnings), Counter(new.warnings)
    for text in (warned - warns).elements():
        yield Change(chip=None, path="warning", old=text, new=None)
    for text in (warns - warned).elements():
        yield Change(chip=None, path="warning", old=None, new=text)


def _words_of(trouble: Trouble) -> str:
    return trouble.why if trouble.readable or trouble.chip is None else f"could not be read: {trouble.why}"


def _new_id(chip: int | None, new_ids: Mapping[int, int]) -> int | None:
    return None if chip is None else new_ids.get(chip, chip)


Cores = tuple[CoordAnswer, ...] | None


def _differing_cores(old: Chip, new: Chip) -> Iterator[tuple[str, str | None, str | None]]:
    """Path, old and new of every core type and coordinate system that differs. Where one side did not ask
    there is nothing to compare, and another design, mask or translation has other cores."""
    if old.live_cores is None or new.live_cores is None:
        return
    if (old.soc, old.masks, old.noc_translation) != (new.soc, new.masks, new.noc_translation):
        return
    for core_type in sorted(old.live_cores.keys() | new.live_cores.keys()):
        before, after = _lists(old.live_cores.get(core_type)), _lists(new.live_cores.get(core_type))
        for name in sorted(before.keys() | after.keys()):
            first, other = before.get(name), after.get(name)
            if first != other:
                yield f"live_cores.{core_type}.{name}", *_difference(first, other)


def _lists(cores: TypeCores | None) -> dict[str, Cores]:
    if cores is None:
        return {}
    lists: dict[str, Cores] = {
        name: getattr(cores, name) for name in ("noc0", "noc1", "translated", "logical")
    }
    harvested = {
        f"harvested.{name}": getattr(cores.harvested, name) for name in ("noc0", "noc1", "translated")
    }
    return lists | harvested


def _difference(first: Cores, other: Cores) -> tuple[str | None, str | None]:
    """The first cores that differ, or how many there are; None where a side has no such list."""
    if first is None or other is None or len(first) != len(other):
        return _core_count(first), _core_count(other)
    at = next(index for index, (a, b) in enumerate(zip(first, other, strict=True)) if a != b)
    return _core(first[at]), _core(other[at])


def _core_count(cores: Cores) -> str | None:
    return None if cores is None else plural(len(cores), "core")


def _core(core: CoordAnswer) -> str | None:
    if core is None:
        return None
    x, y = core.xy if isinstance(core, OtherCore) else core
    return f"{core.type} {x}-{y}" if isinstance(core, OtherCore) else f"{x}-{y}"
