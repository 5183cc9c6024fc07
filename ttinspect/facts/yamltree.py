"""YAML to plain values, strictly, in one pass over libyaml's events.

PyYAML's own loaders are not used on what users hand us: they read `0000:41:00.0` as a base-60
number and `010` as octal, keep the last of repeated keys in silence, follow alias bombs, and
CSafeLoader crashes the process on deep nesting. Building from events bounds all of that.
"""

import re
from typing import Any

from ttinspect.errors import InspectError
from ttinspect.facts.node import parse_unsigned

MAX_DEPTH = 64
_HINT = "correct the file, or write it anew with the tool that made it"
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+)")
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip


def _scalar(text: str) -> Any:
    """A plain scalar: null, true, false, whole number (decimal or 0x), decimal fraction, else text."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first in "0123456789-+.":
        number = parse_unsigned(text[1:] if first in "-+" else text)
        if number is not None:
            return -number if first == "-" else number
        if _FLOAT.fullmatch(text):
            return float(text)
    return text


def parse_yaml(content: bytes, name: str) -> Any:
    """The document as dicts, lists and scalars.

    Raises:
        InspectError: 2 when it is no YAML, has more than one document, nests deeper than 64 levels,
            or holds an alias, a tag or a repeated key; the message names the line.
    """
    import yaml

    def refuse(event: Any, why: str) -> InspectError:
        return InspectError(f"{name}, line {event.start_mark.line + 1}", why, _HINT)

    root: Any = None
    documents = 0
    container: Any = None
    key: Any = None
    has_key = False
    stack: list[tuple[Any, Any]] = []
    kinds = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
    event: Any
    try:
        for event in yaml.parse(content, Loader=yaml.CSafeLoader):
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                if event.tag is not None and event.tag != "!":
                    raise refuse(event, f"found the tag {event.tag}, expected a plain value")
                value = _scalar(event.value) if event.implicit[0] else event.value
            elif kind in kinds:
                if event.tag is not None:
                    raise refuse(event, f"found the tag {event.tag}, expected a plain value")
                if len(stack) >= MAX_DEPTH:
                    raise refuse(event, f"it nests deeper than {MAX_DEPTH} levels")
                value = {} if kind is yaml.MappingStartEvent else []
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                container, key = stack.pop()
                has_key = False
                continue
            elif kind is yaml.AliasEvent:
                raise refuse(event, f"found the alias *{event.anchor}; aliases are not accepted")
            else:
                documents += kind is yaml.DocumentStartEvent
                if documents > 1:
                    raise refuse(event, "found a second document, expected one")
                continue

            if container is None:
                root = value
            elif container.__class__ is list:
                container.append(value)
            elif not has_key:
                if kind is not yaml.ScalarEvent:
                    raise refuse(event, "found a collection as a key, expected a plain key")
                if value in container:
                    raise refuse(event, f"the key {event.value!r} is repeated")
                key, has_key = value, True
                continue
            else:
                container[key] = value
                has_key = False
            if kind is not yaml.ScalarEvent:
                stack.append((container, None))
                container, has_key = value, False
    except yaml.YAMLError as error:
        raise _syntax_error(error, name) from None
    except UnicodeDecodeError:
        raise InspectError(name, "it is not UTF-8 text", _HINT) from None
    return root


def _syntax_error(error: Any, name: str) -> InspectError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    where = f"{name}, line {mark.line + 1}" if mark is not None else name
    return InspectError(where, f"it is not valid YAML: {' '.join(str(problem).split())}", _HINT)
