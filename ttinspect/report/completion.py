"""Completion scripts. None calls ttinspect: what it offers was known when it was made; files, devices and
groups of hosts are looked up by the shell."""

from collections.abc import Iterable, Mapping, Sequence

from ttinspect.model.declaration import Declaration, Parameter, Values

DEFAULT = "list"
"""The command of a command line without one."""
DEVICES = "/dev/tenstorrent"
WHOLE_PROGRAM = ("--version", "-V")
OPEN_ENDS = (":", ",", "=")
"""What a word ends with that more has to follow."""

Value = tuple[tuple[str, ...], Values | None]
ChipIds = Mapping[str, Sequence[int]]
"""The ids of the chips in every built-in example, by the example's name."""


def by_chips(chips: ChipIds, joint: str) -> dict[str, str]:
    """The examples, as sources, that have the same chips: joined, by their ids in one text."""
    alike: dict[str, list[str]] = {}
    for name, ids in chips.items():
        alike.setdefault(" ".join(map(str, ids)), []).append(f"board:{name}")
    return {ids: joint.join(names) for ids, names in alike.items()}


def quoted(text: str) -> str:
    """A text for a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


VERSION = Parameter(
    names=WHOLE_PROGRAM,
    opposites=(),
    metavar=None,
    help="print the version",
    words=(),
    values=None,
    repeatable=False,
    optional=False,
    default=None,
)
"""The one option that no command has."""


def union(commands: Iterable[Declaration]) -> list[Parameter]:
    """The options of all commands, each once, as the first that has it declares it: they may stand before
    the command."""
    union: dict[str, Parameter] = {}
    for command in commands:
        for option in command.options:
            union.setdefault(option.names[0], option)
    return [*union.values()]


def names(options: Iterable[Parameter]) -> list[str]:
    return [name for option in options for name in option.switches]


def all_options(commands: Iterable[Declaration]) -> list[str]:
    return [*names(union(commands)), *WHOLE_PROGRAM]


def with_value(commands: Iterable[Declaration]) -> list[Parameter]:
    return [option for option in union(commands) if option.metavar is not None and not option.optional]


def long_with_value(commands: Iterable[Declaration]) -> list[str]:
    return [name for name in names(with_value(commands)) if name.startswith("--")]


def shorts(commands: Iterable[Declaration]) -> dict[str, str]:
    """The long name of every short option that takes a value."""
    return {
        name: option.names[0]
        for option in with_value(commands)
        for name in option.names
        if not name.startswith("--")
    }


def values(commands: Iterable[Declaration]) -> list[Value]:
    """What can be completed as a value, each once."""
    every = [parameter.value for command in commands for parameter in command.parameters]
    return [*dict.fromkeys(value for value in every if value != ((), None))]


def places_of_values(commands: Sequence[Declaration]) -> dict[Value, list[str]]:
    """For each value of an option: "COMMAND --option" of all that take it."""
    places: dict[Value, list[str]] = {}
    for command in commands:
        for option in command.options:
            if option.value != ((), None):
                places.setdefault(option.value, []).append(f"{command.name} {option.names[0]}")
    return places


def places_of_options(commands: Sequence[Declaration]) -> dict[Parameter, list[str]]:
    """For each option: the commands that have it alike; "none" where it may stand before a command."""
    places: dict[Parameter, list[str]] = {}
    for command in commands:
        for option in command.options:
            places.setdefault(option, []).append(command.name)
    for option in union(commands):
        places[option].insert(0, "none")
    return {VERSION: ["none"], **places}


def joined(*lines: str) -> str:
    return "\n".join(lines) + "\n"
