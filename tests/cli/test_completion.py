"""Completion scripts: nothing that a command declares is missing, and the shells themselves complete with them."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from ttinspect.cli.commands import COMMANDS
from ttinspect.cli.parsers import parser_of
from ttinspect.cli.scanner import VALUE_OPTIONS

SHELLS = ("bash", "zsh", "fish")


def _options(command: str) -> set[str]:
    """As the CLI library knows them, --help included."""
    parser = parser_of(command)
    with parser.make_context("ttinspect", [], resilient_parsing=True) as context:
        return {
            name
            for option in parser.get_params(context)
            if option.param_type_name == "option"
            for name in (*option.opts, *option.secondary_opts)
        }


def _offered(shell: str, script: str, command: str) -> set[str]:
    """The options that a script has for a command, read from its text."""
    if shell == "bash":
        (options,) = re.findall(rf'^        {command}\) list="(-.*)" ;;$', script, re.MULTILINE)
        return set(options.split())
    if shell == "zsh":
        (options,) = re.findall(rf"^        \({command}\)\n(.*?)\n +;;$", script, re.MULTILINE | re.DOTALL)
        return set(re.findall(r"^ +'(?:\*|\([^)]*\))(-[\w-]+)[=+]?\[", options, re.MULTILINE))
    lines = re.findall(rf"'__ttinspect_is (?:[\w-]+ )*{command}(?: [\w-]+)*'(( -[ls] [\w-]+)+)", script)
    names = re.findall(r"-([ls]) ([\w-]+)", " ".join(names for names, _ in lines))
    return {f"--{name}" if kind == "l" else f"-{name}" for kind, name in names}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory, console_script: str) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("scripts")
    for shell in SHELLS:
        subprocess.run(
            [console_script, "completion", shell, "-o", str(folder / f"ttinspect.{shell}")],
            check=True, timeout=60,
        )  # fmt: skip
    return {shell: folder / f"ttinspect.{shell}" for shell in SHELLS}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_option_of_every_command_is_in_each_script(scripts: dict[str, Path], shell: str) -> None:
    script = scripts[shell].read_text()
    assert {name: _offered(shell, script, name) for name in COMMANDS} == {
        name: _options(name) for name in COMMANDS
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_in_each_script(scripts: dict[str, Path], shell: str) -> None:
    script = scripts[shell].read_text()
    pattern = {
        "bash": r'^        list="(.*)"$',
        "zsh": r"^            '([a-z-]+):",
        "fish": r"'__ttinspect_is none' -a ([a-z-]+) -d",
    }[shell]
    assert " ".join(re.findall(pattern, script, re.MULTILINE)).split() == [*COMMANDS]


def test_a_word_that_is_no_shell_is_refused(run: Run) -> None:
    done = run("completion", "tcsh")
    assert done.returncode == 2
    assert "bash" in done.stderr


def test_completing_starts_no_ttinspect(scripts: dict[str, Path]) -> None:
    for path in scripts.values():
        commands = [line.strip() for line in path.read_text().splitlines() if not line.startswith("#")]
        assert not [line for line in commands if re.search(r"(^|[(`]|\| )ttinspect ", line)]


def remember(folder: Path) -> None:
    """Three chips, as ``snapshot --remember`` keeps them of this boot."""
    from ttinspect.cli.output import to_json
    from ttinspect.sources import remembered
    from ttinspect.sources.opening import open_source

    chips = open_source("board:galaxy-bh").chips
    boot = remembered.boot_id()
    assert boot
    kept = remembered.Remembered(boot_id=boot, time_ns=1, chips=(chips[0], chips[1], chips[12]))
    folder.mkdir(parents=True)
    remembered.file_of(folder).write_text(to_json(kept))


class _Terminal:
    """An interactive shell on a terminal of its own."""

    def __init__(self, arguments: list[str], env: dict[str, str], folder: Path) -> None:
        self.seen = b""
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe(arguments[0], arguments, env)
        self._pid = pid

    def send(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait(self, file: Path) -> str:
        """The content of a file that the shell writes, once it ends with a full stop in a line."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([self._terminal], [], [], 0.02)[0]:
                self.seen += os.read(self._terminal, 1 << 16)
            if file.exists() and file.read_text().endswith("\n.\n"):
                return file.read_text().removesuffix("\n.\n")
        raise AssertionError(f"the shell did not write {file}: {self.seen!r}")

    def close(self) -> None:
        os.close(self._terminal)
        os.waitpid(self._pid, 0)


