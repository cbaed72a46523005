"""The reference engine: wsproto's frame decoder, under the same rules as the fast engine."""

from __future__ import annotations

from typing import Final

from wsproto.extensions import Extension
from wsproto.frame_protocol import (
    CloseReason,
    FrameDecoder,
    FrameProtocol,
    MessageDecoder,
    ParseFailed,
    RsvBits,
)
from wsproto.frame_protocol import Opcode as Kind

from trio_helianthus.errors import RemoteProtocolError

from ._codes import CloseCode
from ._connection import Item, WebSocketConnection
from ._deflate import DeflateParameters
from ._events import Binary, Ping, Pong, Text
from ._framing import CLOSE, COMPRESSED, FINAL, IS_CONTROL, OPCODE, PING, TEXT
from ._growing_text import add_piece
from ._incoming import Incoming, read_close
from ._limits import Limits

__all__ = ["WSProtoConnection"]


class _Rules(Extension):
    """What wsproto asks about each frame that it reads: our rules, and our decompression."""

    name = "rules"

    def __init__(self, incoming: Incoming) -> None:
        self._incoming: Final = incoming
        self._compressed: bytearray | None = None
        # Of the frame that is read:
        self.opcode = 0
        self.reserved = 0
        self.size = 0

    def enabled(self) -> bool:
        return True

    def offer(self) -> bool | str:
        return False

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Kind, rsv: RsvBits, payload_length: int
    ) -> RsvBits:
        """Judge a header. wsproto asks again when it had to wait for the mask."""
        incoming = self._incoming
        reserved = rsv.rsv1 << 6 | rsv.rsv2 << 5 | rsv.rsv3 << 4
        incoming.check(opcode, reserved, payload_length)
        self.opcode, self.reserved, self.size = opcode, reserved, payload_length
        compressed = not opcode.iscontrol() and incoming.is_compressed(opcode, reserved)
        self._compressed = bytearray() if compressed else None
        return RsvBits(True, True, True)  # they were judged

    def frame_inbound_payload_data(self, proto: FrameDecoder | FrameProtocol, data: bytes) -> bytes:
        """Collect what is compressed."""
        if self._compressed is None:
            return data
        self._compressed += data
        return b""

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | None:
        """Decompress a whole frame."""
        if self._compressed is None:
            return None
        data = self._incoming.decompress(bytes(self._compressed), fin)
        self.size = len(data)
        return data


class _Compressed(Extension):
    """What wsproto asks about each frame that it writes."""

    name = "compressed"

    def __init__(self) -> None:
        self.payload = b""
        self.is_compressed = False

    def enabled(self) -> bool:
        return True

    def offer(self) -> bool | str:
        return False

    def frame_outbound(
        self,
        proto: FrameDecoder | FrameProtocol,
        opcode: Kind,
        rsv: RsvBits,
        data: bytes,
        fin: bool,
    ) -> tuple[RsvBits, bytes]:
        """Put in what was compressed already."""
        if opcode.iscontrol():
            return rsv, data
        return RsvBits(self.is_compressed, False, False), self.payload


class WSProtoConnection(WebSocketConnection):
    """A :class:`WebSocketConnection` on wsproto."""

    __slots__ = (
        "_data",
        "_decoder",
        "_messages",
        "_rules",
        "_text",
        "_writer",
        "_writing_text",
        "_written",
    )

    def __init__(
        self, limits: Limits, deflate: DeflateParameters | None, *, is_client: bool
    ) -> None:
        super().__init__(limits, deflate, is_client=is_client)
        self._rules = _Rules(self._incoming)
        self._decoder = FrameDecoder(is_client, [self._rules])
        self._messages = MessageDecoder()
        # Of the frame that is read:
        self._data = bytearray()
        self._text: list[str] = []
        self._written = _Compressed()
        self._writing_text = False
        self._writer = FrameProtocol(is_client, [self._written])

    def receive_data(self, data: bytes, /) -> None:
        if self._may_receive(data):
            self._decoder.receive_bytes(data)

    def next_batch(self) -> list[Item]:
        items: list[Item] = []
        self._incoming.inflated = 0
        while (item := self._next_item()) is not None:
            items.append(item)
            if self._incoming.inflated > self._max_message_bytes:
                break
        return items

    @property
    def buffered(self) -> int:
        return len(self._decoder.buffer)

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return bytes(self._decoder.buffer.buffer), self._eof

    def _next_item(self) -> Item | None:
        item: Item | None = None
        if not self.refused and self.close_received is None:
            try:
                item = self._decode()
            except ParseFailed as exc:
                is_text = exc.code == CloseReason.INVALID_FRAME_PAYLOAD_DATA
                code = CloseCode.INVALID_DATA if is_text else CloseCode.PROTOCOL_ERROR
                self._note_refusal(RemoteProtocolError(str(exc)), code)
            except (RemoteProtocolError, UnicodeDecodeError) as exc:
                self._refuse(exc)
        self.more = item is not None and self.buffered > 0
        if item is None and self._eof:
            self._note_end()
        return item

    def _decode(self) -> Item | None:
        rules = self._rules
        while (frame := self._decoder.process_buffer()) is not None:
            if frame.opcode.iscontrol():
                assert isinstance(frame.payload, (bytes, bytearray))
                payload = bytes(frame.payload)
                if frame.opcode is Kind.CLOSE:
                    close = read_close(payload)
                    self._note_close(close)
                    return close
                return Ping(payload) if frame.opcode is Kind.PING else Pong(payload)
            decoded = self._messages.process_frame(frame)
            if isinstance(decoded.payload, str):
                add_piece(self._text, decoded.payload)
            else:
                assert isinstance(decoded.payload, (bytes, bytearray))
                self._data += decoded.payload
            if not frame.frame_finished:
                continue
            start, final = rules.opcode != 0, decoded.message_finished
            self._incoming.note(rules.opcode, rules.reserved, final, rules.size)
            text, data = "".join(self._text), bytes(self._data)
            self._text, self._data = [], bytearray()
            if start and final:
                return text if decoded.opcode is Kind.TEXT else data
            if decoded.opcode is Kind.TEXT:
                return Text(text, start, final)
            return Binary(data, start, final)
        return None

    def _drop(self) -> None:
        self._decoder = FrameDecoder(self._is_client, [self._rules])
        self._text, self._data = [], bytearray()

    def _frame(self, first: int, payload: bytes) -> bytes:
        writer = self._writer
        opcode = first & OPCODE
        if not opcode & IS_CONTROL:
            self._written.payload = payload
            self._written.is_compressed = first & COMPRESSED != 0
            if opcode:
                self._writing_text = opcode == TEXT
            return bytes(writer.send_data("" if self._writing_text else b"", first >= FINAL))
        if opcode == CLOSE:
            close = read_close(payload)
            return bytes(writer.close(close.code, close.reason))
        return bytes(writer.ping(payload) if opcode == PING else writer.pong(payload))
