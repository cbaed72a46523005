"""Hash slots: which of a cluster's 16,384 parts a key belongs to."""

from __future__ import annotations

from binascii import crc_hqx
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trio_helianthus.wire import resp

SLOTS: Final = 16_384
"""How many there are (cluster specification, "Key distribution model")."""
_MASK: Final = SLOTS - 1


def slot_of(key: resp.Argument) -> int:
    """Return the slot of a key or of a sharded channel.

    It is CRC16 (XMODEM, which is what :func:`binascii.crc_hqx` computes) of the key, or of what
    stands between the first ``{`` and the next ``}`` where that is something, so that keys with
    the same tag are together (cluster specification, "Hash tags").

    :raises TypeError: the key is of a type that has no bytes.
    """
    data = key if isinstance(key, bytes) else as_bytes(key)
    begin = data.find(b"{")
    if begin >= 0:
        end = data.find(b"}", begin + 1)
        if end > begin + 1:
            data = data[begin + 1 : end]
    return crc_hqx(data, 0) & _MASK


def as_bytes(key: resp.Argument) -> bytes:
    """Return the bytes that a key is sent as, which must be the ones that are hashed.

    :raises TypeError: it is of a type that has none.
    """
    if isinstance(key, str):
        return key.encode("utf-8", "surrogateescape")
    if isinstance(key, (bytes, bytearray, memoryview)):
        return bytes(key)
    if isinstance(key, bool) or not isinstance(key, (int, float)):
        raise TypeError(f"a key is bytes, str, int or float, not {type(key).__name__}")
    return b"%d" % key if isinstance(key, int) else float.__repr__(key).encode()
