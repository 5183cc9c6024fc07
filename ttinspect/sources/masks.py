"""masks:ARCH,KEY=VALUE,..., one chip from its harvesting masks."""

import difflib

from ttinspect.errors import InspectError
from ttinspect.facts.boards import board_meant, product_of
from ttinspect.facts.examples import ExampleChip, example_chip
from ttinspect.facts.node import U32_MAX, parse_unsigned
from ttinspect.facts.socs import arch_named, builtin_soc, lists_harvested_cores, soc_from_file
from ttinspect.harvesting.shuffle import MASK_WORDS
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import MASK_NAMES, Chip, Masks, Unknown
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.building import refuse_impossible_masks

_WORDS = tuple(word for word, _ in MASK_WORDS.values())
_OTHER_KEYS = ("noc_translation", "board", "asic_location")
_KEYS = (*MASK_NAMES, *_WORDS, *_OTHER_KEYS, "soc")
_TRANSLATION = {"on": True, "off": False}
_SPELLING = "masks:ARCH,KEY=VALUE,... with the keys " + ", ".join(_KEYS)
_SOC_KEY = ",soc="
_FULL_BLACKHOLE = {"eth": 0x120, "pcie": 0x2}


def _refuse(what: str, why: str) -> InspectError:
    return InspectError(f"masks: {what}", why, f"write {_SPELLING}")


def read_masks(text: str) -> System:
    """The System of ``ARCH,KEY=VALUE,...``: one chip, id 0.

    What is left out comes from the board's example when board= is given; else it is 0, but on a
    Blackhole descriptor with 14 eth and 2 pcie cores eth is 0x120 and pcie 0x2. Everything that was
    not given is in ``assumed``.

    Raises:
        InspectError: 2 for an unknown or repeated key, a value that is no mask, a board of another
            architecture, or masks that are refused; 7 for an unknown architecture.
    """
    head, marker, soc_path = text.partition(_SOC_KEY)
    name, *pairs = head.split(",")
    arch = arch_named(name)
    values = _values(pairs)
    soc = _soc(arch, soc_path if marker else None)
    board = _board(values.get("board"))
    given = _given_masks(arch, values)

    location = _number("asic_location", values["asic_location"]) if "asic_location" in values else None
    example = example_chip(board, location) if board is not None and _fits(soc, board) else None
    defaults = _defaults(soc, example)
    masks = Masks(**{name: given.get(name, defaults[name]) for name in MASK_NAMES})
    assumed = [name for name in MASK_NAMES if name not in given]
    if "noc_translation" not in values:
        assumed.append("noc_translation")
    if location is None and example is not None:
        location = example.asic_location
        if location is not None:
            assumed.append("asic_location")

    if marker and any(given.values()) and lists_harvested_cores(soc_path):
        raise _refuse(
            f"soc={soc_path}",
            "a runtime wrote it, already without its harvested cores: masks do not apply",
        )
    chip = Chip(
        id=0,
        arch=arch,
        soc=soc,
        board=board,
        board_name=None,
        board_id=None,
        unique_id=None,
        asic_location=location,
        noc_translation=_translation(values.get("noc_translation", "on")),
        masks=masks,
        assumed=tuple(assumed),
        unknown=(Unknown(path="links", why="masks: describes one chip, without its eth links"),),
    )
    refuse_impossible_masks((chip,), "masks")
    product = product_of(board)
    if board is not None and product is not None and product.arch is not arch:
        raise _refuse(
            f"board={values['board']}", f"a {board.value} is a {product.arch.value} board, not {arch.value}"
        )
    return System(source=Source(kind=SourceKind.MASKS, detail=text, live=False, example=False), chips=(chip,))


def _values(pairs: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise _refuse(repr(pair), "expected KEY=VALUE")
        if key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, n=1)
            raise _refuse(
                f"unknown key {key!r}", f"did you mean {close[0]}?" if close else "no key has this name"
            )
        if key in values:
            raise _refuse(f"the key {key} is repeated", "each key may stand once")
        if key == "soc":
            raise _refuse("soc", "soc=FILE needs a file")
        values[key] = value
    return values


def _number(key: str, text: str) -> int:
    value = parse_unsigned(text)
    if value is None or value > U32_MAX:
        raise _refuse(f"{key}={text}", "expected a number from 0 to 0xffffffff, decimal or 0x")
    return value


def _translation(text: str) -> bool:
    if text not in _TRANSLATION:
        raise _refuse(f"noc_translation={text}", "expected on or off")
    return _TRANSLATION[text]


def _soc(arch: Arch, path: str | None) -> Soc:
    if path is None:
        return builtin_soc(arch)
    soc = soc_from_file(path)
    if soc.arch is not arch:
        raise _refuse(f"soc={path}", f"it describes a {soc.arch.value}, not a {arch.value}")
    return soc


def _board(name: str | None) -> Board | None:
    if name is None or name.lower() == "unknown":
        return None
    board = board_meant(name)
    if board is None:
        raise _refuse(f"unknown board {name!r}", "it is neither a board name of UMD nor a built-in example")
    return board


def _given_masks(arch: Arch, values: dict[str, str]) -> dict[str, int]:
    given = {name: _number(name, values[name]) for name in MASK_NAMES if name in values}
    for name, (word, convert) in MASK_WORDS.items():
        if word not in values:
            continue
        if arch is not Arch.BLACKHOLE:
            raise _refuse(word, f"it is telemetry of Blackhole, not of {arch.value}")
        if name in given:
            raise _refuse(
                f"{name} and {word} are both given", f"{word} is the {name} mask, as telemetry counts it"
            )
        number = _number(word, values[word])
        if number == U32_MAX:
            raise _refuse(f"{word}={values[word]}", "all ones is a word that is missing: its mask is unknown")
        given[name] = convert(number)
    return given


def _fits(soc: Soc, board: Board) -> bool:
    """Whether the example of a board describes this design: Quasar has none, and masks of another
    architecture would mean nothing."""
    product = product_of(board)
    return product is not None and product.arch is soc.arch


def _defaults(soc: Soc, example: ExampleChip | None) -> dict[str, int]:
    zero = dict.fromkeys(MASK_NAMES, 0)
    if example is not None:
        return {name: getattr(example.masks, name) for name in MASK_NAMES}
    full = soc.arch is Arch.BLACKHOLE and len(soc.eth) == 14 and len(soc.pcie) == 2
    return zero | _FULL_BLACKHOLE if full else zero
