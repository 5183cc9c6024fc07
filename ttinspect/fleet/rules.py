"""The rules of fleets.

Their functions are in analysis.py, cabling_findings.py and checking.py: one pass over a whole fleet serves
several of them.
"""

from ttinspect.model.finding import EvidenceValue, Finding
from ttinspect.verify.rule import E, Hit, I, Q, Rule, W

ALIKE = "cabled alike"
"""The row of TTF004 where several hosts differ from a larger group by the same cables alone."""

EXCHANGED = "may be exchanged"
"""The row of TTF007 without a cabling."""

EXPECTED, UNKNOWN = "expected", "unknown"
"""The rows of TTF008 and TTF009 where a check file asks for them."""

NOTHING_COMPARED = "nothing compared"
"""The row of TTF015 where the cabling could not be held against anything."""


class FleetRule(Rule, frozen=True, kw_only=True):
    """A rule of many hosts together; no row of it depends on the version of a region."""

    def finding_of(self, message: str, row: str = "", **evidence: EvidenceValue) -> Finding:
        """The finding of what was seen, as bad as the row says."""
        finding = self.finding(Hit(row=row, message=message, evidence=evidence))
        assert finding is not None
        return finding


HOST_UNREADABLE = FleetRule(
    id="TTF001",
    name="host unreadable",
    severities={"": Q},
    title="A document that should be a host could not be read.",
    meaning=(
        "Nothing is known of that host, and nothing of it passes. Links to it count as leaving the fleet."
    ),
    cause=(
        "A file that was cut off while it was copied, what another program printed into it, or no "
        "document that ttinspect reads."
    ),
    remedy="Take the snapshot of that host again (ttinspect snapshot -o FILE, or ttinspect collect).",
)

ONE_SIDED_LINK = FleetRule(
    id="TTF002",
    name="one-sided link between hosts",
    severities={"": E},
    title="A host lists a link to another host, and that one does not list it.",
    meaning=(
        "A healthy cable between two hosts is in the documents of both. The end that misses it saw "
        "the link down when its document was taken. Where several neighbours agree, that host is to "
        "blame, not the cables."
    ),
    cause=(
        "The documents were taken at different times and a host was reset in between; eth firmware of "
        "one host that did not start; a cable or transceiver that drops out."
    ),
    remedy=(
        "Take a new snapshot of the host that misses the links; if it stays, reset its boards (tt-smi "
        "-r), then reseat the cables that are named."
    ),
)

CHIP_IN_TWO_HOSTS = FleetRule(
    id="TTF003",
    name="chip in two hosts",
    severities={"": E},
    title="Two documents have the same chip.",
    meaning=(
        "A unique id exists once in the world: two documents are of one host, or a card moved between "
        "them. Its chips and links are counted once."
    ),
    cause=(
        "A host that was collected twice under two names, or a card that was moved after the first snapshot."
    ),
    remedy="Leave the older document away, or take both anew.",
)

UNLIKE_ITS_GROUP = FleetRule(
    id="TTF004",
    name="host unlike its group",
    severities={"": W, ALIKE: I},
    title="A host is not like the others of its kind.",
    meaning=(
        "Hosts with the same architecture, boards, trays and links inside are a group. This one "
        "differs from a group that is at least twice as large. As info: several hosts differ by the same "
        "cables, as if they were cabled so on purpose; a cabling would tell."
    ),
    cause=(
        "Links inside the host that are down, a card that is missing or in another slot, or a host "
        "that was built otherwise on purpose."
    ),
    remedy="Compare it with one of the group (ttinspect diff ONE OTHER); reset its boards (tt-smi -r).",
)

CABLE_MISSING = FleetRule(
    id="TTF005",
    name="cable missing",
    severities={"": E},
    title="A cable that the cabling has is at neither end.",
    meaning="Both hosts are there, and neither lists any channel of this cable.",
    cause="The cable is not plugged, plugged but not seated, or broken; or a port is down at both ends.",
    remedy="Plug or reseat it at the ports that are named, then take new snapshots of both hosts.",
)

CABLE_NOT_IN_CABLING = FleetRule(
    id="TTF006",
    name="cable not in the cabling",
    severities={"": E},
    title="A cable is there that the cabling does not have.",
    meaning=(
        "The link works, but the cabling does not know of it: routing that relies on the cabling is wrong."
    ),
    cause="A cable that was added, or a cabling that was not brought up to date.",
    remedy=(
        "Take the cable out, or correct the cabling (ttinspect fleet --init-cabling writes one of "
        "what is there)."
    ),
)

