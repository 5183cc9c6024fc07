"""Devices that the kernel driver or a simulator has, and tt_umd does not report."""

import os
from collections.abc import Iterable

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.finding import Evidence
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.launch import VISIBLE_DEVICES
from ttinspect.sources.umd.log import opened_devices
from ttinspect.sources.umd.session import Session


def no_chips(host: wire.HostFacts | None) -> InspectError:
    """Why there is nothing to show: exit code 3."""
    seen = len(host.kmd_devices) if host else 0
    why = f"the kernel driver shows {seen}, tt_umd none" if seen else "tt_umd found none"
    if os.environ.get(VISIBLE_DEVICES):
        why += f" ({VISIBLE_DEVICES} is {os.environ[VISIBLE_DEVICES]!r})"
    return InspectError(
        "no Tenstorrent devices found",
        why,
        "check lspci -d 1e52: and the tenstorrent kernel driver, or try --from board:n300",
        ExitCode.NO_DEVICES,
    )


def host_warnings(host: wire.HostFacts | None, chips: list[wire.ChipFacts]) -> dict[str, Evidence]:
    """What is hidden on purpose, or of an architecture that tt_umd did not open: it opens one at a time."""
    visible = os.environ.get(VISIBLE_DEVICES)
    seen, reported = _seen(host), _on_bus(chips)
    more = _more(seen, reported)
    counts: Evidence = {"driver_devices": seen, "tt_umd_devices": reported}
    if visible:
        hidden = f"{VISIBLE_DEVICES} is {visible!r}: other devices are hidden"
        return {f"{hidden} ({more})" if more else hidden: {"visible": visible, **counts}}
    return {more: counts} if more and _seen(host, chips) <= reported else {}


def _more(seen: int, reported: int) -> str:
    return f"the kernel driver sees {seen} devices, tt_umd reports {reported}" if seen > reported else ""


def _seen(host: wire.HostFacts | None, chips: Iterable[wire.ChipFacts] = ()) -> int:
    """How many devices the kernel driver sees; with chips only those of an architecture that these have."""
    if host is None:
        return 0
    archs = {facts.arch for facts in chips}
    return sum(not archs or host.kmd_archs.get(number) in (None, *archs) for number in host.kmd_devices)


def _on_bus(chips: Iterable[wire.ChipFacts]) -> int:
    return sum(facts.mmio is not False for facts in chips)


def vanished_devices(
    session: Session, host: wire.HostFacts | None, chips: list[wire.ChipFacts], *, simulated: bool
) -> str | None:
    """What tt_umd does not report of the devices that the driver or a simulator has. It tells devices apart
    by their unique ids."""
    reported = _on_bus(chips)
    if simulated:
        there = opened_devices(session.log) + len(session.left_out)
        if there > reported:
            return (
                f"the simulator has {there} devices, tt_umd reports {reported}: "
                "those with the same unique id are one to it"
            )
        return None
    return None if os.environ.get(VISIBLE_DEVICES) else _more(_seen(host, chips), reported) or None
