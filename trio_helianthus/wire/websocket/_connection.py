"""One side of a WebSocket connection: the one face of all engines."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TypeAlias

from trio_helianthus.errors import LimitExceeded, LocalProtocolError, RemoteProtocolError

from .._contract import NEED_DATA, NeedData
from .._frames import END_OF_STREAM, EndOfStream
from ._codes import CloseCode
from ._deflate import DeflateParameters
from ._events import Binary, Close, Event, Text
from ._incoming import Incoming
from ._limits import Limits
from ._sending import Sender

__all__ = ["Item", "WebSocketConnection"]

Item: TypeAlias = str | bytes | Event
"""What a batch holds: a whole message in one frame is bare, everything else is an event."""


class WebSocketConnection(Sender):
    """One side of a WebSocket connection, after the opening handshake.

    Keeps the contract of ``wire.WireProtocol``. There is an event for each frame, told when all of
    it is there; how messages are cut into frames is the peer's choice, and means nothing.

    What the peer sends behind its Close is dropped, and behind that comes ``END_OF_STREAM``, once
    the stream has ended. An end without a Close is a
    :exc:`~trio_helianthus.errors.RemoteProtocolError`, with 1006 for :attr:`refusal_code`.

    Answering is the caller's: a Ping with a Pong, a Close with a Close, and a refusal with a Close
    that has :attr:`refusal_code`.

    Made by :func:`server_connection` and :func:`client_connection`.
    """

    __slots__ = (
        "_deaf",
        "_eof",
        "_incoming",
        "_max_message_bytes",
        "_refusal",
        "close_received",
        "more",
        "refusal_code",
        "refused",
    )

    close_received: Close | None
    """The peer's Close, once it has come; nothing comes after it."""
    refused: bool
    """Whether the peer is known to have broken the protocol, or a limit.

    True also while events in front of it are to be had: :meth:`next_event` raises behind them.
    """
    refusal_code: int
    """What to close with, once something was refused: 1002, 1007, 1009, or 1006 where the peer has
    gone without a Close; 0 before."""
    more: bool
    """Whether there may be more to parse, so that it is too early to receive.

    So it is after :meth:`next_event`, and after a :meth:`next_batch` that has decompressed so much
    that the rest shall wait.
    """

    def __init__(
        self, limits: Limits, deflate: DeflateParameters | None, *, is_client: bool
    ) -> None:
        super().__init__(deflate, is_client=is_client)
        self._incoming = Incoming(limits, deflate, is_client=is_client)
        self._max_message_bytes = limits.max_message_bytes
        self._eof = False
        self._deaf = False  # whether what is received is no use
        self._refusal: RemoteProtocolError | None = None
        self.close_received = None
        self.refused = False
        self.refusal_code = 0
        self.more = False

    def __repr__(self) -> str:
        said = [f" {name}={getattr(self, name)}" for name in ("close_sent", "close_received")]
        return f"<{type(self).__name__} {'client' if self._is_client else 'server'}{''.join(said)}>"

    @abstractmethod
    def receive_data(self, data: bytes, /) -> None:
        """Hand over bytes that came from the peer; empty ``data`` does nothing.

        :raises LocalProtocolError: after :meth:`receive_eof`.
        """

    def receive_eof(self) -> None:
        """Say that the peer has ended its stream. Saying it twice changes nothing."""
        self._eof = self._deaf = True

    def next_event(self) -> Event | EndOfStream | NeedData:
        """Parse and return the next event.

        :returns: an event, or ``NEED_DATA``, or ``END_OF_STREAM``, again and again.
        :raises LimitExceeded: the peer broke one of our limits.
        :raises RemoteProtocolError: the peer broke the protocol. See :attr:`refusal_code` for both.
        """
        item = self._next_item()
        if item is not None:
            if isinstance(item, str):
                return Text(item)
            return Binary(item) if isinstance(item, bytes) else item
        if self._refusal is not None:
            raise copy.copy(self._refusal)
        return END_OF_STREAM if self._eof else NEED_DATA

    @abstractmethod
    def next_batch(self) -> list[Item]:
        """Parse and return what is there: :meth:`next_event` in a batch.

        A whole message in a single frame, as most are, is a bare ``str`` or ``bytes``. What was
        compressed is decompressed up to ``max_message_bytes`` and one message more; then
        :attr:`more` is true, and the rest comes with the next batch.

        :returns: items in their order. An empty list means that :meth:`next_event` has no event
            either, and tells why.
        """

    @property
    @abstractmethod
    def buffered(self) -> int:
        """How many received bytes are waiting to be parsed."""

    @property
    def missing(self) -> int:
        """How many bytes have to come for the frame that has begun to be whole; 0 if unknown.

        Only a hint for what to receive next: it believes what the peer announced. To be asked
        between :meth:`receive_data` and :meth:`next_event`.
        """
        return 0

    @property
    @abstractmethod
    def trailing_data(self) -> tuple[bytes, bool]:
        """What was received but not parsed, and whether the stream ended behind it."""

    @abstractmethod
    def _next_item(self) -> Item | None:
        """Parse one item, if there is one. Does not raise, but calls :meth:`_refuse`."""

    @abstractmethod
    def _drop(self) -> None:
        """Forget what was received: nothing more will be parsed."""

    def _refuse(self, error: RemoteProtocolError | UnicodeDecodeError) -> None:
        if isinstance(error, UnicodeDecodeError):
            code = CloseCode.INVALID_DATA
            error = RemoteProtocolError(f"text that is not UTF-8: {error.reason}")
        elif isinstance(error, LimitExceeded):
            code = CloseCode.MESSAGE_TOO_BIG
        else:
            code = CloseCode.PROTOCOL_ERROR
        self._note_refusal(error.with_traceback(None), code)

    def _note_end(self) -> None:
        """Take note that the stream has ended, and that everything before was parsed."""
        if self.refused or self.close_received is not None:
            return
        left = self.buffered
        self._note_refusal(
            RemoteProtocolError(
                f"the stream ended without a Close{f', {left} bytes into a frame' if left else ''}"
            ),
            CloseCode.ABNORMAL,
        )

    def _note_refusal(self, error: RemoteProtocolError, code: CloseCode) -> None:
        error.__cause__ = error.__context__ = None
        self._refusal = error
        self.refused = self._deaf = True
        self.refusal_code = code
        self.more = False
        self._drop()

    def _note_close(self, close: Close) -> None:
        self.close_received = close
        self._deaf = True
        self.more = False
        self._drop()

    def _may_receive(self, data: bytes) -> bool:
        """Whether there is anything to do with data.

        :raises LocalProtocolError: the stream has ended.
        """
        if not data:
            return False
        if self._eof:
            raise LocalProtocolError("received data behind the end of the stream")
        return not self._deaf
