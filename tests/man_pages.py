"""make man: docs/man, written from the texts of --help. tests/test_man_pages.py holds it to them."""

from pathlib import Path

from ttinspect.cli.commands import (
    ENVIRONMENT_SOURCE,
    EXAMPLES,
    OPTIONS,
    PURPOSE,
    SOURCES,
    USAGE,
    WHERE_SOURCES_STAND,
)
from ttinspect.cli.declared import declarations
from ttinspect.errors import EXIT_CODE_MEANINGS
from ttinspect.report.man import Program, command_page, program_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "man"
PROGRAM = Program(
    name="ttinspect",
    summary="a second opinion on Tenstorrent hardware",
    usage=USAGE,
    purpose=PURPOSE,
    lists={
        f"sources ({WHERE_SOURCES_STAND})": SOURCES,
        "options": OPTIONS,
        "exit status": {str(int(code)): meaning for code, meaning in EXIT_CODE_MEANINGS.items()},
        "environment": {
            ENVIRONMENT_SOURCE: "the SOURCE of commands that are given none",
            "NO_COLOR": "if it is set, nothing is coloured",
            "COLUMNS": "the width of tables, where the terminal does not tell",
        },
    },
    examples=EXAMPLES,
)


def pages() -> dict[str, str]:
    """Every page, by the name of its file."""
    commands = declarations()
    return {
        "ttinspect.1": program_page(PROGRAM, commands),
        **{f"ttinspect-{command.name}.1": command_page(PROGRAM, command) for command in commands},
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    written = pages()
    for old in FOLDER.glob("*.1"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text)