_BASH = """\
PS1='> '
source {script}
bind 'set bell-style none' 'set enable-bracketed-paste off'
offered() {{ _ttinspect "$@"; printf '%s\\n' "${{COMPREPLY[@]}}" > {folder}/offered; }}
complete -F offered ttinspect
line() {{ printf '%s\\n.\\n' "$READLINE_LINE" > {folder}/line; READLINE_LINE=; READLINE_POINT=0; }}
bind -x '"\\C-x": line'
printf 'ready\\n.\\n' > {folder}/ready
"""
_ZSH = """\
PS1='> '
unsetopt beep
autoload -Uz compinit
compinit -u -d {folder}/dump
source {script}
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a hits
    builtin compadd -O hits "$@"
    print -rl -- $hits >> {folder}/offered
    builtin compadd "$@"
}}
line() {{ print -r -- "$BUFFER" > {folder}/line; print -r . >> {folder}/line; BUFFER= }}
zle -N line
bindkey '^X' line
bindkey '^I' complete-word
print -l ready . > {folder}/ready
"""


class _Shell:
    """What a shell offers after a TAB, and what the line is then."""

    def __init__(self, shell: str, script: Path, folder: Path) -> None:
        self._name, self._script, self._folder = shell, script, folder
        self._home = folder / "home"
        self._home.mkdir()
        for name in ("capture.json", "a file.yaml"):
            (self._home / name).write_text("")
        (self._home / "captures").mkdir()
        self._env = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self._home),
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        remember(self._home / ".local" / "state" / "ttinspect")
        (folder / "bin").mkdir()
        (folder / "bin" / "nodeset").write_text("#!/bin/sh\nprintf '@rack1\\n@rack2\\n'\n")
        (folder / "bin" / "nodeset").chmod(0o755)
        self._terminal: _Terminal | None = None
        if shell != "fish":
            start = folder / "start"
            start.write_text((_BASH if shell == "bash" else _ZSH).format(script=script, folder=folder))
            shown = ["bash", "--norc", "--noprofile", "-i"] if shell == "bash" else ["zsh", "-f", "-i"]
            self._terminal = _Terminal(shown, self._env, self._home)
            self._terminal.send(f"source {start}\n")
            self._terminal.wait(folder / "ready")

    def complete(self, line: str) -> tuple[set[str], str | None]:
        """The words offered; and the line as completed, None of fish, which only tells what it would offer."""
        if self._terminal is None:
            answered = subprocess.run(
                ["fish", "--no-config", "-c", f"source {self._script}; complete -C $argv[1]", line],
                capture_output=True, text=True, check=True, timeout=60, env=self._env, cwd=self._home,
            )  # fmt: skip
            assert not answered.stderr
            return {word.split("\t")[0] for word in answered.stdout.splitlines()}, None
        for name in ("offered", "line"):
            (self._folder / name).unlink(missing_ok=True)
        self._terminal.send(f"{line}\t\x18")
        completed = self._terminal.wait(self._folder / "line")
        offered = self._folder / "offered"
        return set(offered.read_text().split("\n")) - {""} if offered.exists() else set(), completed

    def close(self) -> None:
        if self._terminal is not None:
            self._terminal.close()


