"""The completion script of zsh."""

from collections.abc import Iterable, Iterator, Sequence

from ttinspect import __version__
from ttinspect.model.declaration import Declaration, Parameter, Values
from ttinspect.report.completion import (
    DEVICES,
    OPEN_ENDS,
    VERSION,
    ChipIds,
    Value,
    by_chips,
    joined,
    long_with_value,
    quoted,
    shorts,
    union,
    values,
)


def zsh_script(commands: Sequence[Declaration], chips: ChipIds) -> str:
    """The script of zsh: for a folder of fpath as ``_ttinspect``, or to be sourced after compinit."""
    functions = {value: f"_ttinspect_value_{number}" for number, value in enumerate(values(commands), 1)}
    with_value = "|".join([*long_with_value(commands), *shorts(commands)])
    return joined(
        "#compdef ttinspect",
        f"# zsh completion of ttinspect {__version__}, written by: ttinspect completion zsh",
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
