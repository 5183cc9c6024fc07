"""smbus_telem of a tt-smi -s document: raw telemetry words by name, whichever library tt-smi read them with.

tt-umd and luwen (pyluwen, before tt-smi 4.0.0 and with --use_luwen) name the same words differently, and so
did tt-umd 0.9.1 to 0.9.3. A document is read by the words that it has, not by the versions that it names.
"""

import re
from collections.abc import Mapping

from ttinspect.errors import InspectError
from ttinspect.facts.node import U32_MAX, parse_unsigned
from ttinspect.sources.telemetry_tags import TAG_OF_NAME

Scalar = str | int | float | bool | None
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

_MEASURED = (
    "VCORE", "TDP", "TDC", "ASIC_TEMPERATURE", "AICLK", "AXICLK", "ARCCLK", "TIMER_HEARTBEAT"
)  # fmt: skip
_MISSING = ("N/A", "n/a", "")
_OFF_THE_BUS = (U32_MAX, "0xffffffff", "0xFFFFFFFF")


def _name(key: str) -> str:
    """The name that tt-umd has for a word."""
    name = key.removeprefix(_OLD_PREFIX)
    gddr = _LUWENS_GDDR.fullmatch(name)
    if gddr is not None:
        return f"GDDR_{gddr[1]}_{gddr[2]}_{gddr[3]}"
    return _LUWENS.get(name, name)


class Words:
    """The words of one device, by tt-umd's names."""

    def __init__(self, raw: Mapping[str, Scalar] | None, where: str) -> None:
        self._where = where
        self._values: dict[str, Scalar] = {}
        for key, value in (raw or {}).items():
            name = _name(key)
            if self._values.get(name) is None:  # a document can have a word under both names
                self._values[name] = value

    def has(self, *names: str) -> bool:
        """Whether one of these words is listed, with a value or without."""
        return any(name in self._values for name in names)

    def raw_number(self, name: str) -> int | None:
        """The value of a word; None where it is missing, null or "N/A".

        Raises:
            InspectError: 2 for anything but a number of 32 bits.
        """
        value = self._values.get(name)
        if value is None or value in _MISSING:
            return None
        number = parse_unsigned(value) if isinstance(value, str) else value
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= U32_MAX:
            raise InspectError(
                f"{self._where}.smbus_telem.{name}",
                f"found {value!r}, expected a 32-bit number or null",
                "write the document anew with tt-smi -s",
            )
        return number

    def number(self, name: str) -> int | None:
        """The same, None also where it is all ones: what a chip that is off the bus answers."""
        number = self.raw_number(name)
        return None if number == U32_MAX else number

    def by_tag(self) -> dict[int, int | None]:
        """The words of TAG_OF_NAME by their tag."""
        return {tag: self.number(name) for name, tag in TAG_OF_NAME.items()}

    def tell(self, *names: str) -> bool:
        """Whether one of these words is listed with a value other than all ones."""
        values = (self._values.get(name) for name in names)
        return any(value not in (None, *_MISSING, *_OFF_THE_BUS) for value in values)

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
    def are_off_the_bus(self) -> bool:
        """Whether everything that is measured reads as all ones."""
        measured = [self.raw_number(name) for name in _MEASURED]
        words = [word for word in measured if word is not None]
        return len(words) > 1 and all(word == U32_MAX for word in words)

    @property
    def have_a_zero(self) -> bool:
        """Whether a word of 0 is written as 0: tt-smi up to 4.0.0 writes null instead."""
        return any(value in ("0x0", "0", 0) and value is not False for value in self._values.values())
