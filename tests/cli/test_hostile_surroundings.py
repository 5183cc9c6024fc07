"""What a system can do to an answer: standard streams that take little, odd names, links of others, no folder."""

import csv
import fcntl
import io
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.conftest import Run
from tests.sources.clusters import MODERN_P150, n300, to_yaml
from ttinspect.cli.output import to_csv, to_json
from ttinspect.cli.output import to_yaml as answer_to_yaml

LONG = ["harvest", "--from", "board:galaxy-wh", "--cores", "--json"]


def _shell(script: str, cwd: Path, **env: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a script. It writes no byte code: Python keeps what a limit of file sizes has cut."""
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=cwd,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_everything_comes_out_of_a_pipe_that_takes_little_at_a_time(
    console_script: str, tmp_path: Path, unbuffered: str
) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    process = subprocess.Popen(
        [console_script, *LONG],
        stdout=writer,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        cwd=tmp_path,
    )
    os.close(writer)
    time.sleep(0.5)  # the pipe is full, or will be soon: it holds 64 KiB
    with os.fdopen(reader, "rb") as stream:
        text = stream.read()
    assert process.wait(60) == 0
    assert len(text) > 100_000
    assert len(json.loads(text)["devices"]) == 32


def test_standard_input_that_would_block_is_waited_for(console_script: str) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_NONBLOCK)
    process = subprocess.Popen(
        [console_script, "harvest", "--from", "-", "--json"], stdin=reader, stdout=subprocess.PIPE
    )
    os.close(reader)
    time.sleep(0.5)
    with os.fdopen(writer, "wb") as stream:
        stream.write(MODERN_P150.encode())
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(output)["devices"][0]["board"] == "p150"


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("ulimit -f 1; ttinspect {long} >big", b"cannot write to standard output: file too large"),
        ("ulimit -f 1; ttinspect {long} -o big.json", b"cannot write big.json: file too large"),
        (
            "mkdir gone; cd gone; rmdir ../gone; ttinspect harvest --from x.yaml",
            b"cannot read x.yaml: no such file",
        ),
        (
            "mkdir gone; cd gone; rmdir ../gone; ttinspect harvest --from board:n150 -o x.txt",
            b"cannot write x.txt",
        ),
        ("mkdir gone; cd gone; rmdir ../gone; ttinspect harvest --from sim:x.so", b""),
        ("ttinspect harvest --from - <&-", b"cannot read standard input"),
        ("ttinspect harvest --from /proc/self/mem", b"cannot read /proc/self/mem: "),
    ],
)
def test_what_the_system_refuses_is_told_as_what_it_is(
    console_script: str, tmp_path: Path, script: str, what: bytes
) -> None:
    script = script.replace("{long}", " ".join(LONG)).replace("ttinspect", console_script)
    done = _shell(script, tmp_path)
    assert done.returncode == 2
    assert what in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("output_format", ["json", "yaml", "csv", "markdown", "svg"])
def test_what_machines_read_is_utf_8_whatever_the_locale_is(
    console_script: str, tmp_path: Path, encoding: str, output_format: str
) -> None:
    (tmp_path / "größe.yaml").write_text(MODERN_P150)
    done = _shell(
        f"{console_script} harvest --from größe.yaml --format {output_format}",
        tmp_path,
        PYTHONIOENCODING=encoding,
    )
    assert done.returncode == 0
    text = done.stdout.decode()
    assert output_format == "csv" or "größe.yaml" in text


def test_a_table_has_escapes_for_what_the_terminal_cannot_show(console_script: str, tmp_path: Path) -> None:
    (tmp_path / "größe.yaml").write_text(MODERN_P150)
    done = _shell(f"{console_script} harvest --from größe.yaml", tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, b"gr\\xf6\\xdfe.yaml" in done.stdout) == (0, True)


ODD = "a\x7fb\x85c\x9b31md\u202ee\u2028f\u2066g\ufeffh\u200bi"


def test_characters_that_a_terminal_obeys_are_escaped_in_json_and_yaml() -> None:
    document = {"name": ODD, "städte": ["Köln", ODD]}
    for text, read in ((to_json(document), json.loads), (answer_to_yaml(document), yaml.safe_load)):
        assert read(text) == document
        assert not [char for char in ODD if not char.isalnum() and char in text]
    assert "Köln" in to_json({"a": "Köln"})
    assert "Köln" in answer_to_yaml({"a": "Köln"})


@pytest.mark.parametrize("output_format", ["json", "yaml", "csv", "table", "markdown"])
def test_an_odd_file_name_cannot_change_what_a_terminal_shows(
    run: Run, tmp_path: Path, output_format: str
) -> None:
    (tmp_path / f"{ODD}.yaml").write_text(to_yaml(n300()))
    done = run("harvest", "--from", f"{ODD}.yaml", "--format", output_format)
    assert done.returncode == 0
    assert not [char for char in ODD if not char.isalnum() and char in done.stdout]


def test_text_cells_of_csv_are_no_formulas_and_numbers_stay_numbers() -> None:
    cells = ["=1+1", "+a", "-a", "@SUM", "-5", "+2.5", -5, -2.5, "a=b", None, True, "-"]
    (row,) = list(csv.reader(io.StringIO(to_csv(["a"], [cells]))))[1:]
    assert row == ["'=1+1", "'+a", "'-a", "'@SUM", "-5", "+2.5", "-5", "-2.5", "a=b", "", "true", "'-"]


def test_a_message_is_short_however_long_a_name_is(run: Run) -> None:
    name = "a" * 100_000
    done = run("harvest", "--from", f"board:{name}", "--json")
    assert done.returncode == 2
    assert max(map(len, (done.stderr + done.stdout).splitlines())) < 5_000


SHADOW = (
    "root:$6$secret$hash:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
    "secret: hash\n",
    "secret hash\n",
    "root:$6$secret$hash:19000::::\nroot:$6$secret$hash:19000::::\n",
    '"secret hash": 1\n"secret hash": 2\n',
    '{"auths": {"secret": "hash"}}',
    "*secret hash",
    "!secret hash",
    "- secret: hash\n",
)


@pytest.mark.parametrize("content", SHADOW)
@pytest.mark.parametrize(
    "command", ["check {}", "harvest --from {}", "soc --file {}", "verify-shm --from board:n150 --allocator {}",
                "diff {} {}", "check --from {}"],
)  # fmt: skip
def test_what_is_in_a_file_that_is_not_ours_is_not_printed(
    run: Run, tmp_path: Path, content: str, command: str
) -> None:
    (tmp_path / "not-ours").write_text(content)
    done = run(*command.replace("{}", "not-ours").split(), "--json")
    assert done.returncode == 2
    assert "secret" not in done.stdout + done.stderr
    assert "hash" not in done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link that is another user's")
def test_another_users_link_where_everybody_may_write_is_not_followed(run: Run, tmp_path: Path) -> None:
    shared, own_file = tmp_path / "tmp", tmp_path / "mine.json"
    shared.mkdir()
    shared.chmod(0o1777)
    own_file.write_text("precious")
    link = shared / "out.json"
    link.symlink_to(own_file)
    os.lchown(link, 12345, 12345)
    done = run("harvest", "--from", "board:n150", "-o", str(link))
    assert done.returncode == 6
    assert "another user's link" in done.stderr
    assert own_file.read_text() == "precious"
    own = shared / "own.json"
    own.symlink_to(link)
    assert run("harvest", "--from", "board:n150", "-o", str(own)).returncode == 6
    assert own_file.read_text() == "precious"
    own.unlink()
    own.symlink_to(own_file)
    assert run("harvest", "--from", "board:n150", "-o", str(own)).returncode == 0
    assert json.loads(own_file.read_text())["devices"][0]["board"] == "n150"


def test_standard_output_by_its_name_is_a_file_too(console_script: str, tmp_path: Path) -> None:
    done = _shell(f"{console_script} harvest --from board:n150 --json -o /dev/stdout | cat", tmp_path)
    assert json.loads(done.stdout)["devices"][0]["board"] == "n150"
