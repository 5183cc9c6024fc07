"""An eth link that a site expects."""

from ttinspect.model.check_file import LinkWanted
from ttinspect.model.chip import Chip
from ttinspect.model.system import LinkEnd, LinkState, System
from ttinspect.verify.check.expectation import Expectation, compared, of_host, why_unknown
from ttinspect.verify.findings.site import ETH_LINKS
from ttinspect.verify.naming import chips_named, is_unique_id, links_unknown, may_be_far, unseen_name

_UP, _ABSENT = "up", "not there"
Told = tuple[str | None, str]
"""What is found (None: unknown), and why that is not a link that is up."""


def link_expectation(wanted: LinkWanted, system: System, where: str) -> Expectation:
    """A link that has to be there, and up, whichever end is named first. One end may be a chip that is not of
    this System: it is known by its unique id."""
    first, channel, other, far_channel = wanted
    fact = f"link of chip {first} channel {channel} to chip {other} channel {far_channel}"
    value, why = _found(wanted, system)
    outcome = compared(_UP, value)
    return of_host(ETH_LINKS.id, fact, _UP, value, outcome, f"{fact}: {why}" if why else "", where)


def _found(wanted: LinkWanted, system: System) -> Told:
    first, channel, other, far_channel = wanted
    ends = [chips_named(system.chips, name, assumed=False) for name in (first, other)]
    for name, meant in zip((first, other), ends, strict=True):
        if len(meant) > 1:
            return None, f"{name} is the id of {len(meant)} chips, name one of them"
    near, far_one = ((meant[0] if meant else None) for meant in ends)
    if near is not None and far_one is not None:
        return _inside(system, (near, channel), (far_one, far_channel))
    if near is not None:
        return _leaving(system, near, channel, other, far_channel)
    if far_one is not None:
        return _leaving(system, far_one, far_channel, first, channel)
    return _missing(system, first)


def _inside(system: System, first: tuple[Chip, int], other: tuple[Chip, int]) -> Told:
    wanted = {(chip.id, channel) for chip, channel in (first, other)}
    for link in system.links:
        if {(link.a.chip, link.a.channel), (link.b.chip, link.b.channel)} == wanted:
            if link.state is LinkState.UP:
                return _UP, ""
            value = None if link.state is LinkState.UNKNOWN else link.state.value
            return value, f"it is {link.state.value}"
    for chip, _ in (first, other):
        if links_unknown(chip):
            return None, why_unknown(chip, "eth_links")
    return _ABSENT, "no such link is there"


def _leaving(system: System, chip: Chip, channel: int, far: str, far_channel: int) -> Told:
    """Links that leave the system are listed where they trained."""
    end = LinkEnd(chip=chip.id, channel=channel)
    leaving = [link for link in system.remote_links if link.a == end and link.remote_channel == far_channel]
    if any(is_unique_id(link.remote_unique_id, far) for link in leaving):
        return _UP, ""
    if may_be_far(far) and links_unknown(chip):
        return None, why_unknown(chip, "eth_links")
    return _missing(system, far)


def _missing(system: System, name: str) -> Told:
    unseen = unseen_name(system.chips, name)
    if unseen is not None:
        return None, unseen
    return _ABSENT, f"chip {name} is not there, and no such link leaves the host"
