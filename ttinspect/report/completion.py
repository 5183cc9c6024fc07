"""Completion scripts of bash, fish and zsh. None calls ttinspect: what it offers was known when it was made;
the shell looks up files, devices, groups of hosts, and the chips that ``snapshot --remember`` kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ttinspect import __version__
from ttinspect.model.declaration import Declaration, Parameter, Values

DEFAULT = "list"
"""The command of a command line without one."""
DEVICES = "/dev/tenstorrent"
REMEMBERED = ("/ttinspect/remembered.json", "/var/lib/ttinspect/remembered.json")
"""What is remembered: in a user's state directory, and of root (sources/remembered.py)."""
BOOT_ID = "/proc/sys/kernel/random/boot_id"
LIVE = ("''", "umd", "host")
"""The sources whose chips have the ids that are remembered, as patterns of every shell; no source is one."""
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


def chips_remembered(file: str) -> str:
    """The command that prints the ids of the chips in a file of what is remembered. A chip begins with its id
    and its architecture."""
    return f"""grep -oE '"id":[0-9]+,"arch"' {file} | grep -oE '[0-9]+'"""


def posix_remembered() -> list[str]:
    """The function of bash and zsh that prints the ids of the chips that are remembered of this boot."""
    return [
        "_ttinspect_remembered() {",
        "    local boot file",
        f"    read -r boot 2>/dev/null < {BOOT_ID} || return 0",
        f'    for file in "${{XDG_STATE_HOME:-$HOME/.local/state}}{REMEMBERED[0]}" {REMEMBERED[1]}; do',
        """        if grep -qs '"boot_id":"'"$boot"'"' "$file"; then""",
        f"            {chips_remembered(chr(34) + '$file' + chr(34))}",
        "            return 0",
        "        fi",
        "    done",
        "}",
    ]


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


def bash_script(commands: Sequence[Declaration], chips: ChipIds) -> str:
    """The script of bash, from 4.4 on; bash-completion is not needed."""
    values = {
        value: [f'"{place}"' for place in places] for value, places in places_of_values(commands).items()
    }
    short_lines = [f"        {short}) takes={long} ;;" for short, long in shorts(commands).items()]
    return joined(
        f"# bash completion of ttinspect {__version__}, written by: ttinspect completion bash",
        *posix_remembered(),
        "_ttinspect() {",
        "    local -a words more; local last i word command='' takes='' list='' kind='' prefix='' cut=''",
        "    local source=${TTINSPECT_FROM-}",
        '    read -ra words <<< "${COMP_LINE:0:COMP_POINT}."',
        "    last=$((${#words[@]} - 1))",
        "    local current=${words[last]%.}",
        "    local value=$current",
        "    for ((i = 1; i < last; i++)); do",
        "        word=${words[i]}",
        "        if [[ -n $takes ]]; then",
        "            [[ $takes != --from ]] || source=$word",
        "            takes=''",
        "            continue",
        "        fi",
        "        case $word in",
        f"        {'|'.join(long_with_value(commands))}) takes=$word ;;",
        *short_lines,
        "        --from=*) source=${word#*=} ;;",
        "        -*) ;;",
        "        *) command=${command:-$word} ;;",
        "        esac",
        "    done",
        "    if [[ -z $takes && $current == --*=* ]]; then",
        "        takes=${current%%=*}",
        "        value=${current#*=}",
        "        prefix=$takes=",
        "    fi",
        "    if [[ -n $takes ]]; then",
        f'        case "${{command:-{DEFAULT}}} $takes" in',
        *(f"        {'|'.join(places)}) {_value(value)} ;;" for value, places in values.items()),
        "        esac",
        "    elif [[ $current == -* ]]; then",
        "        case $command in",
        f'        "") list="{" ".join(all_options(commands))}" ;;',
        *(f'        {command.name}) list="{" ".join(names(command.options))}" ;;' for command in commands),
        "        esac",
        "    elif [[ -z $command ]]; then",
        f'        list="{" ".join(command.name for command in commands)}"',
        "    else",
        "        case $command in",
        *(
            f"        {command.name}) {_value(command.arguments[0].value)} ;;"
            for command in commands
            if command.arguments and command.arguments[0].value != ((), None)
        ),
        "        esac",
        "    fi",
        "    case $kind in",
        *_devices(chips),
        "    hosts) list=$(nodeset -l 2>/dev/null) ;;",
        "    esac",
        "    COMPREPLY=()",
        '    [[ -z $list ]] || mapfile -t COMPREPLY < <(compgen -W "$list" -- "$value")',
        "    if [[ $kind == directories ]]; then",
        "        compopt -o filenames",
        '        mapfile -t COMPREPLY < <(compgen -d -- "$value")',
        "    elif [[ $kind == files && ${#COMPREPLY[@]} == 0 ]]; then",
        "        compopt -o default  # readline's own way with quotes, blanks and ~",
        "        return",
        "    elif [[ $kind == files ]]; then",
        '        mapfile -t more < <(compgen -f -- "$value")',
        '        for word in ${more[@]+"${more[@]}"}; do',
        "            [[ ! -d $word ]] || word+=/",
        '            COMPREPLY+=("$word")',
        "        done",
        "    fi",
        "    ((${#COMPREPLY[@]})) || return 0",
        "    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:,=/] ]]; then",
        "        compopt -o nospace",
        "    fi",
        "    # readline replaces what stands after the last character that breaks words",
        "    for word in : =; do",
        "        if [[ $COMP_WORDBREAKS == *$word* && $current == *$word* ]]; then",
        '            word=${current%"${current##*"$word"}"}',
        "            ((${#word} <= ${#cut})) || cut=$word",
        "        fi",
        "    done",
        '    COMPREPLY=("${COMPREPLY[@]/#/$prefix}")',
        '    COMPREPLY=("${COMPREPLY[@]#"$cut"}")',
        "}",
        "complete -F _ttinspect ttinspect",
    )


