"""What the peer may send next: the rules of frames and messages that do not depend on parsing."""

from __future__ import annotations

from typing import Final

from trio_helianthus.errors import LimitExceeded, RemoteProtocolError

from ._codes import may_be_sent
from ._deflate import DeflateParameters, Inflater
from ._events import Close
from ._framing import COMPRESSED, IS_CONTROL
from ._limits import Limits

__all__ = ["Incoming", "read_close"]


class Incoming:
    """The message that the peer is sending, as far as it has come.

    Both engines ask :meth:`check` about the header of each frame, as soon as its length is known,
    and tell with :meth:`note` which frames have come whole.
    """

    __slots__ = ("_frames", "_inflater", "_limits", "_size", "compressed", "inflated", "opcode")

    def __init__(
        self, limits: Limits, deflate: DeflateParameters | None, *, is_client: bool
    ) -> None:
        self._limits: Final = limits
        self._inflater = None if deflate is None else Inflater(deflate, is_client=is_client)
        self._frames = 0
        self._size = 0
        self.opcode = 0
        """What the message is; 0 between two messages."""
        self.compressed = False
        """Whether it is compressed."""
        self.inflated = 0
        """How many bytes were decompressed, since somebody set this to 0."""

    def check(self, opcode: int, reserved: int, length: int) -> None:
        """Refuse a frame for its header. Changes nothing.

        :param reserved: the reserved bits, where they stand in the first byte.
        :param length: of the payload.
        :raises RemoteProtocolError: it may not come here.
        :raises LimitExceeded: it is too long, or one too many.
        """
        if reserved and (
            reserved != COMPRESSED or self._inflater is None or not opcode or opcode & IS_CONTROL
        ):
            raise RemoteProtocolError(f"reserved bits 0x{reserved:02x} in a frame's first byte")
        if opcode & IS_CONTROL:
            return
        if opcode and self.opcode:
            raise RemoteProtocolError("a new message within a fragmented one")
        if not opcode and not self.opcode:
            raise RemoteProtocolError("a continuation of no message")
        limits = self._limits
        if length > limits.max_frame_bytes:
            raise _too_much("a frame", length, "bytes", "max_frame_bytes", limits.max_frame_bytes)
        compressed = reserved or (self.compressed and not opcode)
        size = self._size + length
        if size > limits.max_message_bytes and not compressed:
            raise _too_much(
                "a message", size, "bytes", "max_message_bytes", limits.max_message_bytes
            )
        if self._frames >= limits.max_fragments:
            frames = self._frames + 1
            raise _too_much("a message", frames, "frames", "max_fragments", limits.max_fragments)

    def is_compressed(self, opcode: int, reserved: int) -> bool:
        """Whether the payload of a frame, which is no control frame, has to be decompressed."""
        return reserved != 0 if opcode else self.compressed

    def decompress(self, payload: bytes, final: bool) -> bytes:
        """Decompress the payload of the frame that has come.

        :raises RemoteProtocolError: it is not compressed right.
        :raises LimitExceeded: the message has become too long.
        """
        assert self._inflater is not None
        most = self._limits.max_message_bytes
        data = self._inflater.decompress(payload, final, most - self._size, most)
        self.inflated += len(data)
        return data

    def note(self, opcode: int, reserved: int, final: bool, size: int) -> None:
        """Take note of a frame of a message that has come.

        :param size: of what it brought, decompressed.
        """
        if final:
            self.opcode = self._frames = self._size = 0
            return
        if opcode:
            self.opcode = opcode
            self.compressed = reserved != 0
        self._frames += 1
        self._size += size


def _too_much(what: str, count: int, unit: str, name: str, limit: int) -> LimitExceeded:
    return LimitExceeded(
        f"{what} of {count} {unit}, more than {name}={limit} allows", limit_name=name, limit=limit
    )


def read_close(payload: bytes) -> Close:
    """Return the event for the payload of a Close.

    :raises RemoteProtocolError: there is half a code, or one that may not be sent.
    :raises UnicodeDecodeError: the reason is not UTF-8.
    """
    if not payload:
        return Close()
    if len(payload) == 1:
        raise RemoteProtocolError("a Close with half of a code")
    code = int.from_bytes(payload[:2], "big")
    if not may_be_sent(code):
        raise RemoteProtocolError(f"a Close with the code {code}, which may not be sent")
    return Close(code, payload[2:].decode())
