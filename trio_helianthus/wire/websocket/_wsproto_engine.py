"""The reference engine: wsproto's frame decoder, under the same rules as the fast engine."""

from __future__ import annotations

from typing import Final

from wsproto.extensions import Extension
from wsproto.frame_protocol import (
    Frame,
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
from ._framing import COMPRESSED, FINAL
from ._incoming import Incoming, read_close
from ._limits import Limits

__all__ = ["WSProtoConnection"]


class _Rules(Extension):
    """What wsproto asks about each frame: our rules for its header, and our decompression."""

    name = "rules"

    def __init__(self, incoming: Incoming) -> None:
        self._incoming: Final = incoming
        self._compressed: list[bytes] | None = None
        # Of the frame that is read, or written:
        self.opcode = 0
        self.reserved = 0
        self.payload = b""

    def enabled(self) -> bool:
        return True

    def offer(self) -> bool | str:
        return False

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Kind, rsv: RsvBits, payload_length: int
    ) -> RsvBits:
        """Judge a header; wsproto asks again where its mask has not come whole."""
        reserved = rsv.rsv1 * 0x40 | rsv.rsv2 * 0x20 | rsv.rsv3 * 0x10
        self._incoming.check(opcode, reserved, payload_length)
        self.opcode, self.reserved = opcode, reserved
        compressed = not opcode.iscontrol() and self._incoming.is_compressed(opcode, reserved)
        self._compressed = [] if compressed else None
        return RsvBits(True, True, True)

    def frame_inbound_payload_data(
        self, proto: FrameDecoder | FrameProtocol, data: bytes
    ) -> bytes:
        """Collect what is compressed."""
        if self._compressed is None:
            return data
        self._compressed.append(data)
        return b""

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | None:
        """Decompress a whole frame."""
        if self._compressed is None:
            return None
        return self._incoming.decompress(b"".join(self._compressed), fin)

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
        return RsvBits(self.reserved != 0, False, False), self.payload


class WSProtoConnection(WebSocketConnection):
    """A :class:`WebSocketConnection` on wsproto."""

    __slots__ = ("_decoder", "_messages", "_pieces", "_rules", "_writer", "_written")

    def __init__(
        self, limits: Limits, deflate: DeflateParameters | None, *, is_client: bool
    ) -> None:
        super().__init__(limits, deflate, is_client=is_client)
        self._rules = _Rules(self._incoming)
        self._decoder = FrameDecoder(is_client, [self._rules])
        self._messages = MessageDecoder()
        self._pieces: list[str | bytes] = []  # of the frame that is read
        self._written = _Rules(self._incoming)
        self._writer = FrameProtocol(is_client, [self._written])

    def receive_data(self, data: bytes, /) -> None:
        if self._may_receive(data):
            self._decoder.receive_bytes(data)
            self.more = True

    @property
    def buffered(self) -> int:
        return len(self._decoder.buffer)

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return bytes(self._decoder.buffer.buffer), self._eof

    def _drop(self) -> None:
        self._decoder = FrameDecoder(self._is_client, [self._rules])
        self._pieces = []

    def _read(self, most: int) -> list[Item]:
        ...
