"""The choice of devices."""

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.chip import Chip
from ttinspect.model.system import System
from ttinspect.verify.naming import chips_named


def select_chips(system: System, wanted: list[str]) -> System:
    """The System with only the chips that were asked for, and what is wrong with these or with the whole;
    all of it when nothing was.

    A word is a chip id, /dev/tenstorrent/N, a PCI BDF, a unique id (decimal or 0x) or a board id (all
    its chips), tried in this order; several may stand in one word, separated by commas.

    Raises:
        InspectError: 3 when there are no chips at all, 2 when a word matches none of them.
    """
    if not system.chips:
        raise InspectError(
            "no devices",
            f"{system.source.detail or system.source.kind.value} has none",
            "check the source",
            ExitCode.NO_DEVICES,
        )
    if not wanted:
        return system
    chosen: set[int] = set()
    for word in (part.strip() for text in wanted for part in text.split(",")):
        matches = chips_named(system.chips, word)
        if not matches:
            raise InspectError(
                f"no device {word!r}", _what_there_is(system.chips), "choose one with --device"
            )
        chosen.update(chip.id for chip in matches)
    chips = tuple(chip for chip in system.chips if chip.id in chosen)
    troubles = tuple(one for one in system.troubles if one.chip is None or one.chip in chosen)
    return msgspec.structs.replace(system, chips=chips, troubles=troubles)


def _what_there_is(chips: tuple[Chip, ...]) -> str:
    shown = [
        " ".join(filter(None, (str(chip.id), chip.pci_bdf, chip.unique_id and f"unique id {chip.unique_id}")))
        for chip in chips[:8]
    ]
    more = f" and {len(chips) - 8} more" if len(chips) > 8 else ""
    return f"there {'is' if len(chips) == 1 else 'are'} {', '.join(shown)}{more}"
