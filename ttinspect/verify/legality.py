"""Which differences the sampler has to look at again."""

from ttinspect.model.finding import Severity
from ttinspect.model.region import Region
from ttinspect.shm.differences import Quantity
from ttinspect.verify.rules.accounting import row_of
from ttinspect.verify.rules.table import RULE_BY_ID

_FAULTS = (Severity.ERROR, Severity.WARNING)


def is_illegal(region: Region, quantity: Quantity, difference: int) -> bool:
    """Whether a difference would be an error or a warning in this version, if it is no update in progress.

    What is only info is legal, and is not worth waiting for. An underflow is never an update in progress.
    """
    if quantity.rule == "TTS022":
        return False
    row = row_of(region, quantity, difference)
    return row != "explained" and RULE_BY_ID[quantity.rule].severity(row, region.version) in _FAULTS
