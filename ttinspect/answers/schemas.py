"""JSON Schemas of everything that ttinspect writes as JSON."""

from typing import Any

import msgspec

from ttinspect.answers.capacity import CapacityAnswer
from ttinspect.answers.check import CheckAnswer
from ttinspect.answers.check_file_schema import check_file_schema
from ttinspect.answers.collect import CollectAnswer
from ttinspect.answers.diff import DiffAnswer
from ttinspect.answers.explain import ExplainAnswer
from ttinspect.answers.failure import FailureAnswer
from ttinspect.answers.fit import FitAnswer
from ttinspect.answers.fleet import FleetAnswer
from ttinspect.answers.harvest import HarvestAnswer
from ttinspect.answers.listing import ListAnswer
from ttinspect.answers.memory import MemoryAnswer
from ttinspect.answers.programs import ProgramsAnswer
from ttinspect.answers.soc import SocAnswer
from ttinspect.answers.telemetry import TelemetryAnswer
from ttinspect.answers.topology import TopologyAnswer
from ttinspect.answers.verify_shm import VerifyShmAnswer
from ttinspect.errors import InspectError
from ttinspect.model.check_file import CheckFile
from ttinspect.model.system import System
from ttinspect.sources.snapshot import Snapshot

ANSWERS: dict[str, type[msgspec.Struct]] = {
    "capacity": CapacityAnswer,
    "check": CheckAnswer,
    "collect": CollectAnswer,
    "diff": DiffAnswer,
    "error": FailureAnswer,
    "explain": ExplainAnswer,
    "fleet": FleetAnswer,
    "fit": FitAnswer,
    "harvest": HarvestAnswer,
    "list": ListAnswer,
    "memory": MemoryAnswer,
    "programs": ProgramsAnswer,
    "snapshot": Snapshot,
    "soc": SocAnswer,
    "system": System,
    "telemetry": TelemetryAnswer,
    "verify-shm": VerifyShmAnswer,
    "topology": TopologyAnswer,
}
"""The document of each command, of a failure ("error"), and the System itself."""


CHECK_FILE = "check-file"
"""The one document that ttinspect reads and has a schema of: for editors."""


def schema_names() -> list[str]:
    """What there is a schema of."""
    return [*ANSWERS, CHECK_FILE]


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a command's output, or of a check file.

    Raises:
        InspectError: 2 for a name that has none.
    """
    answer: type[msgspec.Struct] | None = CheckFile if name == CHECK_FILE else ANSWERS.get(name)
    if answer is None:
        known = ", ".join(schema_names())
        raise InspectError(f"no schema for {name!r}", f"there is one for {known}", "name one of them")
    schema = check_file_schema() if answer is CheckFile else msgspec.json.schema(answer)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": _tag(answer), **schema}


def _tag(answer: type[msgspec.Struct]) -> str:
    return str(answer.__struct_config__.tag or "ttinspect check file")
