"""Bytes that somebody else chose, made harmless to print."""


def harmless(raw: bytes) -> str:
    r"""Text that no terminal acts upon: UTF-8, everything else byte by byte as ``\x1b``.

    What is escaped: bytes that are no UTF-8, control characters (C0, DEL, C1), characters that turn the
    writing direction or are invisible, line and paragraph separators, spaces other than the ASCII one, and
    code points without a character. Markup of a report is left alone: the report escapes its own.
    """
    text = raw.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8"))
