"""A command line before it is parsed: one scanner that knows which options take a value.

Dispatch, the early start of the child that asks tt_umd, and the format of a failure hang on it, and all of
them come before the CLI library is imported. The tables below hold for every command, so that options may
stand before the command; tests/test_architecture.py holds them to what the commands declare.
"""

from pathlib import PurePath
from typing import NamedTuple

VALUE_OPTIONS = frozenset(
    {
        "--from",
        "--device",
        "--format",
        "--output",
        "--timeout",
        "--shm-dir",
        "--procfs",
        "--runtime",
        "--dispatch",
        "--l1-small",
        "--trace-region",
        "--l1-base",
        "--dram-base",
        "--core",
        "--coords",
        "--expect",
        "--allocator",
        "--samples",
        "--window",
        "--ignore",
        "--count",
        "--arch",
        "--file",
        "--dry",
        "--min-headroom",
        "--interval",
        "--duration",
        "--max-size",
        "--listen",
        "--web-config",
        "--min-interval",
        "--hosts",
        "--fanout",
        "--command",
        "--topology",
        "--ssh-options",
        "--cabling",
        "--check",
        "--map-host",
        "--max-age",
        "--tensor",
        "--core-grid",
        "--graph",
    }
)
"""Options that take a value, in any command."""

REPEATABLE = frozenset({"--device", "--expect", "--ignore", "--dry", "--map-host", "--tensor", "--graph"})
"""Those that may be given more than once; every other is refused then: nothing wins silently."""

WATCH = "--watch"
"""The one option whose value may be left out, which the CLI library does not have."""
DEFAULT_WATCH_SECONDS = "1"

SHORT_OPTIONS = {
    "d": "--device",
    "i": "--device",
    "o": "--output",
    "n": "--count",
    "w": WATCH,
    "j": "--json",
    "q": "--quiet",
    "h": "--help",
    "V": "--version",
}

JSON_COMMANDS = frozenset({"snapshot"})
"""Commands that write JSON whatever is asked for."""

TASKS = {
    "list": "reading",
    "harvest": "chips",
    "capacity": "chips",
    "topology": "chips",
    "memory": "chips",
    "verify-shm": "chips",
    "telemetry": "telemetry",
    "check": "telemetry",
    "snapshot": "telemetry",
    "metrics": "reading",
}
"""What a command asks of devices, by command; the others ask nothing."""

MONITORS = frozenset({"memory", "top", "record", "report", "metrics", "serve"})
"""Commands that watch a host at work: their default source opens no device."""

FORMATS = frozenset({
    "table", "json", "yaml", "csv", "svg", "markdown", "junit", "dot", "mermaid", "html", "prometheus",
    "openmetrics", "screen",
})  # fmt: skip
"""Every format that a command writes."""
FORMAT_OF_SUFFIX = {
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".csv": "csv",
    ".svg": "svg",
    ".md": "markdown",
    ".xml": "junit",
    ".dot": "dot",
    ".mmd": "mermaid",
    ".txt": "table",
    ".htm": "html",
    ".html": "html",
    ".prom": "prometheus",
}
_SHORT_FOR = {"text": "table", "jsonl": "json"}
"""Names of formats that no format has and no suffix is."""


def format_named(name: str) -> str | None:
    """The format that a bare word means as the name of a file: a format, its suffix or a short name of it,
    in capitals or not; None for any other name."""
    word = name.lower()
    known = {suffix.removeprefix("."): meant for suffix, meant in FORMAT_OF_SUFFIX.items()} | _SHORT_FOR
    return word if word in FORMATS else known.get(word)


def default_source(command: str | None, *, free: bool = False) -> str:
    """The SOURCE of a command that is given none; ``free`` is ``list --free``."""
    return "host" if command in MONITORS or free else "umd"


