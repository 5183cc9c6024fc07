"""A document that is packed is the document in it."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

import ttinspect
from tests.conftest import Run
from tests.sources.clusters import n300, to_yaml
from ttinspect.errors import ExitCode, InspectError

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zst": zstandard.compress,
}  # fmt: skip


def _tar(*contents: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for number, content in enumerate(contents):
            member = tarfile.TarInfo(f"host{number}.yaml")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(InspectError) as caught:
        ttinspect.open_source(str(path))
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.why


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_descriptor_has_the_chips_of_the_plain_one(tmp_path: Path, suffix: str) -> None:
    content = to_yaml(n300()).encode()
    plain, packed = tmp_path / "n300.yaml", tmp_path / f"n300.yaml.{suffix}"
    plain.write_bytes(content)
    packed.write_bytes(PACKERS[suffix](content))
    assert ttinspect.open_source(str(packed)).chips == ttinspect.open_source(str(plain)).chips


def test_an_archive_of_one_host_is_that_host(tmp_path: Path) -> None:
    path = tmp_path / "hosts.tgz"
    path.write_bytes(_tar(to_yaml(n300()).encode()))
    assert len(ttinspect.open_source(str(path)).chips) == 2


def test_of_several_hosts_none_is_chosen(tmp_path: Path) -> None:
    content = to_yaml(n300()).encode()
    assert "several documents" in _refused(tmp_path / "hosts.tgz", _tar(content, content))


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("keep", [12, 40])
def test_what_is_cut_off_is_refused(tmp_path: Path, suffix: str, keep: int) -> None:
    whole = PACKERS[suffix](to_yaml(n300()).encode())
    assert _refused(tmp_path / f"cut.{suffix}", whole[:keep])


def test_a_packed_snapshot_answers_every_command(run: Run, tmp_path: Path) -> None:
    assert run("snapshot", "--from", "board:n300", "-o", "today.json", "-q").returncode == 0
    (tmp_path / "today.json.zst").write_bytes(zstandard.compress((tmp_path / "today.json").read_bytes()))
    for command in ("harvest", "telemetry", "topology", "memory"):
        plain, packed = (run(command, "--from", name) for name in ("today.json", "today.json.zst"))
        assert packed.returncode == plain.returncode
        assert packed.stdout.replace("today.json.zst", "today.json") == plain.stdout
