"""The completion script of fish."""

from collections.abc import Sequence

from ttinspect import __version__
from ttinspect.model.declaration import Declaration, Parameter, Values
from ttinspect.report.completion import (
    DEVICES,
    ChipIds,
    by_chips,
    joined,
    long_with_value,
    places_of_options,
    shorts,
)


def fish_script(commands: Sequence[Declaration], chips: ChipIds) -> str:
    """The script of fish, from 3.0 on."""
    with_value = " ".join([*long_with_value(commands), *shorts(commands)])
    return joined(
        f"# fish completion of ttinspect {__version__}, written by: ttinspect completion fish",
        "function __ttinspect_command",
        "    set -l takes 0",
        "    set -l words (commandline -opc)",
        "    for word in $words[2..-1]",
        "        if test $takes = 1",
        "            set takes 0",
        "            continue",
        "        end",
        "        switch $word",
        f"            case {with_value}",
        "                set takes 1",
        "            case '-*'",
        "            case '*'",
        "                echo $word",
        "                return",
        "        end",
        "    end",
        "    echo none",
        "end",
        "function __ttinspect_is",
        "    contains -- (__ttinspect_command) $argv",
        "end",
        "function __ttinspect_devices",
        "    set -l source $TTINSPECT_FROM",
        "    set -l words (commandline -opc)",
        "    for i in (seq 2 (count $words))",
        "        switch $words[$i]",
        "            case --from",
        "                set source $words[(math $i + 1)]",
        "            case '--from=*'",
        "                set source (string replace -- --from= '' $words[$i])",
        "        end",
        "    end",
        '    switch "$source"',
        *(
            line
            for ids, sources in by_chips(chips, " ").items()
            for line in (f"        case {sources}", f"            printf '%s\\n' {ids}")
        ),
        "        case '*'",
        f"            set -l found {DEVICES}/*",
        "            printf '%s\\n' $found",
        "    end",
        "end",
        "complete -c ttinspect -f",
        *(
            f"complete -c ttinspect -n '__ttinspect_is none' -a {command.name} "
            f"-d {_fish_quoted(command.summary)}"
            for command in commands
        ),
        *(_fish_option(option, places) for option, places in places_of_options(commands).items()),
        *(
            f"complete -c ttinspect -n '__ttinspect_is {command.name}'{_fish_value(command.arguments[0])}"
            for command in commands
            if command.arguments and command.arguments[0].value != ((), None)
        ),
    )


def _fish_option(option: Parameter, places: list[str]) -> str:
    names = "".join(
        f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}" for name in option.switches
    )
    value = "" if option.metavar is None or option.optional else _fish_value(option)
    text = _fish_quoted(option.help)
    return f"complete -c ttinspect -n '__ttinspect_is {' '.join(places)}'{names}{value} -d {text}"


def _fish_value(parameter: Parameter) -> str:
    words, kind = parameter.value
    requires = " -r" if parameter.names else ""
    if kind is Values.FILES:
        return f"{requires} -F" + (f" -a '{' '.join(words)}'" if words else "")
    looked_up = {
        Values.DIRECTORIES: "(__fish_complete_directories (commandline -ct))",
        Values.DEVICES: "(__ttinspect_devices)",
        Values.HOSTS: "(nodeset -l 2>/dev/null)",
    }
    offered = " ".join(words) if kind is None else looked_up[kind]
    return f"{requires} -f" + (f" -a {_fish_quoted(offered)}" if offered else "")


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
