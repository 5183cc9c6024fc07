"""smbus_telem of a tt-smi -s document: raw telemetry words by name, whichever library tt-smi read them with.

tt-umd and luwen (pyluwen, before tt-smi 4.0.0 and with --use_luwen) name the same words differently, and so
did tt-umd 0.9.1 to 0.9.3. A document is read by the words that it has, not by the versions that it names.
"""

import re
from collections.abc import Mapping
from typing import Any

from ttinspect.facts.node import U32_MAX, parse_unsigned, show
from ttinspect.sources.telemetry_tags import TAG_OF_NAME

_OLD_PREFIX = "SMBUS_TX_"
_LUWENS = {
    "TENSIX_ENABLED_COL": "ENABLED_TENSIX_COL",
    "ENABLED_PCIE": "PCIE_USAGE",
    "NOC_TRANSLATION_ENABLED": "NOC_TRANSLATION",
    "FW_BUNDLE_VERSION": "FLASH_BUNDLE_VERSION",
    "M3_APP_FW_VERSION": "DM_APP_FW_VERSION",
    "M3_BL_FW_VERSION": "DM_BL_FW_VERSION",
}
"""What luwen calls a word, and what tt-umd does; also GDDR01_TEMP for GDDR_0_1_TEMP, and so on."""

_LUWENS_GDDR = re.compile(r"GDDR([0-7])([0-7])_([A-Z_]+)")
_BLACKHOLES = ("ENABLED_TENSIX_COL", "ENABLED_GDDR", "ENABLED_L2CPU", "PCIE_USAGE")
"""Words that only Blackhole's table has."""

_WORMHOLES = ("ENUM_VERSION", "ARC0_FW_VERSION", "ASIC_RO")
"""Words of the legacy table, which only Wormhole's firmware fills; luwen lists them for every chip."""

_NOT_LEGACY = (
    "AICLK_LIMIT_MAX",
    "TDP_LIMIT_MAX",
    "TDC_LIMIT_MAX",
    "THM_LIMIT_THROTTLE",
    "THM_LIMIT_SHUTDOWN",
)
"""Words of the newer table for what the legacy one packs into others."""

_MEASURED = (
    "VCORE", "TDP", "TDC", "ASIC_TEMPERATURE", "AICLK", "AXICLK", "ARCCLK", "TIMER_HEARTBEAT"
)  # fmt: skip
_MISSING = (None, "N/A", "n/a", "")


def is_missing(value: Any) -> bool:
    """Whether a cell says that there is nothing to say."""
    return value is None or (isinstance(value, str) and value.strip() in _MISSING)


def _name(key: str) -> str:
    """The name that tt-umd has for a word."""
    name = key.removeprefix(_OLD_PREFIX)
    gddr = _LUWENS_GDDR.fullmatch(name)
    if gddr is not None:
        return f"GDDR_{gddr[1]}_{gddr[2]}_{gddr[3]}"
    return _LUWENS.get(name, name)


def _word(value: Any) -> int | None:
    """A number of 32 bits, also as text; None for anything else."""
    number = parse_unsigned(value) if isinstance(value, str) else value
    right = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= U32_MAX
    return number if right else None


class Words:
    """The words of one device, by tt-umd's names. A word that is no number of 32 bits is unknown, and leaves
    the others as they are."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._numbers: dict[str, int | None] = {}
        self._wrong: dict[str, str] = {}
        for key, value in raw.items():
            name, number = _name(key), _word(value)
            if self._numbers.get(name) is None:  # a document can have a word under both names
                self._numbers[name] = number
            if number is None and not is_missing(value):
                self._wrong[name] = f"telemetry {name} reads {show(value)}, which is no number of 32 bits"

    def has(self, *names: str) -> bool:
        """Whether one of these words is listed, with a value or without."""
        return any(name in self._numbers for name in names)

    def raw_number(self, name: str) -> int | None:
        """The value of a word; None where it is missing, null, "N/A", or no number of 32 bits."""
        return self._numbers.get(name)

    def number(self, name: str) -> int | None:
        """The same, None also where it is all ones: what a chip that is off the bus answers."""
        number = self._numbers.get(name)
        return None if number == U32_MAX else number

    def wrong(self, *names: str) -> str | None:
        """What is wrong with the first of these words that is there and no number."""
        return next((self._wrong[name] for name in names if name in self._wrong), None)

    def why_unknown(self, name: str) -> str:
        """Why the value of a word is not known."""
        return self.wrong(name) or f"telemetry {name} is missing"

    def by_tag(self) -> dict[int, int | None]:
        """The words of TAG_OF_NAME by their tag."""
        return {tag: self.number(name) for name, tag in TAG_OF_NAME.items()}

    def tell(self, *names: str) -> bool:
        """Whether one of these words is listed with a value other than all ones."""
        return any(self.number(name) is not None for name in names)

    @property
    def look_blackhole(self) -> bool:
        """Whether there are words that only a Blackhole has. Where those of both tables are listed, as by
        luwen, the ones that have a value count."""
        if self.tell(*_BLACKHOLES) or not self.tell(*_WORMHOLES):
            return self.has(*_BLACKHOLES)
        return False

    @property
    def look_wormhole(self) -> bool:
        """Whether they are of the legacy table, and of no other."""
        return self.has(*_WORMHOLES) and not self.look_blackhole

    @property
    def are_of_the_newer_table(self) -> bool:
        """Whether a Wormhole's words are of the table that Blackhole has too: nothing packs two figures."""
        return self.tell(*_NOT_LEGACY) and not self.tell("ENUM_VERSION")

    @property
    def are_off_the_bus(self) -> bool:
        """Whether everything that is measured reads as all ones."""
        measured = [self._numbers.get(name) for name in _MEASURED]
        words = [word for word in measured if word is not None]
        return len(words) > 1 and all(word == U32_MAX for word in words)

    @property
    def have_a_zero(self) -> bool:
        """Whether a word of 0 is written as 0: tt-smi up to 4.0.0 writes null instead."""
        return 0 in self._numbers.values()
