"""What a line of a recording says in plain figures: memory in use, holders and findings per chip."""

from ttinspect.answers.memory import build_memory
from ttinspect.sources.recording import ChipState
from ttinspect.verify.case import Case
from ttinspect.verify.findings.harvest import chip_findings
from ttinspect.verify.findings.telemetry import telemetry_findings
from ttinspect.verify.verify import verify


def chip_states(case: Case) -> tuple[ChipState, ...]:
    """One for each of the chosen chips of a Case."""
    verified = verify(case)
    states = []
    for device in build_memory(case).devices:
        chip = next(one for one in case.shown if one.id == device.id)
        used = device.regions[0].used if len(device.regions) == 1 else None
        unread = case.system.unread(chip.id)
        states.append(
            ChipState(
                id=chip.id,
                l1_used_bytes=None if used is None else used.l1,
                dram_used_bytes=None if used is None else used.dram,
                holders=_holders(case, chip.kmd_id),
                findings=(
                    *chip_findings(chip, unread),
                    *telemetry_findings(chip, unread),
                    *(f for region in verified.regions if region.chip == chip.id for f in region.findings),
                ),
            )
        )
    return tuple(states)


def _holders(case: Case, device: int | None) -> tuple[int, ...] | None:
    """The pids that are known to have a device open; None where nobody tells."""
    if device is None or case.holders is None:
        return None
    found = case.holders.of_device(device)
    return tuple(one.pid for one in found) if found or case.holders.descriptors_known else None
