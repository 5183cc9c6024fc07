"""What tt_umd answers for the cores of a chip, then and now."""

from collections.abc import Iterator

from ttinspect.model.chip import Chip
from ttinspect.model.grid import CoordAnswer, OtherCore, TypeCores

Told = tuple[CoordAnswer, ...] | None


def differing_cores(old: Chip, new: Chip) -> Iterator[tuple[str, str | None, str | None]]:
    """Path, old and new of every core type and coordinate system that differs. Where one side did not ask
    there is nothing to compare, and another design, mask or translation has other cores."""
    if old.live_cores is None or new.live_cores is None:
        return
    if (old.soc, old.masks, old.noc_translation) != (new.soc, new.masks, new.noc_translation):
        return
    for core_type in sorted(old.live_cores.keys() | new.live_cores.keys()):
        before, after = _lists(old.live_cores.get(core_type)), _lists(new.live_cores.get(core_type))
        for name in sorted(before.keys() | after.keys()):
            one, other = before.get(name), after.get(name)
            if one != other:
                yield f"live_cores.{core_type}.{name}", *_difference(one, other)


def _lists(cores: TypeCores | None) -> dict[str, Told]:
    if cores is None:
        return {}
    lists: dict[str, Told] = {
        name: getattr(cores, name) for name in ("noc0", "noc1", "translated", "logical")
    }
    harvested = {
        f"harvested.{name}": getattr(cores.harvested, name) for name in ("noc0", "noc1", "translated")
    }
    return lists | harvested


def _difference(one: Told, other: Told) -> tuple[str | None, str | None]:
    """The first cores that differ, or how many there are; None where a side has no such list."""
    if one is None or other is None or len(one) != len(other):
        return _count(one), _count(other)
    at = next(index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    return _core(one[at]), _core(other[at])


def _count(cores: Told) -> str | None:
    return None if cores is None else f"{len(cores)} core{'' if len(cores) == 1 else 's'}"


def _core(core: CoordAnswer) -> str | None:
    if core is None:
        return None
    x, y = core.xy if isinstance(core, OtherCore) else core
    return f"{core.type} {x}-{y}" if isinstance(core, OtherCore) else f"{x}-{y}"
