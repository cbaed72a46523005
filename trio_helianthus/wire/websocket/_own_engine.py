"""The fast engine: frames are parsed in place; this is what both roles share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import RemoteProtocolError

from ._connection import Item, WebSocketConnection
from ._events import Binary, Ping, Pong, Text
from ._framing import (
    CLOSE,
    FINAL,
    IS_CONTROL,
    LONG,
    MASKED,
    OPCODE,
    OPCODES,
    PING,
    RESERVED,
    SHORT,
    TEXT,
)
from ._growing_text import GrowingText, decode_part
from ._incoming import read_close
from ._mask import apply_mask

if TYPE_CHECKING:
    from ._deflate import DeflateParameters
    from ._limits import Limits

__all__ = ["OwnConnection"]

_SMALLEST_FRAME: Final = 2
_LONGEST_HEADER: Final = 14
_NOT_THERE: Final = -1


class OwnConnection(WebSocketConnection):
    """A :class:`WebSocketConnection` on a parser of our own.

    Laws:

    1. ``_buffer`` is ``bytes``, as one receive has brought it, and ``_at`` the place in it that was
       parsed up to.
    2. What is left of it, a frame that has not come whole, is joined with the receive that brings
       the rest; or collected in ``_long`` where that takes more than one. Nothing is parsed before
       ``_needed`` bytes are there. So each byte is copied twice at most.
    3. Text that has not come whole is checked at once, and is in ``_growing``, not in the buffer.
    4. ``_clean``: none of these is the case, no message has begun, and nothing has ended.

    The roles bring ``next_batch()``, in which the usual frames are cut without a call: whole
    messages without compression. Everything else is for :meth:`_take_frame`.
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_clean",
        "_cut",
        "_growing",
        "_largest",
        "_long",
        "_needed",
        "_usual",
    )

    def __init__(
        self, limits: Limits, deflate: DeflateParameters | None, *, is_client: bool
    ) -> None:
        super().__init__(limits, deflate, is_client=is_client)
        self._buffer = b""
        self._at = 0
        self._long: bytearray | None = None
        self._needed = _SMALLEST_FRAME
        self._growing: GrowingText | None = None
        self._cut = b""  # of a character, at the end of a frame of text
        # What is a message by itself may have so many bytes.
        self._largest: Final = min(limits.max_frame_bytes, limits.max_message_bytes)
        self._usual = self._largest >= SHORT  # whether usual frames may be cut without a call
        self._clean = self._usual

    def receive_data(self, data: bytes, /) -> None:
        if self._clean and not self._buffer and data.__class__ is bytes:
            self._buffer = data
        elif self._may_receive(data):
            self._receive_more(data)

    def receive_eof(self) -> None:
        super().receive_eof()
        self._clean = False

    @property
    def buffered(self) -> int:
        return len(self._buffer) - self._at + len(self._long or b"")

    @property
    def missing(self) -> int:
        buffer = self._buffer
        if not self._clean or len(buffer) < _LONGEST_HEADER:
            return 0
        length = buffer[1] & ~MASKED
        start = 2 if self._is_client else 6
        if length >= SHORT:
            end = 4 if length == SHORT else 10
            length = int.from_bytes(buffer[2:end], "big")
            start += end - 2
        return max(0, start + length - len(buffer))

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return self._buffer[self._at :] + (self._long or b""), self._eof

    def _receive_more(self, data: bytes) -> None:
        rest = memoryview(self._buffer)[self._at :] if self._long is None else self._long
        if len(rest) < self._needed <= len(rest) + len(data):
            # The frame that this completes pays for the copy.
            self._buffer = b"".join((rest, data)) if rest else bytes(data)
            self._long = None
        elif self._long is not None:
            self._long += data
        else:
            self._long = bytearray(rest)
            self._long += data
            self._buffer = b""
            self._clean = False
        self._at = 0

    def _begin(self, items: list[Item]) -> int:
        """Make ready what is there to be parsed.

        :returns: the place in ``_buffer`` where a frame begins, or ``_NOT_THERE``.
        """
        if self._long is not None and len(self._long) >= self._needed:
            self._buffer = bytes(self._long)  # of several receives without parsing in between
            self._long = None
        if len(self._buffer) - self._at < self._needed:
            self.more = False
            return _NOT_THERE
        if self._growing is not None:
            return self._grow(items, self._growing, self._buffer, 0)
        return self._at

    def _stop(self, buffer: bytes, at: int, needed: int = _SMALLEST_FRAME) -> None:
        """Keep what was not parsed; without what was, where that is worth a copy."""
        rest = len(buffer) - at
        if at >= rest:
            self._buffer = buffer[at:]
            self._at = 0
        else:
            self._buffer = buffer
            self._at = at
        self._needed = needed
        self._clean = self._usual and not rest and not self._eof
        self.more = rest >= needed
        self._incoming.inflated = 0

    def _next_item(self) -> Item | None:
        items: list[Item] = []
        try:
            at = self._begin(items)
            if at >= 0 and not items:
                at = self._take_frame(items, self._buffer, at)
            if at >= 0:
                self._stop(self._buffer, at)
        except (RemoteProtocolError, UnicodeDecodeError) as exc:
            self._refuse(exc)
        if self._eof and not items:
            self._note_end()
        return items[0] if items else None

    def _take_frame(self, items: list[Item], buffer: bytes, at: int) -> int:
        """Take any frame.

        :returns: the place behind it, or ``_NOT_THERE`` where it has not come whole, or nothing
            can follow; then the buffer is as it shall be.
        """
        end = len(buffer)
        if end - at < _SMALLEST_FRAME:
            self._stop(buffer, at)
            return _NOT_THERE
        first, second = buffer[at], buffer[at + 1]
        opcode = first & OPCODE
        final = first >= FINAL
        reserved = first & RESERVED
        if opcode not in OPCODES:
            raise RemoteProtocolError(f"a frame with the opcode {opcode}, which means nothing")
        length = second & ~MASKED
        if opcode & IS_CONTROL and (not final or length >= SHORT):
            raise RemoteProtocolError("a control frame in fragments, or of more than 125 bytes")
        start = at + 2
        if length >= SHORT:
            shortest = SHORT if length == SHORT else LONG
            start += 2 if length == SHORT else 8
            if end < start:
                self._stop(buffer, at, start - at)
                return _NOT_THERE
            length = int.from_bytes(buffer[at + 2 : start], "big")
            if length < shortest or length >> 63:
                raise RemoteProtocolError(f"a length of {length} in {start - at - 2} bytes")
        incoming = self._incoming
        incoming.check(opcode, reserved, length)
        if (second >= MASKED) is self._is_client:
            raise RemoteProtocolError("a frame with a mask from a server, or a client's without")
        mask = b""
        if not self._is_client:
            mask = buffer[start : start + 4]
            start += 4
        stop = start + length
        kind = opcode or incoming.opcode
        compressed = incoming.is_compressed(opcode, reserved)
        if stop > end:
            if kind == TEXT and not compressed and start <= end:
                growing = GrowingText(opcode, final, length, mask, self._cut)
                return self._grow(items, growing, buffer, start)
            self._stop(buffer, at, (stop if start <= end else start) - at)
            return _NOT_THERE
        payload = buffer[start:stop]
        if mask:
            payload = apply_mask(payload, mask)
        if opcode & IS_CONTROL:
            if opcode != CLOSE:
                items.append(Ping(payload) if opcode == PING else Pong(payload))
                return stop
            close = read_close(payload)
            items.append(close)
            self._note_close(close)
            return _NOT_THERE
        if compressed:
            payload = incoming.decompress(payload, final)
            length = len(payload)
            self._clean = False  # so that _stop() begins to count anew
        data: str | bytes = payload
        if kind == TEXT:
            data, self._cut = decode_part(self._cut, payload, final)
        self._tell(items, opcode, reserved, final, data, length)
        return stop

    def _grow(self, items: list[Item], growing: GrowingText, buffer: bytes, start: int) -> int:
        """Take what has come of a long frame of text; return as :meth:`_take_frame` does."""
        stop = start + growing.left
        growing.add(buffer[start:stop])
        if growing.left:
            self._growing = growing
            self._buffer = b""
            self._at = 0
            self._needed = 1
            self._clean = self.more = False
            return _NOT_THERE
        self._growing = None
        self._cut = growing.cut
        self._tell(items, growing.opcode, 0, growing.final, growing.text(), growing.length)
        return stop

    def _tell(
        self,
        items: list[Item],
        opcode: int,
        reserved: int,
        final: bool,
        data: str | bytes,
        size: int,
    ) -> None:
        """Tell a frame of a message that has come whole."""
        if opcode and final:
            items.append(data)
        elif isinstance(data, str):
            items.append(Text(data, opcode != 0, final))
        else:
            items.append(Binary(data, opcode != 0, final))
        self._incoming.note(opcode, reserved, final, size)
        self._usual = final and self._largest >= SHORT
        self._clean = self._clean and self._usual

    def _drop(self) -> None:
        self._buffer = b""
        self._at = 0
        self._long = self._growing = None
        self._needed = _SMALLEST_FRAME
        self._cut = b""
        self._clean = False
