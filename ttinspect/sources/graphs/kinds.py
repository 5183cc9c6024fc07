"""What kind of file a document of ttnn is, by its first bytes."""

import re

HEAD_BYTES = 4096
"""As much as is needed to tell."""

DATABASE_MAGIC = b"SQLite format 3\0"
_FIRST_KEYS = frozenset(
    (
        b"buffer_pages", b"buffer_pages_by_address", b"cluster_descriptor", b"devices", b"graph",
        b"per_operation_buffers",
    )
)  # fmt: skip
"""Keys that a report may begin with; ttnn writes them in the order of the alphabet."""

REPORT_KEYS = _FIRST_KEYS | {b"metadata", b"version"}
"""Every key of a report."""

_KEY = rb'(?:\xef\xbb\xbf)?\s*\{\s*"([a-z_]+)"\s*:'
_NODES = rb'(?:\xef\xbb\xbf)?\s*\[\s*\{\s*"[a-z_]+"\s*:'


def is_report(head: bytes) -> bool:
    """Whether a document is a report of ttnn."""
    key = re.match(_KEY, head)
    return key is not None and key[1] in _FIRST_KEYS


def is_capture(head: bytes) -> bool:
    """Whether a document is a bare capture of ttnn."""
    return re.match(_NODES, head) is not None and b'"node_type"' in head


def is_database(head: bytes) -> bool:
    """Whether a file is an SQLite database."""
    return head.startswith(DATABASE_MAGIC)
