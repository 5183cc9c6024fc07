"""Folders, archives and lines: what is a document in them, and what bounds them."""

import bz2
import gzip
import io
import json
import lzma
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.judging import ids_of
from ttinspect.errors import InspectError
from ttinspect.sources import documents as module
from ttinspect.sources.documents import documents

PLAN = plans.cards()


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Four hosts."""
    plans.write(tmp_path / "hosts", plans.documents(PLAN))
    return tmp_path / "hosts"


def _tar(folder: Path, mode: str) -> bytes:
    buffer = io.BytesIO()
    how: Any = f"w:{mode}"
    with tarfile.open(fileobj=buffer, mode=how) as archive:
        archive.add(folder, arcname="fleet")
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"])
def test_an_archive_is_the_folder_that_it_was_made_of(
    run: Run, hosts: Path, tmp_path: Path, suffix: str
) -> None:
    mode = suffix.removeprefix(".tar").lstrip(".")
    if mode == "zst":
        zstandard = pytest.importorskip("zstandard")
        content = zstandard.ZstdCompressor().compress(_tar(hosts, ""))
    else:
        content = _tar(hosts, mode)
    (tmp_path / f"fleet{suffix}").write_bytes(content)
    answer = json.loads(run("fleet", str(tmp_path / f"fleet{suffix}"), "--json").stdout)
    assert (answer["verdict"], answer["totals"]["hosts"]) == ("pass", 4)
    assert [host["name"] for host in answer["hosts"]] == list(PLAN.hosts)


def test_standard_input_is_a_document_a_line(run: Run, hosts: Path, tmp_path: Path) -> None:
    (tmp_path / "shm").mkdir()
    lines = [
        run("snapshot", "--from", str(file), "--shm-dir", str(tmp_path / "shm")).stdout.strip()
        for file in sorted(hosts.glob("*.yaml"))
    ]
    done = run("fleet", "-", "--json", stdin="\n".join([*lines[:2], "", "{broken", *lines[2:]]) + "\n")
    answer = json.loads(done.stdout)
    assert (done.returncode, ids_of(answer)) == (11, [("TTF001", "inconclusive")])
    assert answer["totals"]["hosts"] == 4
    assert answer["findings"][0]["evidence"]["file"] == "standard input, line 4"


def test_kinds_and_ages_of_documents_mix(run: Run, hosts: Path, tmp_path: Path) -> None:
    (tmp_path / "shm").mkdir()
    text = run("snapshot", "--from", str(hosts / "qb-02.yaml"), "--shm-dir", str(tmp_path / "shm")).stdout
    older = json.loads(text)
    older["host"] = {"name": "qb-02"}  # before motherboards were told
    (hosts / "qb-02.yaml").unlink()
    (hosts / "qb-02.json").write_bytes(gzip.compress(json.dumps(older).encode()))
    answer = json.loads(run("fleet", str(hosts), "--json").stdout)
    assert answer["verdict"] == "pass"
    assert {host["kind"] for host in answer["hosts"]} == {"cluster_descriptor"}
    assert answer["totals"]["links_between"] == 32


def test_files_that_are_called_alike_are_named_by_their_folders(
    run: Run, hosts: Path, tmp_path: Path
) -> None:
    for name in PLAN.hosts:
        (tmp_path / "tree" / name).mkdir(parents=True)
        (hosts / f"{name}.yaml").rename(tmp_path / "tree" / name / "cluster_descriptor.yaml")
    answer = json.loads(run("fleet", str(tmp_path / "tree"), "--json").stdout)
    assert [host["name"] for host in answer["hosts"]] == list(PLAN.hosts)


def test_a_global_system_descriptor_beside_hosts_is_none_of_them(run: Run, hosts: Path) -> None:
    (hosts / "global.yaml").write_text(plans.gsd(PLAN))
    done = run("fleet", str(hosts), "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["totals"]["hosts"], ids_of(answer)) == (0, 4, [])
    assert "global.yaml" in done.stderr
    alone = json.loads(run("fleet", str(hosts / "global.yaml"), "--json").stdout)
    assert (alone["totals"]["hosts"], alone["totals"]["links_between"], ids_of(alone)) == (4, 32, [])


def _member(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["/etc/host.json", "../host.json", "a/../../host.json"])
def test_a_member_that_leads_out_of_its_archive_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.tar").write_bytes(_member(name, b"{}"))
    (document,) = documents([str(tmp_path / "a.tar")])
    assert document.why == "its path leads out of the archive"
    assert document.content == b""


def test_links_and_devices_in_an_archive_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (
            ("a.json", tarfile.SYMTYPE),
            ("b.json", tarfile.CHRTYPE),
            ("c.json", tarfile.LNKTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert list(documents([str(tmp_path / "a.tar")])) == []


def test_a_member_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JSON_LIMIT_BYTES", 1000)
    (tmp_path / "a.tar").write_bytes(_member("a.json", b"x" * 2000))
    (document,) = documents([str(tmp_path / "a.tar")])
    assert document.why is not None
    assert "larger" in document.why


def test_an_archive_is_bounded_in_members_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for number in range(20):
            info = tarfile.TarInfo(f"{number}.json")
            info.size = 10_000
            archive.addfile(info, io.BytesIO(b"\0" * 10_000))
    monkeypatch.setattr(module, "MOST_MEMBERS", 10)
    with pytest.raises(InspectError, match="more than 10 members"):
        list(documents([str(tmp_path / "a.tar.gz")]))
    monkeypatch.undo()
    monkeypatch.setattr(module, "MOST_BYTES", 50_000)
    with pytest.raises(InspectError, match="it holds more than"):
        list(documents([str(tmp_path / "a.tar.gz")]))


@pytest.mark.parametrize("cut", [3, 40, 600])
@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2", ".json.zst", ".json.gz"])
def test_an_archive_that_was_cut_off_is_told_and_is_no_crash(
    run: Run, hosts: Path, tmp_path: Path, suffix: str, cut: int
) -> None:
    content = _tar(hosts, "") if ".tar" in suffix else b'{"schema": "x"}' * 100
    if suffix.endswith("zst"):
        content = pytest.importorskip("zstandard").ZstdCompressor().compress(content)
    else:
        pack: dict[str, Any] = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}
        content = pack[suffix.rpartition(".")[2]](content)
    (tmp_path / f"a{suffix}").write_bytes(content[:cut] + b"\xff" * 20)
    done = run("fleet", str(tmp_path / f"a{suffix}"))
    assert done.returncode in (2, 3, 11)
    assert "internal" not in done.stderr


@pytest.mark.parametrize("arguments", [["nowhere"], ["-", "-"], ["empty"]])
def test_a_path_that_is_not_there_or_holds_nothing_is_refused(
    run: Run, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    done = run("fleet", *arguments, stdin="")
    assert done.returncode in (2, 3)
    assert done.stdout == ""


def test_no_zstandard_is_told_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "a.json.zst").write_bytes(b"\x28\xb5\x2f\xfd....")
    with pytest.raises(InspectError) as caught:
        list(documents([str(tmp_path / "a.json.zst")]))
    assert caught.value.exit_code == 4
    assert caught.value.next_step == "pip install 'ttinspect[fleet]'"
