"""What we may say, and when; how it is framed is the engine's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import LocalProtocolError

from ._codes import may_be_sent
from ._deflate import DeflateParameters, Deflater
from ._events import Binary, Close, Event, Ping, Pong, Text
from ._framing import (
    BINARY,
    CLOSE,
    COMPRESSED,
    FINAL,
    PING,
    PONG,
    TEXT,
    WHOLE_BINARY,
    WHOLE_TEXT,
)
from ._prepared import PreparedMessage, binary, encode_text

if TYPE_CHECKING:
    from ._mask import Buffer

__all__ = ["Sender"]

_MAX_CONTROL_BYTES: Final = 125


class Sender(ABC):
    """The sending half of a connection."""

    __slots__ = (
        "_deflater",
        "_is_client",
        "_opcode",
        "_plain",
        "_unready",
        "close_sent",
    )

    close_sent: Close | None
    """Our Close, once it was encoded; nothing can be sent after it."""

    def __init__(self, deflate: DeflateParameters | None, *, is_client: bool) -> None:
        self._is_client: Final = is_client
        self._deflater = None if deflate is None else Deflater(deflate, is_client=is_client)
        self._opcode = 0  # of the message that we are in
        self._set_unready(False)
        self.close_sent = None

    def send(self, event: Event, /) -> bytes:
        """Return the bytes that tell ``event`` to the peer. The caller must send all of them.

        :class:`Ping`, :class:`Pong` and :class:`Close` may go between the frames of a message.

        :raises LocalProtocolError: after our Close; a message within another one, or a frame of
            none; a payload above 125 bytes; a code or a reason that cannot be sent; text with half
            of a surrogate pair in it.
        """
        if isinstance(event, (Text, Binary)):
            return self._send_fragment(event)
        if self.close_sent is not None:
            raise LocalProtocolError(f"{event!r} after our {self.close_sent!r}")
        match event:
            case Ping(payload):
                return self._send_control(PING, payload)
            case Pong(payload):
                return self._send_control(PONG, payload)
            case Close(code, reason):
                frame = self._send_control(CLOSE, _close_payload(code, reason))
                self.close_sent = event
                self._set_unready(True)
                return frame
        raise LocalProtocolError(f"not an event of a WebSocket: {event!r}")

    def send_text(self, text: str, /) -> bytes:
        """Return the bytes of a whole text message: ``send(Text(text))``, but faster.

        :raises LocalProtocolError: as for :meth:`send`.
        :raises TypeError: it is no ``str``.
        """
        if self._unready:
            self._raise_unready()
        try:
            payload = str.encode(text)
        except UnicodeEncodeError:
            payload = encode_text(text)  # which knows the words
        except TypeError:
            raise TypeError(f"a text message is a str, not {type(text).__name__}") from None
        return self._send_whole(WHOLE_TEXT, payload)

    def send_binary(self, data: Buffer, /) -> bytes:
        """Return the bytes of a whole binary message: ``send(Binary(data))``, but faster.

        :raises LocalProtocolError: as for :meth:`send`.
        :raises TypeError: it is nothing bytes-like.
        """
        if self._unready:
            self._raise_unready()
        payload = data if isinstance(data, bytes) else binary(data)
        return self._send_whole(WHOLE_BINARY, payload)

    def send_prepared(self, message: PreparedMessage, /) -> bytes:
        """Return the bytes of a message that many get.

        A client has to mask each frame by itself, so it only saves the encoding of text.

        :raises LocalProtocolError: as for :meth:`send`.
        """
        if self._unready:
            self._raise_unready()
        if self._is_client:
            return self._send_whole(message.first, message.payload)
        deflater = self._deflater
        if deflater is not None and len(message) >= deflater.min_bytes:
            frame = message.compressed_frame(deflater.setting)
            if frame is not None:
                deflater.start_anew()
                return frame
        return message.plain_frame()

    @abstractmethod
    def _frame(self, first: int, payload: bytes) -> bytes:
        """Return a frame.

        :param first: its first byte, which is right here and now.
        :param payload: compressed, if it shall be.
        """

    def _send_whole(self, first: int, payload: bytes) -> bytes:
        if self._deflater is not None:
            compressed = self._deflater.compress_whole(payload)
            if compressed is not None:
                return self._frame(first | COMPRESSED, compressed)
        return self._frame(first, payload)

    def _send_fragment(self, event: Text | Binary) -> bytes:
        if isinstance(event, Text):
            opcode, payload = TEXT, encode_text(event.data)
        else:
            opcode, payload = BINARY, binary(event.data)
        first = FINAL if event.end else 0
        if event.start:
            if self._unready:
                self._raise_unready()
            if event.end:
                return self._send_whole(first | opcode, payload)
            first |= opcode
            if self._deflater is not None:  # how long the message will be is not known
                first |= COMPRESSED
        elif self._opcode != opcode or self.close_sent is not None:
            raise LocalProtocolError(f"{event!r:.80} goes on with a message that is not there")
        if self._deflater is not None:
            payload = self._deflater.compress(payload, event.end)
        self._opcode = 0 if event.end else opcode
        self._set_unready(not event.end)
        return self._frame(first, payload)

    def _send_control(self, opcode: int, payload: bytes) -> bytes:
        if len(payload) > _MAX_CONTROL_BYTES:
            raise LocalProtocolError(
                f"a payload of {len(payload)} bytes, and {_MAX_CONTROL_BYTES} is the most here"
            )
        return self._frame(FINAL | opcode, bytes(payload))

    def _set_unready(self, unready: bool) -> None:
        # Whether no message may begin: within one, or after our Close.
        self._unready = unready
        # Whether a message is sent as it is, with nothing but a header, as most are.
        self._plain = not (unready or self._is_client or self._deflater is not None)

    def _raise_unready(self) -> None:
        if self.close_sent is not None:
            raise LocalProtocolError(f"a message after our {self.close_sent!r}")
        raise LocalProtocolError("a message within a message of ours that has not ended")


def _close_payload(code: int | None, reason: str) -> bytes:
    if code is None:
        if reason:
            raise LocalProtocolError("a reason to close without a code")
        return b""
    if not may_be_sent(code):
        raise LocalProtocolError(f"the code {code} cannot be sent in a Close")
    said = encode_text(reason)
    if len(said) > _MAX_CONTROL_BYTES - 2:
        raise LocalProtocolError(
            f"a reason of {len(said)} bytes in a Close, and {_MAX_CONTROL_BYTES - 2} is the most"
        )
    return code.to_bytes(2, "big") + said
