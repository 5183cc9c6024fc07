"""Chips of a simulator that tt_umd is not to see: what TT_VISIBLE_DEVICES is on a host.

tt_umd looks the functions of a simulator up by name and asks one of them, at the PCI identity of every
device, whether there is one. For the child alone, that name leads to an answer "nothing here" for the
hidden ones, and to the simulator itself for all others.
"""

import ctypes
import mmap
from collections.abc import Collection
from typing import Any

_FUNCTION = "libttsim_pci_config_rd32"
_NOTHING_HERE = 0xFFFFFFFF
_STRINGS, _SYMBOLS = 5, 6
_MOST_SYMBOLS = 1 << 20
_kept: list[Any] = []
"""What must live as long as the process: tt_umd calls it."""


class _Dynamic(ctypes.Structure):
    _fields_ = (("tag", ctypes.c_int64), ("value", ctypes.c_uint64))


class _LinkMap(ctypes.Structure):
    """The start of glibc's ``struct link_map`` (link.h), which a handle of dlopen points to."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("path", ctypes.c_char_p),
        ("dynamic", ctypes.POINTER(_Dynamic)),
    )


class _Symbol(ctypes.Structure):
    """Elf64_Sym (elf.h)."""

    _fields_ = (
        ("name", ctypes.c_uint32),
        ("info", ctypes.c_uint8),
        ("visibility", ctypes.c_uint8),
        ("section", ctypes.c_uint16),
        ("value", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
    )


def show_only(path: str, shown: Collection[int]) -> set[int]:
    """Make tt_umd, which opens this simulator next, see only these of its PCI devices, by device number; the
    set holds those that it has seen. The simulator is asked for no other: where tt-umd 0.9.14 finds none
    behind number 0, it asks for all 8,192 that PCI can have.

    Raises:
        OSError: The library cannot be opened, or not be prepared like that.
    """
    seen: set[int] = set()
    library = ctypes.CDLL(path)
    real = getattr(library, _FUNCTION)
    real.restype, real.argtypes = ctypes.c_uint32, (ctypes.c_uint32, ctypes.c_uint32)

    def answer(bdf: int, offset: int) -> int:
        if bdf >> 3 not in shown:
            return _NOTHING_HERE
        word: int = real(bdf, offset)
        if word != _NOTHING_HERE:
            seen.add(bdf >> 3)
        return word

    callback = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)(answer)
    base, symbol = _symbol(library, ctypes.cast(real, ctypes.c_void_p).value or 0)
    start = ctypes.addressof(symbol) & -mmap.PAGESIZE
    length = ctypes.addressof(symbol) + ctypes.sizeof(symbol) - start
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    if protect(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.PROT_READ | mmap.PROT_WRITE):
        raise OSError(ctypes.get_errno(), "the names of a simulator cannot be changed")
    symbol.value = ((ctypes.cast(callback, ctypes.c_void_p).value or 0) - base) % (1 << 64)
    _kept.extend((library, callback))
    return seen


def _symbol(library: Any, address: int) -> tuple[int, _Symbol]:
    """Where the library is loaded, and the entry of its dynamic symbols that leads to the address."""
    loaded = _LinkMap.from_address(library._handle)
    tables: dict[int, int] = {}
    index = 0
    while loaded.dynamic[index].tag:
        tables[loaded.dynamic[index].tag] = loaded.dynamic[index].value
        index += 1
    symbols = ctypes.cast(tables[_SYMBOLS], ctypes.POINTER(_Symbol))
    for index in range(1, _MOST_SYMBOLS):
        symbol = symbols[index]
        if symbol.value and loaded.base + symbol.value == address:
            name = ctypes.string_at(tables[_STRINGS] + symbol.name)
            if name.decode() == _FUNCTION:
                return loaded.base, symbol
    raise OSError(f"{_FUNCTION} is not among its names")
