"""``ttinspect completion``."""

from enum import Enum
from typing import Annotated

import typer

from ttinspect.cli.declared import declarations
from ttinspect.cli.options import TextOutputOption, refuse_format_name
from ttinspect.cli.output import write
from ttinspect.errors import ExitCode
from ttinspect.facts.examples import example_chip_ids
from ttinspect.report.completion import bash_script, fish_script, zsh_script


class Shell(Enum):
    """The shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


_SCRIPTS = {Shell.BASH: bash_script, Shell.ZSH: zsh_script, Shell.FISH: fish_script}


def run(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish", show_default=False)],
    output: TextOutputOption = None,
) -> int:
    """The completion script of a shell: commands, options, and what options take.

    It starts no ttinspect when a word is completed. After an upgrade, write it anew.

    \b
    Examples:
      source <(ttinspect completion bash)
      ttinspect completion bash -o ~/.local/share/bash-completion/completions/ttinspect
      ttinspect completion zsh -o ~/.zfunc/_ttinspect
      ttinspect completion fish -o ~/.config/fish/completions/ttinspect.fish
    """
    if output is not None:
        refuse_format_name(output)
    write(_SCRIPTS[shell](declarations(), example_chip_ids()), output)
    return ExitCode.DONE
