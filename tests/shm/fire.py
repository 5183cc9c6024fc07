"""Regions under fire: the C writer, compiled once, as processes that tests and benchmarks start and end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SOURCE = Path(__file__).with_name("writer.c")
FILE_ID = "4476187513037"
FILE_NAME = f"tt_device_{FILE_ID}_memory"


def compiler() -> str | None:
    """The C compiler of this host, None if there is none."""
    return shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc") or shutil.which("clang")


def build_writer(folder: Path) -> Path:
    """Compile the writer into ``folder``."""
    program = folder / "writer"
    cc = compiler()
    assert cc is not None
    subprocess.run([cc, "-std=c11", "-O2", "-o", str(program), str(SOURCE)], check=True, timeout=60)
    return program


class Fire:
    """A running writer: ``directory`` holds its region, ``process`` is the parent of its workers."""

    def __init__(self, directory: Path, process: "subprocess.Popen[str]", output: IO[str]) -> None:
        self.directory = directory
        self.process = process
        self._output = output

    def wait_for(self, word: str) -> list[str]:
        """Wait for a line that begins with ``word``; its words."""
        for line in self._output:
            words = line.split()
            if words[:1] == [word]:
                return words
        raise AssertionError(f"the writer ended without saying {word}")


@contextmanager
def burning(
    program: Path, version: int, workers: int, *options: str, directory: Path | None = None
) -> Iterator[Fire]:
    """Publish into a region of its own until the block ends. Regions live in memory, as real ones do."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = directory or Path(tempfile.mkdtemp(prefix="ttinspect-fire-", dir=memory))
    arguments = ["--dir", str(folder), "--version", str(version), "--workers", str(workers), *options]
    with subprocess.Popen(
        [str(program), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            fire = Fire(folder, process, process.stdout)
            fire.wait_for("READY")
            yield fire
        finally:
            process.communicate(timeout=30)
            if directory is None:
                shutil.rmtree(folder)
