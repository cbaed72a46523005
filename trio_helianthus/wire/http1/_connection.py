"""One side of an HTTP/1.1 connection: what the peer says, within the cycle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trio_helianthus.errors import LocalProtocolError

from .._contract import NEED_DATA, PAUSED, NeedData, Paused
from ._cycle import BODY, DONE, HEAD, OVER, Role
from ._events import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    InformationalResponse,
    Response,
)
from ._framing import BodyCutter, ChunkedCutter, LengthCutter, Received, UntilEndCutter
from ._head import CHUNKED, RequestHead, ResponseHead
from ._heads import HeadReader, RequestReader, ResponseReader
from ._limits import Limits
from ._parser import FieldParser
from ._refusals import BadMessage
from ._sending import Sender

__all__ = ["HTTP1Connection"]

_END: Final = EndOfMessage()
_CLOSED: Final = ConnectionClosed()


class HTTP1Connection(Sender):
    """One side of an HTTP/1.1 connection; keeps the contract of ``wire.WireProtocol``.

    A connection is a row of *cycles*: one request and its response each. While the peer's message
    of this cycle is complete and ours is not, or :meth:`start_next_cycle` was not called yet,
    :meth:`next_event` answers ``PAUSED`` if the peer has sent more (a pipelined request), otherwise
    ``NEED_DATA``, or :class:`ConnectionClosed` once it has ended its stream.

    After the end of a request with ``Upgrade`` (and ``Connection: upgrade``) or the method CONNECT,
    ``PAUSED`` also waits for the server's answer. With 101, or a 2xx to CONNECT, the connection has
    left HTTP for good: :attr:`switched` is true, ``PAUSED`` is all that comes, and
    :attr:`trailing_data` starts the next protocol. Any other answer leads back to HTTP.

    Made by :func:`server_connection` and :func:`client_connection`.
    """

    __slots__ = ("_limits", "_parser", "_reader")

    def __init__(self, role: Role, limits: Limits, parser: FieldParser) -> None:
        super().__init__(role)
        self._limits = limits
        self._parser = parser
        reader = RequestReader if role is Role.SERVER else ResponseReader
        self._reader: HeadReader[Any] = reader(limits, parser)

    def receive_data(self, data: bytes, /) -> None:
        """Hand over bytes that came from the peer; empty ``data`` does nothing.

        :raises LocalProtocolError: after :meth:`receive_eof`.
        """
        if self._eof and data:
            raise LocalProtocolError("received data behind the end of the stream")
        buffer = self._buffer
        if self._at == len(buffer):
            self._buffer = data if data.__class__ is bytes else bytes(data)
        elif isinstance(buffer, bytearray):
            del buffer[: self._at]
            buffer += data
        else:
            self._buffer = bytearray(memoryview(buffer)[self._at :])
            self._buffer += data
        self._at = 0

    def receive_eof(self) -> None:
        """Say that the peer has ended its stream. Saying it twice changes nothing."""
        self._eof = True

    def next_event(self) -> Event | NeedData | Paused:
        """Parse and return the next event.

        A server gets :class:`Request`, :class:`Data`, :class:`EndOfMessage`; a client gets
        :class:`InformationalResponse`, :class:`Response`, :class:`Data`, :class:`EndOfMessage`;
        both get :class:`ConnectionClosed`, and get it again when they ask again.

        A head that is byte for byte the one before it on this connection is the same object.

        :returns: an event, ``NEED_DATA`` or ``PAUSED``.
        :raises BadMessage: the peer broke the protocol or (:exc:`MessageTooLarge`) a limit. A
            server answers ``status_hint`` where :attr:`can_answer` says that it may, then closes.
        """
        theirs = self._theirs
        try:
            if theirs == HEAD:
                return self._next_head()
            if theirs == BODY:
                body = self._body
                if body is not None:
                    return self._next_body(body)
                self._theirs = DONE
                return _END
        except BadMessage as refusal:
            self._refuse(refusal)
            raise
        if self._refusal is not None:
            raise BadMessage(
                f"nothing can be read after: {self._refusal}",
                status_hint=self._refusal.status_hint,
            )
        if self._switched or (self._is_server and self._proposed and self._theirs == DONE):
            return PAUSED
        if self._at < len(self._buffer):
            return PAUSED
        return _CLOSED if self._eof else NEED_DATA

    def next_request(self) -> RequestHead | NeedData | None:
        """Take a request's head, and its end with it where it has no body.

        For a server, the batch form of :meth:`next_event`: a head whose ``length`` is 0 stands for
        the :class:`Request` and the :class:`EndOfMessage`, any other one for the :class:`Request`.

        :returns: the head; the same object again where it is the same byte for byte. ``NEED_DATA``
            where nothing of it has come, and ``None`` where :meth:`next_event` has to be asked.
        :raises BadMessage: as :meth:`next_event` does.
        """
        if self._theirs != HEAD:
            return None
        at = self._at
        if at == len(self._buffer):
            return None if self._eof else self._need_data()
        reader = self._reader
        last: RequestHead | None = reader.last
        if last is not None and self._buffer.startswith(last.raw, at):
            if last.plain and not reader.begun:
                # What follows, without its calls, for who says the same again.
                self._at = at + len(last.raw)
                self._head = last
                self._theirs = DONE
                self._method = last.method
                return last
            read = reader.read
        elif self._is_server:
            read = reader.read_other
        else:
            return None
        try:
            head = self._read_request(read)
        except BadMessage as refusal:
            self._refuse(refusal)
            raise
        if head is not None and not head.length:
            self._theirs = DONE
        return head

    def take_body(self, at_most: float) -> bytes | None:
        """Take a whole body at once, if all of it is there; the batch form of :meth:`next_event`.

        It stands for all the :class:`Data`, and the :class:`EndOfMessage` behind them.

        :param at_most: how many bytes it may have.
        :returns: the body, or what is left of it; ``None`` where some of it is missing, or it is in
            chunks, or too long, and nothing has happened.
        """
        body = self._body
        if self._theirs != BODY or type(body) is not LengthCutter or body.left > at_most:
            return None
        at = self._at
        self._at = end = at + body.left
        if end > len(self._buffer):
            self._at = at
            return None
        self._theirs = DONE
        self._body = None
        self._waiting = False
        return bytes(self._buffer[at:end])

    def _next_head(self) -> Event | NeedData:
        if self._at == len(self._buffer):
            return self._no_head()
        head = self._read_request(self._reader.read) if self._is_server else self._read_response()
        return self._no_head() if head is None else head.event

    def _read_request(
        self, read: Callable[[Received, int], RequestHead | None]
    ) -> RequestHead | None:
        head = read(self._buffer, self._at)
        self._at = self._reader.end
        if head is not None:
            self._head = head
            self._theirs = BODY
            self._method = head.method
            if not head.plain:
                self._take_request(head)
        return head

    def _read_response(self) -> ResponseHead | None:
        if self._ours == HEAD:
            raise BadMessage("a response to no request")
        head: ResponseHead | None = self._reader.read(self._buffer, self._at)
        self._at = self._reader.end
        if head is not None:
            self._take_response(head)
        return head

    def _refuse(self, refusal: BadMessage) -> None:
        # Not the error itself: its traceback refers to this connection.
        self._refusal = BadMessage(str(refusal), status_hint=refusal.status_hint)
        self._theirs = OVER
        self._last = True

    def _need_data(self) -> NeedData:
        self._buffer = b""  # a connection that waits keeps nothing
        self._at = 0
        return NEED_DATA

    def _no_head(self) -> Event | NeedData:
        if not self._eof:
            return NEED_DATA if self._at < len(self._buffer) else self._need_data()
        between = self._ours == HEAD or self._is_server
        if between and self._at == len(self._buffer):
            self._theirs = OVER
            self._last = True
            return _CLOSED
        raise BadMessage("the stream ended before the message did")

    def _take_request(self, head: RequestHead) -> None:
        facts = head.facts
        if facts.close:
            self._last = True
        if head.length:
            self._begin_body(head.length)
            self._waiting = facts.expects
        self._proposed = facts.upgrade or self._method == "CONNECT"

    def _take_response(self, head: ResponseHead) -> None:
        response = head.event
        facts = head.facts
        if isinstance(response, InformationalResponse):
            if response.status == 101:
                if not self._proposed or self._method == "CONNECT" or self._ours != DONE:
                    raise BadMessage("another protocol, which nobody asked for")
                self._switch()
            elif response.status == 100:
                self._waiting = False
            return
        assert isinstance(response, Response)
        self._head = head
        self._waiting = False
        if self._method == "CONNECT" and 200 <= response.status < 300:
            self._switch()
            return
        self._proposed = False
        self._theirs = BODY
        if facts.close:
            self._last = True
        if head.length and self._method != "HEAD":
            self._begin_body(head.length)

    def _begin_body(self, length: int) -> None:
        if length > 0:
            self._body = LengthCutter(length)
        elif length == CHUNKED:
            self._body = ChunkedCutter(self._limits, self._parser)
        else:
            self._body = UntilEndCutter()
            self._last = True

    def _next_body(self, body: BodyCutter) -> Event | NeedData:
        if not body.done:
            piece = body.cut(self._buffer, self._at)
            self._at = body.end
            if piece:
                self._waiting = False
                return Data(bytes(piece))
        if not body.done:
            if not self._eof:
                return NEED_DATA
            if not isinstance(body, UntilEndCutter):
                raise BadMessage("the stream ended before the message did")
        return self._end_message(EndOfMessage(body.trailers) if body.trailers else _END)

    def _end_message(self, end: EndOfMessage) -> EndOfMessage:
        self._theirs = DONE
        self._body = None
        self._waiting = False
        return end
