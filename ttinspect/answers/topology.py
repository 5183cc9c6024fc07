"""The answer of ``topology``: chips, boards, trays, PCIe, eth links."""

from collections.abc import Sequence

import msgspec

from ttinspect.answers.holders import NOT_LOOKED, HeldBy, held_by_chip, why_not_known
from ttinspect.answers.unknowns import Follows, Reasons, explained, reasons_of
from ttinspect.facts.boards import has_revisions, revision_of
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, PcieLink, Unknown
from ttinspect.model.finding import Finding
from ttinspect.model.system import Link, OfHost, RemoteLink, Source, System
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.case import Case
from ttinspect.verify.findings.harvest import doubts
from ttinspect.verify.findings.live import trouble_findings
from ttinspect.verify.findings.topology import one_sided, topology_findings
from ttinspect.verify.naming import links_unknown


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """Another chip, and how many eth links lead to it; the chip itself where a cable leads back to it."""

    chip: int
    links: int


class TopologyChip(msgspec.Struct, frozen=True, kw_only=True):
    """One chip. ``kmd_id`` is N of /dev/tenstorrent/N; ``via`` the MMIO-capable chip of a remote one;
    ``neighbours``, ``outside_links`` (links that leave this system) and ``one_sided_links`` (to a chip of
    this system that says nothing of them) are None where the source sees no links; so is the number of
    outside ones where a chip of this system could not be read, not even its unique id. 64-bit ids are
    decimal strings. Other facts are None where they are unknown, but ``kmd_id``, ``pci_bdf`` and ``pcie``
    also of a chip that is reached through another one, or of a simulator, ``via`` of one that is not, and
    ``tray`` of all but Galaxy boards: there is none. ``revision`` is there of a Blackhole Galaxy."""

    id: int
    kmd_id: int | None
    pci_bdf: str | None
    unique_id: str | None
    board_id: str | None
    serial: str | None
    arch: Arch
    board: Board | None
    revision: str | msgspec.UnsetType | None = msgspec.UNSET
    tray: int | None
    asic_location: int | None
    mmio: bool | None
    via: int | None
    pcie: PcieLink
    neighbours: tuple[Neighbour, ...] | None
    outside_links: int | None
    one_sided_links: int | None
    held_by: HeldBy
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


class TopologyAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.topology.v1"):
    """What ``topology`` says: links between the shown chips, and those that leave the system; None where the
    links of all of them are unknown. Of chips whose links are unknown, theirs may be missing."""

    tool: Tool = TOOL
    source: Source
    chips: tuple[TopologyChip, ...]
    links: tuple[Link, ...] | None
    remote_links: tuple[RemoteLink, ...] | None
    findings: tuple[Finding, ...]


def build_topology(
    system: System, chosen: frozenset[int] | None = None, case: Case | None = None
) -> TopologyAnswer:
    """The answer for the chosen chips of a System (None: all); links are those that touch one of them.
    Findings come from the whole System, and are kept where they are about one of these chips. ``case`` has
    the processes of the same host, where it has any."""
    shown = {chip.id for chip in system.chips if chosen is None or chip.id in chosen}
    links = tuple(link for link in system.links if {link.a.chip, link.b.chip} & shown)
    remote = tuple(link for link in system.remote_links if link.a.chip in shown)
    halves = [link.a.chip for link, _ in one_sided(system)]
    reasons = reasons_of(system)
    nameless = [chip.id for chip in system.chips if chip.id in reasons.unread and chip.unique_id is None]
    findings = topology_findings(system)
    held = {} if case is None else held_by_chip(case)
    hidden = all(links_unknown(chip) for chip in system.chips if chip.id in shown)
    return TopologyAnswer(
        source=system.source,
        host=system.read_at.host,
        time_ns=system.read_at.time_ns,
        chips=tuple(
            _chip(
                chip,
                links,
                remote,
                halves,
                nameless,
                tuple(findings.get(chip.id, ())),
                reasons,
                held.get(chip.id, NOT_LOOKED),
                why_not_known(case, chip.id),
            )
            for chip in system.chips
            if chip.id in shown
        ),
        links=(links or None) if hidden else links,
        remote_links=(remote or None) if hidden else remote,
        findings=(
            *(finding for finding in findings.get(None, ()) if finding.is_about(shown)),
            *doubts(system),
            *trouble_findings(system),
        ),
    )


def _chip(
    chip: Chip,
    links: tuple[Link, ...],
    remote: tuple[RemoteLink, ...],
    halves: Sequence[int],
    nameless: Sequence[int],
    findings: tuple[Finding, ...],
    reasons: Reasons,
    held: HeldBy,
    why_held_unknown: str,
) -> TopologyChip:
    unknown = links_unknown(chip)
    outside = sum(link.a.chip == chip.id for link in remote) - halves.count(chip.id)
    unplaced = outside > 0 and bool(nameless)
    counts: dict[int, int] = {}
    for link in links:
        for end, other in ((link.a, link.b),) if link.is_loop else ((link.a, link.b), (link.b, link.a)):
            if end.chip == chip.id:
                counts[other.chip] = counts.get(other.chip, 0) + 1
    shown = TopologyChip(
        id=chip.id,
        kmd_id=chip.kmd_id,
        pci_bdf=chip.pci_bdf,
        unique_id=chip.unique_id,
        board_id=chip.board_id,
        serial=chip.serial,
        arch=chip.arch,
        board=chip.board,
        revision=_revision(chip),
        tray=chip.tray,
        asic_location=chip.asic_location,
        mmio=chip.mmio,
        via=chip.via,
        pcie=chip.pcie or PcieLink(),
        neighbours=None
        if unknown
        else tuple(Neighbour(chip=other, links=count) for other, count in sorted(counts.items())),
        outside_links=None if unknown or unplaced else outside,
        one_sided_links=None if unknown else halves.count(chip.id),
        held_by=held,
        unknown=(),
        findings=findings,
    )
    own = {"held_by.held": why_held_unknown}
    if unplaced and not unknown:
        own["outside_links"] = _unplaced(outside, nameless)
    if chip.board is not None and shown.pcie.bus_id is not None:
        own["tray"] = "no tray has this PCI bus id"
    if chip.board_id is not None:
        own["revision"] = "no revision is known that has such a board id"
    return explained(shown, chip, reasons, follows=_FOLLOWS, own=own)


def _revision(chip: Chip) -> str | msgspec.UnsetType | None:
    if not has_revisions(chip.board):
        return msgspec.UNSET
    return revision_of(chip.board, None if chip.board_id is None else int(chip.board_id))


_FOLLOWS: Follows = {
    "serial": ("board_id",),
    "neighbours": ("links",),
    "outside_links": ("links",),
    "one_sided_links": ("links",),
    "tray": ("board",),
    "revision": ("board_id",),
}


def _unplaced(links: int, nameless: Sequence[int]) -> str:
    """A link to a unique id that no chip here has leads elsewhere, or to one of which that is unknown."""
    which = f"chip{'s' if len(nameless) > 1 else ''} {', '.join(map(str, nameless))}"
    return f"{links} lead to a unique id that is not known here, which may be that of {which}"
