"""Who made a document."""

import msgspec

from ttinspect import __version__


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """The program that made the document."""

    name: str = "ttinspect"
    version: str = __version__


TOOL = Tool()
