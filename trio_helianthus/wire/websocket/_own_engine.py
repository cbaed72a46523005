"""The fast engine: frames are parsed in place, and the usual ones without a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import RemoteProtocolError

from ._connection import Item, WebSocketConnection
from ._framing import (
    CLOSE,
    FINAL,
    IS_CONTROL,
    MASKED,
    MEDIUM_HEADER,
    OPCODES,
    PING,
    RESERVED,
    TEXT,
    WHOLE_BINARY,
    WHOLE_TEXT,
    encode_header,
)
from ._events import Binary, Ping, Pong, Text
from ._growing_text import GrowingText, decode_part
from ._incoming import read_close
from ._mask import apply_mask, next_mask

if TYPE_CHECKING:
    from ._deflate import DeflateParameters
    from ._limits import Limits
    from ._mask import Buffer

__all__ = ["OwnConnection"]

_SMALLEST_FRAME: Final = 2
_NOTHING_FOLLOWS: Final = -1
_TEXT_HEADERS: Final = [encode_header(WHOLE_TEXT, length) for length in range(126)]
_BINARY_HEADERS: Final = [encode_header(WHOLE_BINARY, length) for length in range(126)]


class OwnConnection(WebSocketConnection):
    """A :class:`WebSocketConnection` on a parser of our own.

    The buffer is ``bytes``, as one receive brought it, while frames can be cut from it, and a
    ``bytearray`` while a frame grows by short pieces: then nothing is parsed before ``_needed``
    bytes are there. Text that grows is checked at once, and leaves the buffer.
    """

    __slots__ = ("_at", "_buffer", "_cut", "_growing", "_largest", "_needed")

    def __init__(
        self, limits: Limits, deflate: DeflateParameters | None, *, is_client: bool
    ) -> None:
        super().__init__(limits, deflate, is_client=is_client)
        self._buffer: bytes | bytearray = b""
        self._at = 0  # what is before this place was parsed
        self._needed = _SMALLEST_FRAME  # from _at on; with fewer bytes there is nothing to parse
        self._growing: GrowingText | None = None
        self._cut = b""  # of a character, at the end of a frame of text
        # What is a message by itself may have so many bytes.
        self._largest = min(limits.max_frame_bytes, limits.max_message_bytes)

    def receive_data(self, data: bytes, /) -> None:
        if self._buffer or self._deaf or data.__class__ is not bytes:
            self._receive_more(data)
        else:
            self._buffer = data

    def next_batch(self) -> list[Item]:
        items: list[Item] = []
        if len(self._buffer) - self._at >= self._needed:
            try:
                self._parse(items)
            except (RemoteProtocolError, UnicodeDecodeError) as exc:
                self._refuse(exc)
        if self._eof and not self.more:
            self._note_end()
        return items

    @property
    def buffered(self) -> int:
        return len(self._buffer) - self._at

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return bytes(memoryview(self._buffer)[self._at :]), self._eof

    def send_text(self, text: str, /) -> bytes:
        if not self._plain:
            return super().send_text(text)
        try:
            payload = str.encode(text)
        except UnicodeEncodeError:
            return super().send_text(text)  # which has the words for it
        length = len(payload)
        if length < 126:
            return _TEXT_HEADERS[length] + payload
        if length < 65536:
            return MEDIUM_HEADER(WHOLE_TEXT, 126, length) + payload
        return encode_header(WHOLE_TEXT, length) + payload

    def send_binary(self, data: Buffer, /) -> bytes:
        if not self._plain or data.__class__ is not bytes:
            return super().send_binary(data)
        length = len(data)
        if length < 126:
            return _BINARY_HEADERS[length] + data
        if length < 65536:
            return MEDIUM_HEADER(WHOLE_BINARY, 126, length) + data
        return encode_header(WHOLE_BINARY, length) + data

    def _receive_more(self, data: bytes) -> None:
        if not self._may_receive(data):
            return
        buffer = self._buffer
        rest = len(buffer) - self._at
        if rest < self._needed <= rest + len(data):
            # The frame that this completes pays for the copy.
            self._buffer = b"".join((memoryview(buffer)[self._at :], data))
        elif isinstance(buffer, bytearray):
            del buffer[: self._at]
            buffer += data
        else:
            self._buffer = bytearray(memoryview(buffer)[self._at :])
            self._buffer += data
        self._at = 0

    def _next_item(self) -> Item | None:
        items: list[Item] = []
        if len(self._buffer) - self._at >= self._needed:
            try:
                self._parse_one(items)
            except (RemoteProtocolError, UnicodeDecodeError) as exc:
                self._refuse(exc)
        if self._eof and not items:
            self._note_end()
        return items[0] if items else None

    def _parse(self, items: list[Item]) -> None:
        """Parse what there is. Called where ``_needed`` bytes are there."""
        buffer = self._in_one_piece()
        at = self._at
        end = len(buffer)
        append = items.append
        incoming = self._incoming
        is_client = self._is_client
        mask_bit = 0 if is_client else MASKED  # in the second byte, where there has to be a mask
        header = 2 if is_client else 6
        largest = self._largest
        if self._growing is not None:
            at = self._grow(items, self._growing, buffer, at)
        usual = not incoming.opcode
        while end - at >= _SMALLEST_FRAME and at >= 0:
            # Most messages are one frame, of less than 64 KiB. What is not, or has not come whole,
            # or has anything wrong in its header, is for _take_frame().
            first = buffer[at]
            length = buffer[at + 1] ^ mask_bit
            start = at + header
            if length > 125:
                if length == 126 and end - at > 3:
                    length = buffer[at + 2] << 8 | buffer[at + 3]
                    start += 2
                    if length < 126:
                        length = end  # so that it has not come
                else:
                    length = end
            stop = start + length
            if stop <= end and length <= largest and usual:
                if first == WHOLE_TEXT:
                    if is_client:
                        append(buffer[start:stop].decode())
                    else:
                        mask = buffer[start - 4 : start]
                        append(apply_mask(buffer[start:stop], mask).decode())
                    at = stop
                    continue
                if first == WHOLE_BINARY:
                    if is_client:
                        append(buffer[start:stop])
                    else:
                        mask = buffer[start - 4 : start]
                        append(apply_mask(buffer[start:stop], mask))
                    at = stop
                    continue
            at = self._take_frame(items, buffer, at)
            usual = not incoming.opcode
            if incoming.inflated > self._max_message_bytes:
                break
        if at == end:
            self._buffer = b""  # an idle connection holds nothing
            self._at = 0
            self._needed = _SMALLEST_FRAME
        elif at >= 0:
            self._stop_at(buffer, at)

    def _parse_one(self, items: list[Item]) -> None:
        """Parse one item, if it has come. Called where ``_needed`` bytes are there."""
        buffer = self._in_one_piece()
        at = self._at
        if self._growing is not None:
            at = self._grow(items, self._growing, buffer, at)
        if len(buffer) - at >= _SMALLEST_FRAME and at >= 0 and not items:
            at = self._take_frame(items, buffer, at)
        if at >= 0:
            self._stop_at(buffer, at)

    def _in_one_piece(self) -> bytes:
        buffer = self._buffer
        if isinstance(buffer, bytearray):
            buffer = self._buffer = bytes(memoryview(buffer)[self._at :])
            self._at = 0
        return buffer

    def _stop_at(self, buffer: bytes, at: int, needed: int = _SMALLEST_FRAME) -> None:
        """Keep what was not parsed; without what was, where that is worth a copy."""
        rest = len(buffer) - at
        if at > rest:
            self._buffer = buffer[at:]
            self._at = 0
        else:
            self._at = at
        self._needed = needed
        self.more = rest >= needed
        if not self.more:
            self._incoming.inflated = 0

    def _take_frame(self, items: list[Item], buffer: bytes, at: int) -> int:
        """Take any frame.

        :returns: the place behind it, or ``_NOTHING_FOLLOWS`` where it has not come whole, or is a
            Close; then the buffer is as it shall be.
        """
        end = len(buffer)
        first, second = buffer[at], buffer[at + 1]
        opcode = first & 0x0F
        final = first >= FINAL
        reserved = first & RESERVED
        if opcode not in OPCODES:
            raise RemoteProtocolError(f"a frame with the opcode {opcode}, which means nothing")
        length = second & ~MASKED
        if opcode & IS_CONTROL and (not final or length > 125):
            raise RemoteProtocolError("a control frame in fragments, or of more than 125 bytes")
        start = at + 2
        if length > 125:
            shortest = 126 if length == 126 else 65536
            start += 2 if length == 126 else 8
            if end < start:
                self._stop_at(buffer, at, start - at)
                return _NOTHING_FOLLOWS
            length = int.from_bytes(buffer[at + 2 : start], "big")
            if length < shortest or length >> 63:
                raise RemoteProtocolError(f"a length of {length} in {start - at - 2} bytes")
        incoming = self._incoming
        incoming.check(opcode, reserved, length)
        mask = b""
        if (second >= MASKED) is self._is_client:
            raise RemoteProtocolError("a frame with a mask from a server, or a client's without")
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
            self._stop_at(buffer, at, (stop if start <= end else start) - at)
            return _NOTHING_FOLLOWS
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
            return _NOTHING_FOLLOWS
        if compressed:
            payload = incoming.decompress(payload, final)
            length = len(payload)
        if kind == TEXT:
            text, self._cut = decode_part(self._cut, payload, final)
            items.append(text if opcode and final else Text(text, opcode != 0, final))
        else:
            items.append(payload if opcode and final else Binary(payload, opcode != 0, final))
        incoming.note(opcode, reserved, final, length)
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
            self.more = False
            return _NOTHING_FOLLOWS
        self._growing = None
        self._cut = growing.cut
        text, opcode, final = growing.text(), growing.opcode, growing.final
        items.append(text if opcode and final else Text(text, opcode != 0, final))
        self._incoming.note(opcode, 0, final, growing.length)
        return stop

    def _drop(self) -> None:
        self._buffer = b""
        self._at = 0
        self._needed = _SMALLEST_FRAME
        self._growing = None
        self._cut = b""

    def _frame(self, first: int, payload: bytes) -> bytes:
        if not self._is_client:
            return encode_header(first, len(payload)) + payload
        mask = next_mask()
        return encode_header(first, len(payload), MASKED) + mask + apply_mask(payload, mask)
