"""The source host[:ROOT]: this host without opening anything: what sysfs shows, and who the chips are as far
as it was inspected in this boot (remembered.py). tt_umd is never started, no device node is opened."""

from pathlib import Path

import msgspec

from ttinspect.host.driver import HOST
from ttinspect.model.system import SourceKind, System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.remembered import recall, with_identity
from ttinspect.sources.sysfs import read_sysfs


def read_host(root: str, options: LiveOptions | None = None) -> System:
    """The devices of the host below ``root`` ("" is this one), with what is remembered of them.

    Raises:
        InspectError: as read_sysfs.
    """
    return as_host(read_sysfs(root, options), root)


def as_host(system: System, root: str) -> System:
    """A reading of sysfs with what is remembered of this boot."""
    remembered = recall(Path(root or HOST))
    source = msgspec.structs.replace(system.source, kind=SourceKind.HOST)
    system = msgspec.structs.replace(system, source=source)
    return system if remembered is None else with_identity(system, remembered)
