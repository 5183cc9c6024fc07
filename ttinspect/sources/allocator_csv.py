"""What ``ttnn.dump_device_memory_state`` writes (ttnn 0.81.1; C++ programs and ttrt call the same).

``PREFIXdetailed_memory_usage.csv`` has, per buffer type, totals over all banks and the block table of one
bank; TRACE is left out. ``PREFIXmemory_usage_summary.csv`` has a row per type without its name, in the order
DRAM, L1, L1_SMALL, per bank. A mesh is written as one device.
"""

import re
from collections.abc import Iterator

from ttinspect.errors import InspectError
from ttinspect.facts.wording import plural
from ttinspect.model.allocator import AllocatorStatistics, BankStatistics, Block, MemoryView

_SECTION = re.compile(r"^,(DRAM|L1|L1_SMALL|TRACE)\s*$", re.MULTILINE)
_TOTAL = re.compile(r"^,Total (allocatable|allocated|free) \(B\):,(\d{1,18})\s*$", re.MULTILINE)
_ROW = re.compile(r"^ *\d+ +(\d{1,18}) +(\d{1,18}) +\w+ +\w+ +(yes|no) *$", re.MULTILINE)
_SUMMARY_HEAD = ", Total Allocatable Size (B), Total Allocated (B), Total Free (B), Largest Free Block (B)"
_SUMMARY_TYPES = ("dram", "l1", "l1_small")
_L1_SUMMARY = "Largest Contiguous Free Block (B), Total Free L1 Space (B)"


def is_csv(content: bytes) -> bool:
    """Whether these are the bytes of a file that tt-metal wrote."""
    head = content[:4096]
    return any(text.encode() in head for text in (",Total allocatable (B):", _SUMMARY_HEAD, _L1_SUMMARY))


def decode_csv(content: bytes, name: str) -> AllocatorStatistics:
    """The figures of a file that tt-metal wrote; ``name`` is what errors call it.

    Raises:
        InspectError: 2 for what is none of these files, or contradicts itself.
    """
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    sections = dict(_sections(text))
    if sections:
        banks = {kind.lower(): _detailed(section, f"{name}, {kind}") for kind, section in sections.items()}
        return AllocatorStatistics(memory_view=MemoryView(**banks))
    if text.startswith(_SUMMARY_HEAD):
        return AllocatorStatistics(memory_view=MemoryView(**dict(_summary(text, name))))
    if _L1_SUMMARY in text:
        raise refused(name, "it has neither the size of a bank nor how many there are")
    raise refused(name, "it is neither JSON nor a file of tt-metal's with a block table")


def refused(name: str, why: str) -> InspectError:
    """The error of a file that tells nothing of an allocator."""
    return InspectError(
        what=f"{name} is not a file of allocator statistics",
        why=why,
        next_step="write it with ttinspect.ttnn_stats.dump(device, path) in the process that owns the "
        "device, or name tt-metal's detailed_memory_usage.csv",
    )


def _sections(text: str) -> Iterator[tuple[str, str]]:
    heads = list(_SECTION.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=False):
        yield head[1], text[head.end() : end]


def _detailed(section: str, name: str) -> BankStatistics:
    totals = {kind: int(count) for kind, count in _TOTAL.findall(section)}
    blocks = tuple(
        Block(address=int(address), size_bytes=int(size), allocated=allocated == "yes")
        for address, size, allocated in _ROW.findall(section)
    )
    if totals.keys() != {"allocatable", "allocated", "free"} or not blocks:
        raise refused(name, "its totals or its block table are missing")
    whole = sum(block.size_bytes for block in blocks)
    held = sum(block.size_bytes for block in blocks if block.allocated)
    banks, rest = divmod(totals["allocatable"], whole) if whole else (0, totals["allocatable"])
    if rest or totals["allocated"] != banks * held:
        raise refused(name, "its totals are no multiple of what its block table adds up to")
    return BankStatistics(
        num_banks=banks,
        total_bytes_per_bank=whole,
        total_bytes_allocated_per_bank=held,
        largest_contiguous_bytes_free_per_bank=max(
            (block.size_bytes for block in blocks if not block.allocated), default=0
        ),
        blocks=tuple(sorted(blocks, key=lambda block: block.address)) if whole else (),
    )


def _summary(text: str, name: str) -> Iterator[tuple[str, BankStatistics]]:
    lines = [line for line in text.splitlines()[1:] if line.strip()]
    if len(lines) != len(_SUMMARY_TYPES):
        raise refused(name, f"it has {plural(len(lines), 'row')} where DRAM, L1 and L1_SMALL have one each")
    for kind, line in zip(_SUMMARY_TYPES, lines, strict=True):
        cells = line.split(",")
        if len(cells) != 5 or not all(re.fullmatch(r"\d{1,18}", cell) for cell in cells[1:]):
            raise refused(name, "a row does not have four figures")
        total, allocated, free, largest = map(int, cells[1:])
        if allocated + free != total:
            handed_out = plural(allocated, "byte")
            raise refused(name, f"{handed_out} allocated and {free:,} free in a bank of {total:,}")
        yield (
            kind,
            BankStatistics(
                num_banks=None,
                total_bytes_per_bank=total,
                total_bytes_allocated_per_bank=allocated,
                largest_contiguous_bytes_free_per_bank=largest,
            ),
        )