def _devices(chips: ChipIds) -> Iterator[str]:
    """What is looked up where a device stands: the chips of an example, or this host's nodes."""
    yield "    devices)"
    yield "        case $source in"
    yield from (f'        {sources}) list="{ids}" ;;' for ids, sources in by_chips(chips, "|").items())
    yield f"        {'|'.join(LIVE)}) list=\"$(compgen -G '{DEVICES}/*') $(_ttinspect_remembered)\" ;;"
    yield f"        *) list=$(compgen -G '{DEVICES}/*') ;;"
    yield "        esac"
    yield "        ;;"


def _value(value: Value) -> str:
    words, kind = value
    parts = [f'list="{" ".join(words)}"'] if words else []
    return "; ".join([*parts, f"kind={kind.value}"] if kind else parts)


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
        "function __ttinspect_remembered",
        "    set -l state $XDG_STATE_HOME",
        '    test -n "$state"; or set state $HOME/.local/state',
        f"    read -l boot 2>/dev/null < {BOOT_ID}; or return 0",
        f"    for file in $state{REMEMBERED[0]} {REMEMBERED[1]}",
        "        if grep -qs '\"boot_id\":\"'$boot'\"' $file",
        f"            {chips_remembered('$file')}",
        "            return 0",
        "        end",
        "    end",
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
        f'            contains -- "$source" {" ".join(LIVE)}; and __ttinspect_remembered',
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


def zsh_script(commands: Sequence[Declaration], chips: ChipIds) -> str:
    """The script of zsh: for a folder of fpath as ``_ttinspect``, or to be sourced after compinit."""
    functions = {value: f"_ttinspect_value_{number}" for number, value in enumerate(values(commands), 1)}
    with_value = "|".join([*long_with_value(commands), *shorts(commands)])
    return joined(
        "#compdef ttinspect",
        f"# zsh completion of ttinspect {__version__}, written by: ttinspect completion zsh",
        *posix_remembered(),
        *(line for value, name in functions.items() for line in _zsh_function(name, value, chips)),
        "_ttinspect() {",
        "    local command",
        "    integer i",
        "    for ((i = 2; i < CURRENT; i++)); do",
        "        case $words[i] in",
        f"            ({with_value}) ((i++)) ;;",
        "            (-*) ;;",
        "            (*) command=$words[i]; break ;;",
        "        esac",
        "    done",
        "    if [[ -z $command && $i -eq $CURRENT && $PREFIX != -* ]]; then",
        "        local -a commands=(",
        *(f"            {quoted(f'{command.name}:{command.summary}')}" for command in commands),
        "        )",
        "        _describe -t commands command commands",
        "        return",
        "    fi",
        "    if [[ -n $command ]]; then",
        "        words[i]=()",
        "        ((CURRENT--))",
        "    fi",
        "    case $command in",
        '        ("")',
        "            _arguments -s -S \\",
        *_zsh_specs([*union(commands), VERSION], (), functions),
        "            ;;",
        *(line for command in commands for line in _zsh_command(command, functions)),
        "    esac",
        "}",
        "if [[ $funcstack[1] == _ttinspect ]]; then",
        '    _ttinspect "$@"',
        "else",
        "    compdef _ttinspect ttinspect",
        "fi",
    )


