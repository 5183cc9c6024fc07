"""What a redacted snapshot calls ids: hashes without a key, so that whoever knows an id can recognise it."""

LEAST_SERIAL = 1 << 16
"""Smaller numbers are no serials but device ids: they have no pseudonym."""

_SERIAL_BITS = 32
"""Below the product code of a board id, and its revision."""

_UNIQUE_ID = 1 << 62
_COMM_BYTES = 15
"""So much of a process name the kernel keeps: names that agree so far must still agree."""


def board_pseudonym(number: int) -> int:
    """Of a board id: the product code and the revision above, a pseudonym below."""
    if number < LEAST_SERIAL:
        return number
    product = number >> _SERIAL_BITS << _SERIAL_BITS
    return product | _hashed(b"board", str(number)) & (1 << _SERIAL_BITS) - 1 | LEAST_SERIAL


def unique_pseudonym(number: int) -> int:
    """Of a unique id."""
    if number < LEAST_SERIAL:
        return number
    return _UNIQUE_ID | _hashed(b"unique", str(number)) & _UNIQUE_ID - 1


def name_pseudonym(text: str) -> str:
    """Of a process name; none where there is no name."""
    return f"process-{_hashed(b'name', text[:_COMM_BYTES]) & 0xFFFFFF:06x}" if text else ""


def _hashed(kind: bytes, text: str) -> int:
    import hashlib  # heavy, and needed by redaction alone

    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, person=kind).digest(), "big")
