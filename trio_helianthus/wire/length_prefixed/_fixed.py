"""Lengths of 1, 2, 4 or 8 bytes, unsigned, in either byte order."""

from __future__ import annotations

import struct
from typing import Final, Literal, TypeAlias

from trio_helianthus.errors import LocalProtocolError

from .._frames import MAX_FRAME_BYTES, FrameBuffer, FrameProtocol

__all__ = ["ByteOrder", "LengthPrefixProtocol", "PrefixSize"]

PrefixSize: TypeAlias = Literal[1, 2, 4, 8]
"""How many bytes a length takes."""
ByteOrder: TypeAlias = Literal["big", "little"]
"""Which byte of a length comes first, in the words of :meth:`int.to_bytes`."""

_FORMATS: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}
_ORDERS: Final = {"big": ">", "little": "<"}


class LengthPrefixProtocol(FrameProtocol):
    """Each frame stands behind its length, which does not count itself.

    :param prefix_size: how many bytes the length takes: 1, 2, 4 or 8.
    :param byteorder: ``"big"``, as networks have it, or ``"little"``.
    :param max_frame_bytes: how long a frame may be.
    :raises ValueError: an argument is none of these.
    """

    def __init__(
        self,
        prefix_size: PrefixSize = 4,
        byteorder: ByteOrder = "big",
        *,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        super().__init__(max_frame_bytes=max_frame_bytes)
        if prefix_size not in _FORMATS:
            raise ValueError(f"prefix_size must be 1, 2, 4 or 8, not {prefix_size!r}")
        if byteorder not in _ORDERS:
            raise ValueError(f"byteorder must be 'big' or 'little', not {byteorder!r}")
        prefix = struct.Struct(_ORDERS[byteorder] + _FORMATS[prefix_size])
        self._prefix_size: Final[int] = prefix_size
        self._needed = prefix_size
        self._pack = prefix.pack
        self._unpack_from = prefix.unpack_from

    def send(self, frame: FrameBuffer, /) -> bytes:
        return self._prefix(frame) + frame

    def send_buffers(self, frame: FrameBuffer, /) -> tuple[FrameBuffer, ...]:
        return self._prefix(frame), frame

    def _prefix(self, frame: FrameBuffer) -> bytes:
        self._check_sent_length(frame)
        try:
            return self._pack(len(frame))
        except struct.error:
            raise LocalProtocolError(
                f"{len(frame)} bytes are too long for a prefix of {self._prefix_size}"
            ) from None

    def _cut(self, frames: list[bytes], most: int) -> None:
        buffer, at, prefix_size = self._sliceable(), self._at, self._prefix_size
        received, needed = len(buffer), prefix_size
        while len(frames) < most and at + prefix_size <= received:
            length: int = self._unpack_from(buffer, at)[0]
            if length > self.max_frame_bytes:
                self._refuse_length(length)
                break
            start = at + prefix_size
            end = start + length
            if end > received:
                needed = end - at
                break
            frames.append(bytes(buffer[start:end]))
            at = end
        self._at, self._needed = at, needed