@pytest.fixture(scope="module", params=SHELLS)
def shell(
    request: pytest.FixtureRequest, scripts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    opened = _Shell(request.param, scripts[request.param], tmp_path_factory.mktemp(request.param))
    yield opened
    opened.close()


@pytest.mark.system
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("harv", "harvest "),
        ("verify", "verify-shm "),
        ("harvest --form", "harvest --format "),
        ("harvest --format sv", "harvest --format svg "),
        ("harvest --coords trans", "harvest --coords translated "),
        ("--from board:p3", "--from board:p300 "),
        ("harvest --from board:galaxy-w", "harvest --from board:galaxy-wh "),
        ("--from board:n300 topo", "--from board:n300 topology "),
        ("-d 0 -j capa", "-d 0 -j capacity "),
        ("verify-shm --ignore TTS06", "verify-shm --ignore TTS06"),
        ("explain underfl", "explain underflow "),
        ("soc --arch qua", "soc --arch quasar "),
        ("capacity --dispatch ten", "capacity --dispatch tensix "),
        ("schema check-", "schema check-file "),
        ("completion fi", "completion fish "),
        ("check --expect asic_c", "check --expect asic_celsius="),
        ("check --expect board=n3", "check --expect board=n300 "),
        ("check --expect regions=c", "check --expect regions=clean "),
        ("check --expect=iommu=pas", "check --expect=iommu=passthrough "),
        ("programs capture.j", "programs capture.json "),
        ("harvest --from captur", "harvest --from capture"),
        ("memory --shm-dir cap", "memory --shm-dir captures/"),
        ("collect --hosts @rack", "collect --hosts @rack"),
        ("fit --from=board:p1 --tensor x --allocator capture.", "fit --from=board:p1 --tensor x --allocator capture.json "),
        ("harvest --format=mark", "harvest --format=markdown "),
        ("harvest --from=board:p3", "harvest --from=board:p300 "),
    ],
)  # fmt: skip
def test_a_word_is_completed(shell: _Shell, line: str, completed: str) -> None:
    offered, line_shown = shell.complete(f"ttinspect {line}")
    if line_shown is not None:
        assert line_shown.replace("--format=", "--format ") == f"ttinspect {completed}".replace(
            "--format=", "--format "
        )
    else:
        last = completed.rstrip().rpartition(" ")[2]
        assert offered and all(word.startswith(last) for word in offered)


@pytest.mark.system
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {*COMMANDS}),
        ("--json ", {*COMMANDS}),
        ("completion ", {*SHELLS}),
        ("harvest --coords ", {"noc0", "noc1", "translated", "logical"}),
        ("topology --format ", {"table", "json", "yaml", "csv", "svg", "dot", "mermaid"}),
        ("harvest --format ", {"table", "json", "yaml", "csv", "svg", "markdown"}),
        ("capacity --runtime ttnn-0.8", {"ttnn-0.80.0", "ttnn-0.81.1"}),
        ("collect --hosts ", {"@rack1", "@rack2"}),
        ("telemetry -n ", set()),
        ("harvest --from board:n300 --device ", {"0", "1"}),
        ("harvest --from=board:p300 -d ", {"0", "1"}),
        ("--from board:p150 -d ", {"0"}),
        ("capacity --from board:galaxy-bh --device 3", {"3", "30", "31"}),
        ("harvest --device ", {"0", "1", "12"}),  # no /dev/tenstorrent here
        ("--from host -d ", {"0", "1", "12"}),
        ("harvest --from=umd -d 1", {"1", "12"}),
        ("harvest --from capture.json --device ", set()),
    ],
)
def test_what_can_stand_there_is_offered(shell: _Shell, line: str, expected: set[str]) -> None:
    offered, _ = shell.complete(f"ttinspect {line}")
    assert offered == expected


@pytest.mark.system
@pytest.mark.parametrize("line", ["harvest --from ", "snapshot --from ", "--from "])
def test_sources_are_offered_with_boards_and_files(shell: _Shell, line: str) -> None:
    offered, _ = shell.complete(f"ttinspect {line}")
    assert {
        "umd",
        "host",
        "sysfs",
        "board:n150",
        "board:galaxy-bh",
        "masks:blackhole,",
        "capture.json",
    } <= offered


@pytest.mark.system
@pytest.mark.parametrize("line", ["explain TTS04", "explain TTH"])
def test_findings_are_offered_by_id(shell: _Shell, line: str) -> None:
    offered, _ = shell.complete(f"ttinspect {line}")
    assert len(offered) >= 4
    assert all(word.startswith(line.split()[1]) for word in offered)


@pytest.mark.system
def test_bash_is_clean(scripts: dict[str, Path]) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run([shellcheck, "--shell=bash", str(scripts["bash"])], check=True, timeout=60)


def test_options_with_a_value_are_those_of_the_scanner(scripts: dict[str, Path]) -> None:
    script = scripts["bash"].read_text()
    (pattern,) = re.findall(r"^        (--[^)]*)\) takes=\$word ;;$", script, re.MULTILINE)
    assert {*pattern.split("|")} == VALUE_OPTIONS
