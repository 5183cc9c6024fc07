"""Man pages, in man(7), of the texts that --help shows."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ttinspect import __version__
from ttinspect.model.declaration import Declaration, Parameter

_VERBATIM = "\b\n"
"""What a paragraph of a description begins with that is not to be filled; its first line is its heading."""
_ESCAPES = str.maketrans(
    {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}
)


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """The whole program: its name, what it is for in a line and in full, and lists of things with what they
    mean, by heading."""

    name: str
    summary: str
    usage: str
    purpose: str
    lists: dict[str, dict[str, str]]
    examples: Sequence[str]


def program_page(program: Program, commands: Sequence[Declaration]) -> str:
    """The page of the whole program."""
    pages = [f"{program.name}-{command.name}" for command in commands]
    lists = {"commands": {command.name: command.summary for command in commands}, **program.lists}
    return _page(
        _head(program.name, program.summary),
        _synopsis(program.name, program.usage),
        [".SH DESCRIPTION", _text(program.purpose)],
        *([_heading(heading), *_terms(terms)] for heading, terms in lists.items()),
        [".SH EXAMPLES", *_verbatim(program.examples)],
        _see_also(pages),
    )


def command_page(program: Program, command: Declaration) -> str:
    """The page of a command."""
    name = f"{program.name}-{command.name}"
    return _page(
        _head(name, command.summary),
        _synopsis(f"{program.name} {command.name}", command.usage),
        *_description(command.description),
        _parameters("arguments", command.arguments),
        _parameters("options", command.options),
        _see_also([program.name]),
    )


def _page(*sections: Iterable[str]) -> str:
    return "\n".join(line for section in sections for line in section) + "\n"


def _head(name: str, summary: str) -> Iterator[str]:
    yield f'.TH {name.upper()} 1 "" "ttinspect {__version__}" "User Commands"'
    yield ".SH NAME"
    yield f"{_text(name)} \\- {_text(summary)}"


def _heading(text: str) -> str:
    return f'.SH "{_text(text.upper())}"'


def _synopsis(name: str, usage: str) -> Iterator[str]:
    yield ".SH SYNOPSIS"
    yield f"\\fB{_text(name)}\\fR {_text(usage)}"


def _description(text: str) -> Iterator[Iterable[str]]:
    heading = ".SH DESCRIPTION"
    for paragraph in text.split("\n\n"):
        if paragraph.startswith(_VERBATIM):
            first, *lines = paragraph.removeprefix(_VERBATIM).splitlines()
            yield [_heading(first.rstrip(":")), *_verbatim(line.removeprefix("  ") for line in lines)]
        else:
            yield [heading, _text(paragraph)]
            heading = ".PP"


def _parameters(heading: str, parameters: Sequence[Parameter]) -> Iterator[str]:
    if not parameters:
        return
    yield _heading(heading)
    for parameter in parameters:
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in parameter.switches)
        value = f"\\fI{_text(parameter.metavar)}\\fR" if parameter.metavar else ""
        default = f" [default: {parameter.default}]" if parameter.default is not None else ""
        yield ".TP"
        yield " ".join(part for part in (names, value) if part)
        yield _text(f"{parameter.help}{default}")


def _terms(terms: dict[str, str]) -> Iterator[str]:
    for term, meaning in terms.items():
        yield ".TP"
        yield f"\\fB{_text(term)}\\fR"
        yield _text(meaning)


def _verbatim(lines: Iterable[str]) -> Iterator[str]:
    yield ".nf"
    yield from map(_text, lines)
    yield ".fi"


def _see_also(pages: Sequence[str]) -> Iterator[str]:
    yield '.SH "SEE ALSO"'
    yield ",\n".join(f"\\fB{_text(page)}\\fR(1)" for page in pages)


def _text(text: str) -> str:
    """Plain text, in which nothing is a request of roff and a hyphen can be pasted."""
    lines = (line.strip().translate(_ESCAPES) for line in text.splitlines())
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)
