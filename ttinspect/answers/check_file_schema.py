"""The JSON Schema of a check file, for editors: it accepts what the reader does, where a schema can tell."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from ttinspect.facts.boards import board_names
from ttinspect.facts.socs import arch_names
from ttinspect.model.check_file import CHIP_NAME, NUMBER, CheckFile
from ttinspect.sources.telemetry_tags import ABSOLUTE_ZERO_CELSIUS

_IF_ANY = {
    "type": "object", "required": ["min"], "properties": {"min": {"const": 0}}, "additionalProperties": False,
    "description": "if there are any",
}  # fmt: skip
_MAPPINGS = ("boards", "by_chip")


def check_file_schema() -> dict[str, Any]:
    """What msgspec says of the types, and what the reader asks besides: no key without a value, nothing that
    expects nothing, names of architectures and boards in any case, names of chips."""
    schema = msgspec.json.schema(CheckFile)
    del schema["$defs"]["Arch"]
    for definition in schema["$defs"].values():
        definition["minProperties"] = 1
        for name, field in definition["properties"].items():
            definition["properties"][name] = _without_nothing(field)
    ranges = schema["$defs"]["Range"]["properties"]
    ranges |= {name: {**field, "minimum": ABSOLUTE_ZERO_CELSIUS} for name, field in ranges.items()}
    schema["$defs"]["VersionRange"]["not"] = _at_least({"pattern": r"^0+\.0+\.0+(\.[0-9]+|-rc\.[0-9]+)?$"})
    schema["$defs"]["CountRange"] = _count_range(schema["$defs"]["Range"])
    for definition in schema["$defs"].values():
        for name, field in definition["properties"].items():
            if not name.endswith("_celsius"):
                definition["properties"][name] = _of_counts(field)
    wants = schema["$defs"]["BoardWants"]
    wants["properties"]["chips"] = {"anyOf": [*wants["properties"]["chips"]["anyOf"], _IF_ANY]}
    wants["not"] = {"maxProperties": 1, "required": ["chips"], "properties": {"chips": _IF_ANY}}
    for name in ("ChipWants", "BoardWants"):
        fields = schema["$defs"][name]["properties"]
        fields["arch"] = {**_names(arch_names()), "description": "an architecture"}
        fields["board"] = {**_names(board_names()), "description": "a board as UMD names it"}
    whole = schema["$defs"]["CheckFile"]
    fields = whole["properties"]
    for name, names in zip(_MAPPINGS, (_boards(), {"pattern": _whole(CHIP_NAME)}), strict=True):
        fields[name] |= {"minProperties": 1, "propertyNames": names}
    fields["links"]["minItems"] = 1
    chip = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": _whole(CHIP_NAME)}]}
    ends = fields["links"]["items"]["prefixItems"]
    ends[0] = ends[2] = chip
    says_something: list[dict[str, Any]] = [{"required": [name]} for name in fields if name != "product"]
    whole["anyOf"] = [*says_something, {"required": ["product"], "properties": {"product": {"const": True}}}]
    return schema


def _count_range(plain: dict[str, Any]) -> dict[str, Any]:
    """A range of what is never below 0, in which not every number is."""
    bounds = {name: {**field, "minimum": 0} for name, field in plain["properties"].items()}
    return {**plain, "title": "CountRange", "properties": bounds, "not": _at_least({"const": 0})}


def _at_least(least: dict[str, Any]) -> dict[str, Any]:
    """A range without an upper end, and with this lower one."""
    return {"required": ["min"], "properties": {"min": least, "max": False}}


def _of_counts(field: dict[str, Any]) -> dict[str, Any]:
    plain, counts = {"$ref": "#/$defs/Range"}, {"$ref": "#/$defs/CountRange"}
    if "anyOf" not in field:
        return field
    return {**field, "anyOf": [counts if choice == plain else choice for choice in field["anyOf"]]}


def _without_nothing(field: dict[str, Any]) -> dict[str, Any]:
    """A field without null: a key that stands in a check file has a value. That null is its default only says
    that the key may be left out."""
    values = {key: value for key, value in field.items() if key != "default"}
    if "anyOf" in values:
        kinds = [kind for kind in values.pop("anyOf") if kind != {"type": "null"}]
        values |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    elif isinstance(values.get("type"), list):
        values["type"] = next(kind for kind in values["type"] if kind != "null")
    return values


def _names(names: Iterable[str]) -> dict[str, Any]:
    """These names, for an editor to offer, or the same in another case."""
    known = list(names)
    any_case = "|".join(map(_any_case, known))
    return {"anyOf": [{"enum": known}, {"type": "string", "pattern": _whole(any_case)}]}


def _boards() -> dict[str, Any]:
    return {"anyOf": [_names(board_names()), {"pattern": _whole(NUMBER)}]}


def _any_case(name: str) -> str:
    return "".join(
        f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in name
    )


def _whole(pattern: str) -> str:
    return f"^({pattern})$"
