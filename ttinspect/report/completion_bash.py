"""The completion script of bash."""

from collections.abc import Iterator, Sequence

from ttinspect import __version__
from ttinspect.model.declaration import Declaration
from ttinspect.report.completion import (
    DEFAULT,
    DEVICES,
    ChipIds,
    Value,
    all_options,
    by_chips,
    joined,
    long_with_value,
    names,
    places_of_values,
    shorts,
)


def bash_script(commands: Sequence[Declaration], chips: ChipIds) -> str:
    """The script of bash, from 4.4 on; bash-completion is not needed."""
    values = {
        value: [f'"{place}"' for place in places] for value, places in places_of_values(commands).items()
    }
    short_lines = [f"        {short}) takes={long} ;;" for short, long in shorts(commands).items()]
    return joined(
        f"# bash completion of ttinspect {__version__}, written by: ttinspect completion bash",
        "_ttinspect() {",
        "    local -a words more",
        "    local last i word command='' takes='' list='' kind='' prefix='' cut=''",
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
    yield f"        *) list=$(compgen -G '{DEVICES}/*') ;;"
    yield "        esac"
    yield "        ;;"


def _value(value: Value) -> str:
    words, kind = value
    parts = [f'list="{" ".join(words)}"'] if words else []
    return "; ".join([*parts, f"kind={kind.value}"] if kind else parts)
