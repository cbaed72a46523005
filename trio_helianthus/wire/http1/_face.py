"""The face of an HTTP/1.1 connection, the same for every engine behind it."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from .._contract import NeedData, Paused
from ._events import Event

__all__ = ["HTTP1Connection", "Role"]


class Role(Enum):
    """Which side of the connection we are."""

    CLIENT = "client"
    SERVER = "server"


class HTTP1Connection(Protocol):
    """One side of an HTTP/1.1 connection; keeps the contract of ``wire.WireProtocol``.

    A connection is a row of *cycles*: one request and its response each. While the peer's message
    of this cycle is complete and ours is not, or :meth:`start_next_cycle` was not called yet,
    :meth:`next_event` answers ``PAUSED`` if the peer has sent more (a pipelined request), otherwise
    ``NEED_DATA``, or :class:`ConnectionClosed` once it has ended its stream.

    After the end of a request with ``Upgrade`` or the method CONNECT, ``PAUSED`` also waits for the
    server's answer. With 101, or a 2xx to CONNECT, the connection has left HTTP for good:
    :attr:`switched` is true, ``PAUSED`` is all that comes, and :attr:`trailing_data` starts the
    next protocol. Any other answer leads back to HTTP.
    """

    @property
    def role(self) -> Role:
        """Which side we are."""
        ...

    def receive_data(self, data: bytes, /) -> None:
        """Hand over bytes that came from the peer; empty ``data`` does nothing.

        :raises LocalProtocolError: after :meth:`receive_eof`.
        """

    def receive_eof(self) -> None:
        """Say that the peer has ended its stream. Saying it twice changes nothing."""

    def next_event(self) -> Event | NeedData | Paused:
        """Parse and return the next event.

        A server gets :class:`Request`, :class:`Data`, :class:`EndOfMessage`; a client gets
        :class:`InformationalResponse`, :class:`Response`, :class:`Data`, :class:`EndOfMessage`;
        both get :class:`ConnectionClosed`, and get it again when they ask again.

        :returns: an event, ``NEED_DATA`` or ``PAUSED``.
        :raises BadMessage: the peer broke the protocol or (:exc:`MessageTooLarge`) a limit. A
            server answers ``status_hint`` where :attr:`can_answer` says that it may, then closes.
        """
        ...

    def send(self, *events: Event) -> bytes:
        """Return the bytes that tell ``events`` to the peer; the caller must send all of them.

        Head and body of a small response in one call go out in one piece. An empty :class:`Data`
        is no bytes. The engine adds what RFC 9112 demands and the caller left out:
        ``Connection: close`` where this is the last response, ``Transfer-Encoding`` as told at
        :class:`Response`.

        A head that is refused because of what stands in it leaves the connection as it was, if it
        was the first of ``events``, so that a server can answer 500 instead. Any other refusal
        means that nothing more can be sent.

        :raises LocalProtocolError: malformed, or not allowed here now: a body longer or shorter
            than its ``Content-Length``, a body where none may be, trailers without chunks, both
            ``Content-Length`` and ``Transfer-Encoding``.
        """
        ...

    def start_next_cycle(self) -> None:
        """Go on to the next request on this connection.

        :raises LocalProtocolError: unless :attr:`can_reuse`.
        """

    @property
    def can_reuse(self) -> bool:
        """Whether :meth:`start_next_cycle` may be called.

        True when both messages of the cycle are complete and nobody wants to close. For a client
        also: the peer has sent nothing since, and has not ended its stream.
        """
        ...

    @property
    def must_close(self) -> bool:
        """Whether this cycle is the last, however it goes on.

        True as soon as it is known: a head with ``Connection: close`` was received or sent, the
        peer speaks HTTP/1.0 (``keep-alive`` is not offered to it), a body ends with the stream,
        the peer broke the protocol, the peer ended its stream and no request is left in the
        buffer, or a send was refused half-way.
        """
        ...

    @property
    def can_answer(self) -> bool:
        """Whether a server may still send a final response in this cycle.

        This is so until one has begun, and also after the peer broke the protocol or sent nothing
        yet (a 408). Always false for a client.
        """
        ...

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for ``100 Continue``, or a final answer, before its body.

        False again after either of them was sent, or when the body comes without (RFC 9110,
        section 10.1.1).
        """
        ...

    @property
    def switched(self) -> bool:
        """Whether the connection has left HTTP after an upgrade or CONNECT."""
        ...

    @property
    def buffered(self) -> int:
        """How many received bytes are waiting to be parsed; stop receiving above your cap."""
        ...

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        """What was received but not parsed, and whether the stream ended behind it.

        Once :attr:`switched`, these are the first bytes of the next protocol.
        """
        ...
