"""What every finding of verify-shm means, how it comes about, and what to do."""

from ttinspect.model.finding import Explanation
from ttinspect.verify.catalogue.accounting import ACCOUNTING
from ttinspect.verify.catalogue.capacity import CAPACITY
from ttinspect.verify.catalogue.files import FILES
from ttinspect.verify.catalogue.matching import MATCHING
from ttinspect.verify.catalogue.processes import PROCESSES

EXPLANATIONS: tuple[Explanation, ...] = tuple(
    sorted((*FILES, *MATCHING, *ACCOUNTING, *CAPACITY, *PROCESSES), key=lambda text: text.id)
)
"""In the order of their ids."""