def _zsh_function(name: str, value: Value, chips: ChipIds) -> Iterator[str]:
    words, kind = value
    closed = [word for word in words if not word.endswith(OPEN_ENDS)]
    yield f"{name}() {{"
    yield "    local ret=1"
    if closed:
        yield f"    compadd -- {' '.join(closed)} && ret=0"
    if len(closed) < len(words):
        yield f"    compadd -S '' -- {' '.join(word for word in words if word not in closed)} && ret=0"
    if kind is Values.FILES:
        yield "    _files && ret=0"
    elif kind is Values.DIRECTORIES:
        yield "    _files -/ && ret=0"
    elif kind is Values.DEVICES:
        yield "    local source=${TTINSPECT_FROM-}"
        yield "    integer i"
        yield "    for ((i = 2; i < CURRENT; i++)); do"
        yield "        case $words[i] in"
        yield "            (--from) source=${(Q)words[i+1]} ;;"
        yield "            (--from=*) source=${(Q)words[i]#*=} ;;"
        yield "        esac"
        yield "    done"
        yield "    case $source in"
        for ids, sources in by_chips(chips, "|").items():
            yield f"        ({sources}) compadd -- {ids} && ret=0 ;;"
        yield f"        ({'|'.join(LIVE)})"
        yield f'            compadd -- {DEVICES}/*(N) ${{(f)"$(_ttinspect_remembered)"}} && ret=0 ;;'
        yield f"        (*) compadd -- {DEVICES}/*(N) && ret=0 ;;"
        yield "    esac"
    elif kind is Values.HOSTS:
        yield '    compadd -- ${(f)"$(nodeset -l 2>/dev/null)"} && ret=0'
    yield "    return ret"
    yield "}"


def _zsh_command(declaration: Declaration, functions: dict[Value, str]) -> Iterator[str]:
    yield f"        ({declaration.name})"
    yield "            _arguments -s -S \\"
    yield from _zsh_specs(declaration.options, declaration.arguments, functions)
    yield "            ;;"


def _zsh_specs(
    options: Iterable[Parameter], arguments: Iterable[Parameter], functions: dict[Value, str]
) -> Iterator[str]:
    specs = [spec for option in options for spec in _zsh_option(option, functions)]
    for number, argument in enumerate(arguments, 1):
        place = "*" if argument.repeatable else str(number)
        specs.append(f"{place}:{_zsh_text(argument.metavar or '')}:{_zsh_action(argument, functions)}")
    yield from (f"                {quoted(spec)} \\" for spec in specs[:-1])
    yield f"                {quoted(specs[-1])}"


def _zsh_option(option: Parameter, functions: dict[Value, str]) -> Iterator[str]:
    before = "*" if option.repeatable else f"({' '.join(option.switches)})"
    value = ""
    if option.metavar is not None:
        colons = "::" if option.optional else ":"
        value = f"{colons}{_zsh_text(option.metavar)}:{_zsh_action(option, functions)}"
    for name in option.switches:
        joint = "" if option.metavar is None else "=" if name.startswith("--") else "+"
        yield f"{before}{name}{joint}[{_zsh_text(option.help)}]{value}"


def _zsh_action(parameter: Parameter, functions: dict[Value, str]) -> str:
    return functions.get(parameter.value, " ")


def _zsh_text(text: str) -> str:
    for odd in ("\\", "[", "]", ":"):
        text = text.replace(odd, f"\\{odd}")
    return text