class CommandLine(NamedTuple):
    """A command line in its parts.

    ``arguments`` are what is left without the command, as the CLI library takes them: a watch interval that
    was left out is there. ``options`` are the options in order, by their long name, each with its value;
    None for one without. ``words`` are what is neither the command nor an option nor a value.
    """

    command: str | None
    arguments: list[str]
    options: tuple[tuple[str, str | None], ...]
    words: tuple[str, ...]

    def has(self, option: str) -> bool:
        """Whether an option is there, by its long name."""
        return any(name == option for name, _ in self.options)

    def values(self, option: str) -> tuple[str, ...]:
        """The values of an option, in order."""
        return tuple(value for name, value in self.options if name == option and value is not None)

    @property
    def source(self) -> str | None:
        """The SOURCE that it names with --from; None where it names none."""
        return (self.values("--from") or (None,))[-1]

    @property
    def task(self) -> str | None:
        """What the command asks of devices: chips, reading, telemetry, or watch (telemetry again and again);
        None when it asks nothing, and for help."""
        task = TASKS.get(self.command or "")
        if task is None or self.has("--help"):
            return None
        return "watch" if task == "telemetry" and self.watches else task

    @property
    def watches(self) -> bool:
        """Whether answers may follow each other."""
        return self.has(WATCH) or self.has("--count")

    @property
    def wants_json(self) -> bool:
        """Whether the answer was to be JSON, for a failure before or during parsing."""
        if self.has("--json") or self.command in JSON_COMMANDS:
            return True
        formats: tuple[str | None, ...] = self.values("--format")
        return "json" in (formats or [format_of_file(name) for name in self.values("--output")])

    def repeated(self) -> str | None:
        """The first option that is given twice and must not be; None when there is none."""
        known = set[str]()
        for name, _ in self.options:
            # one switch and its opposite are one option; asking for help twice is asking for help
            switch = f"--{name.removeprefix('--no-')}" if name.startswith("--no-") else name
            if switch in known and switch not in REPEATABLE | {"--help", "--version"}:
                return name
            known.add(switch)
        return None


def format_of_file(name: str) -> str | None:
    """The format that the suffix of a file stands for; None for any other suffix."""
    return FORMAT_OF_SUFFIX.get(PurePath(name).suffix.lower())


def scan(argv: list[str]) -> CommandLine:
    """Take a command line apart. Nothing is refused: what is no option of any command counts as one without
    a value.
    """
    command: str | None = None
    arguments: list[str] = []
    options: list[tuple[str, str | None]] = []
    words: list[str] = []
    rest = list(reversed(argv))
    only_words = False
    while rest:
        word = rest.pop()
        if only_words or word == "-" or not word.startswith("-"):
            if command is None:
                command = word
                continue
            words.append(word)
        elif word == "--":
            only_words = True
        else:
            of_word, open_option = _options_of(word)
            if open_option == WATCH:
                of_word[-1] = (WATCH, rest.pop() if rest and _is_number(rest[-1]) else DEFAULT_WATCH_SECONDS)
            elif open_option is not None and rest:
                of_word[-1] = (open_option, rest.pop())
            options += of_word
            arguments.append(word)
            value = of_word[-1][1] if open_option is not None else None
            arguments += [] if value is None else [value]
            continue
        arguments.append(word)
    return CommandLine(command, arguments, tuple(options), tuple(words))


def _options_of(word: str) -> tuple[list[tuple[str, str | None]], str | None]:
    """The options in one word, and the last of them if its value is the next word."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if equals:
            return [(name, value)], None
        return [(name, None)], name if name in VALUE_OPTIONS or name == WATCH else None
    options: list[tuple[str, str | None]] = []
    for at, letter in enumerate(word[1:], 2):
        name = SHORT_OPTIONS.get(letter, f"-{letter}")
        if name in VALUE_OPTIONS or name == WATCH:
            glued = word[at:] or None
            return [*options, (name, glued)], name if glued is None else None
        options.append((name, None))
    return options, None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