CABLE_CROSSED = FleetRule(
    id="TTF007",
    name="cable crossed",
    severities={"": E, EXCHANGED: I},
    title="Cables lead to each other's ports.",
    meaning=(
        "All of these cables work, but not between the ports that the cabling says. As info: no "
        "cabling was given, and two cables differ from a pattern that all others keep."
    ),
    cause="Two cables that were exchanged, or one that was put into the wrong port.",
    remedy="Plug them as they should be; the message names both.",
)

FIRMWARE_DIFFERS = FleetRule(
    id="TTF008",
    name="firmware differs",
    severities={"": W, EXPECTED: E, UNKNOWN: Q},
    title="Boards of one type have different firmware bundles.",
    meaning="Eth links between different firmware may not train, and hosts behave differently.",
    cause="A host that was left out of an update, or a card that was replaced.",
    remedy="Flash the same bundle everywhere (tt-flash), then take new snapshots.",
)

SNAPSHOT_OLD = FleetRule(
    id="TTF009",
    name="snapshot old",
    severities={"": W, EXPECTED: E, UNKNOWN: Q},
    title="A snapshot is older than the others, or than allowed.",
    meaning=(
        "What it says may be no longer so: links can seem one-sided because one end was seen long "
        "before the other."
    ),
    cause="A host that was not reached when the others were collected.",
    remedy="Take it again (ttinspect collect asks only hosts whose file is missing).",
)

HOST_MISSING = FleetRule(
    id="TTF010",
    name="host missing",
    severities={"": E},
    title="A host that is expected is not there.",
    meaning=(
        "The cabling or the check file names it, and no document is of it. Its cables are not told "
        "one by one."
    ),
    cause="A host that is down or was not collected, or that has another name here.",
    remedy="Collect it; if it is there under another name, say so with --map-host HERE=THERE.",
)

OTHER_BOARD = FleetRule(
    id="TTF011",
    name="board differs from the cabling",
    severities={"": E},
    title="A tray has another board than the cabling says, or none.",
    meaning="The cables of that tray are not compared: another board has other ports.",
    cause="A card of another type, a card that is not seen, or a cabling of another machine.",
    remedy="Look at the tray that is named; correct the card or the cabling.",
)

OTHER_PLACE = FleetRule(
    id="TTF012",
    name="card in another place",
    severities={"": E},
    title="Cards or trays are in each other's places.",
    meaning=(
        "One exchange explains all cables that would be wrong otherwise. Without unique ids in the "
        "cabling nobody can tell exchanged cards from exchanged cables."
    ),
    cause="Cards that were put back into other slots after service, or cabling by the wrong tray number.",
    remedy="Put them back, or correct the cabling.",
)

PORT_PARTLY_UP = FleetRule(
    id="TTF013",
    name="port partly up",
    severities={"": W},
    title="Only some of the channels of a port are up.",
    meaning=(
        "A cable carries several channels. Some of them are in links, the others in none, at either end."
    ),
    cause=("A cable that is not seated well, a transceiver lane that failed, or a link that did not train."),
    remedy=(
        "Reseat the cable, then reset the boards at both ends (tt-smi -r); replace the cable if it stays."
    ),
)

CHANNEL_IN_TWO_LINKS = FleetRule(
    id="TTF014",
    name="channel in two links",
    severities={"": W},
    title="An eth channel is an end of two links.",
    meaning=(
        "A channel has one far end: at least one of the links is not there, and which one, nobody can "
        "tell. Its links are not judged otherwise."
    ),
    cause="A document that was taken while links trained, that was edited, or a fault of discovery.",
    remedy="Take new snapshots of the hosts that are named.",
)

NOT_IN_CABLING = FleetRule(
    id="TTF015",
    name="not in the cabling",
    severities={"": W, NOTHING_COMPARED: Q},
    title="The cabling does not know a host or a tray that is there.",
    meaning="Its cables cannot be compared with anything.",
    cause="A host or a card that was added, or that has another name in the cabling.",
    remedy="Correct the cabling, or match the names with --map-host HERE=THERE.",
)

OF_CABLES = (
    CABLE_MISSING,
    CABLE_NOT_IN_CABLING,
    CABLE_CROSSED,
    OTHER_BOARD,
    OTHER_PLACE,
    PORT_PARTLY_UP,
    CHANNEL_IN_TWO_LINKS,
)
"""What makes hosts unlike others without a fault inside them."""

RULES = (
    HOST_UNREADABLE,
    ONE_SIDED_LINK,
    CHIP_IN_TWO_HOSTS,
    UNLIKE_ITS_GROUP,
    CABLE_MISSING,
    CABLE_NOT_IN_CABLING,
    CABLE_CROSSED,
    FIRMWARE_DIFFERS,
    SNAPSHOT_OLD,
    HOST_MISSING,
    OTHER_BOARD,
    OTHER_PLACE,
    PORT_PARTLY_UP,
    CHANNEL_IN_TWO_LINKS,
    NOT_IN_CABLING,
)
