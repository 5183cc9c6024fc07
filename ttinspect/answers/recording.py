"""What a line of a recording says in plain figures: memory in use, holders and findings per chip."""

from ttinspect.answers.memory import build_memory
from ttinspect.sources.recording import ChipState
from ttinspect.verify.case import Case
from ttinspect.verify.findings.harvest import chip_findings
from ttinspect.verify.findings.telemetry import telemetry_findings
from ttinspect.verify.findings.use import Uses, use_findings
from ttinspect.verify.holding import ChipHolders, holders_by_chip
from ttinspect.verify.verify import verify


def chip_states(case: Case, uses: Uses) -> tuple[ChipState, ...]:
    """One for each of the chosen chips of a Case; ``uses`` is how they were used so far."""
    verified, holders = verify(case), holders_by_chip(case)
    states = []
    for device in build_memory(case, verified).devices:
        chip = next(each for each in case.shown if each.id == device.id)
        used = device.regions[0].used if len(device.regions) == 1 else None
        unread = case.system.unread(chip.id)
        states.append(
            ChipState(
                id=chip.id,
                l1_used_bytes=None if used is None else used.l1,
                dram_used_bytes=None if used is None else used.dram,
                holders=_pids(holders.get(chip.id)),
                findings=(
                    *chip_findings(chip, unread),
                    *telemetry_findings(chip, unread),
                    *use_findings(uses.get(chip.id)),
                    *(f for region in verified.regions if region.chip == chip.id for f in region.findings),
                ),
            )
        )
    return tuple(states)


def _pids(by: ChipHolders | None) -> tuple[int, ...] | None:
    """The pids that are known to hold a chip; None where nobody is, and not everybody could be looked at."""
    return None if by is None or by.held is None else tuple(holder.holder.pid for holder in by.holders)
