"""What a command is declared to take: what completion scripts and man pages are written from."""

from enum import Enum

import msgspec


class Values(Enum):
    """What a value can be, beyond words that are known: a shell finds these itself."""

    FILES = "files"
    DIRECTORIES = "directories"
    DEVICES = "devices"
    HOSTS = "hosts"


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """An option or an argument.

    ``names`` are an option's, long ones first ("--device", "-d"); empty for an argument. ``opposites`` are
    what switches it off ("--no-picture"). ``metavar`` is None for a switch. ``words`` are the values that are
    known. ``optional``: the value may be left out.
    """

    names: tuple[str, ...]
    opposites: tuple[str, ...]
    metavar: str | None
    help: str
    words: tuple[str, ...]
    values: Values | None
    repeatable: bool
    optional: bool
    default: str | None

    @property
    def switches(self) -> tuple[str, ...]:
        """All its names."""
        return self.names + self.opposites

    @property
    def value(self) -> tuple[tuple[str, ...], Values | None]:
        """What its value can be."""
        return self.words, self.values


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A command: its name, what it is for in one line, its description and what it takes.

    A paragraph of ``description`` that begins with a backspace is not to be filled.
    """

    name: str
    summary: str
    usage: str
    description: str
    parameters: tuple[Parameter, ...]

    @property
    def options(self) -> tuple[Parameter, ...]:
        """Its options, --help included."""
        return tuple(parameter for parameter in self.parameters if parameter.names)

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """What stands without a name."""
        return tuple(parameter for parameter in self.parameters if not parameter.names)
