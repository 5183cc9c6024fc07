"""What must be known of a command line before, or without, parsing it."""

from pathlib import PurePath

VALUE_OPTIONS = ("--from", "-d", "-i", "--device", "--format", "-o", "--output", "--timeout")
"""Options of every command that take a value; they may stand before the command."""

JSON_COMMANDS = ("snapshot",)
"""Commands that write JSON whatever is asked for."""

WATCH_OPTIONS = ("-w", "--watch")
DEFAULT_WATCH_S = "1"

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
}


def split_command(argv: list[str]) -> tuple[str | None, list[str]]:
    """The command and everything else; None when the command line names none."""
    skip = False
    for index, word in enumerate(argv):
        if skip:
            skip = False
        elif word in VALUE_OPTIONS:
            skip = True
        elif not word.startswith("-") or word == "-":
            return word, argv[:index] + argv[index + 1 :]
    return None, argv


def with_watch_interval(argv: list[str]) -> list[str]:
    """``--watch`` without its optional SECONDS gets the default: typer has no optional values."""
    found = []
    for word, following in zip(argv, [*argv[1:], ""], strict=False):
        found.append(word)
        if word in WATCH_OPTIONS and not _is_number(following):
            found.append(DEFAULT_WATCH_S)
    return found


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def watches(argv: list[str]) -> bool:
    """Whether answers follow each other until somebody ends them."""
    return any(word.startswith(WATCH_OPTIONS) for word in argv)


def wants_json(argv: list[str]) -> bool:
    """Whether the answer was to be JSON, for a failure before or during parsing."""
    if split_command(argv)[0] in JSON_COMMANDS:
        return True
    chosen = output = None
    for word, following in zip(argv, [*argv[1:], ""], strict=False):
        if word == "--json" or (word.startswith("-") and not word.startswith("--") and "j" in word[1:]):
            return True
        if word == "--format":
            chosen = following
        elif word.startswith("--format="):
            chosen = word.partition("=")[2]
        elif word in ("-o", "--output"):
            output = following
        elif word.startswith("--output="):
            output = word.partition("=")[2]
    if chosen is None and output is not None:
        chosen = FORMAT_OF_SUFFIX.get(PurePath(output).suffix)
    return chosen == "json"
