"""The commands as they are declared: what completion scripts and man pages are written from."""

import re
from typing import Any

from ttinspect.cli.commands import COMMANDS
from ttinspect.cli.parsers import parser_of
from ttinspect.cli.scanner import WATCH
from ttinspect.model.declaration import Declaration, Parameter, Values

_VALUES = {
    "FILE": Values.FILES,
    "PATH": Values.FILES,
    "SOURCE": Values.FILES,
    "OLD": Values.FILES,
    "NEW": Values.FILES,
    "DIR": Values.DIRECTORIES,
    "NODESET": Values.HOSTS,
}
"""What a shell has to look for, by the words in a metavar."""


def declarations() -> tuple[Declaration, ...]:
    """All commands, in the order of the help."""
    return tuple(_declaration(name) for name in COMMANDS)


def _declaration(name: str) -> Declaration:
    parser = parser_of(name)
    with parser.make_context(f"ttinspect {name}", [], resilient_parsing=True) as context:
        return Declaration(
            name=name,
            summary=COMMANDS[name],
            usage=" ".join(parser.collect_usage_pieces(context)),
            description=parser.help,
            parameters=tuple(_parameter(param, context) for param in parser.get_params(context)),
        )


def _parameter(declared: Any, context: Any) -> Parameter:
    is_option = declared.param_type_name == "option"
    takes = not getattr(declared, "is_flag", False)
    names = tuple(sorted(declared.opts, key=lambda name: not name.startswith("--"))) if is_option else ()
    words = tuple(item.value for item in declared.shell_complete(context, "")) if takes else ()
    metavar = (declared.metavar or _choice(words) or declared.name.upper()) if takes else None
    kinds = [_VALUES[word] for word in re.findall("[A-Z]+", metavar or "") if word in _VALUES]
    if "--device" in names:
        kinds = [Values.DEVICES]
    return Parameter(
        names=names,
        opposites=tuple(declared.secondary_opts),
        metavar=metavar,
        help=declared.help or "",
        words=words,
        values=kinds[0] if kinds else None,
        repeatable=declared.multiple if is_option else declared.nargs == -1,
        optional=WATCH in names,
        default=_default(declared) if takes else None,
    )


def _choice(words: tuple[str, ...]) -> str | None:
    return f"[{'|'.join(words)}]" if words else None


def _default(declared: Any) -> str | None:
    """The default that --help shows."""
    if declared.default is None or not declared.show_default:
        return None
    return str(getattr(declared.default, "value", declared.default))
