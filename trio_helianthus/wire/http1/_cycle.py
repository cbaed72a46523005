"""Where a cycle stands: the states of one request with its response, and what follows from them."""

from __future__ import annotations

from enum import Enum
from typing import Final

from trio_helianthus.errors import LocalProtocolError

from ._framing import BodyCutter, Received
from ._head import CHUNKED, Head
from ._refusals import BadMessage

__all__ = ["BODY", "DONE", "HEAD", "OVER", "Cycle", "Role"]

# How far a message of this cycle is, theirs or ours.
HEAD: Final = 0
BODY: Final = 1
DONE: Final = 2
OVER: Final = 3  # nothing more comes, or nothing more can be said
_NAMES: Final = ("head", "body", "done", "over")


class Role(Enum):
    """Which side of the connection we are."""

    CLIENT = "client"
    SERVER = "server"


class Cycle:
    """One cycle after the other, and what can be asked about them."""

    __slots__ = (
        "_at",
        "_body",
        "_buffer",
        "_eof",
        "_head",
        "_is_server",
        "_last",
        "_left",
        "_method",
        "_ours",
        "_proposed",
        "_refusal",
        "_switched",
        "_theirs",
        "_waiting",
    )

    def __init__(self, role: Role) -> None:
        self._is_server = role is Role.SERVER
        self._buffer: Received = b""
        self._at = 0  # what is before this place was taken
        self._eof = False
        self._refusal: BadMessage | None = None
        self._last = False  # no cycle follows this one
        self._switched = False
        # This cycle:
        self._theirs: int = HEAD
        self._ours: int = HEAD
        self._head: Head | None = None  # theirs
        self._body: BodyCutter | None = None  # theirs, where there is one
        self._left = 0  # of our body; or CHUNKED, UNTIL_END
        self._method = ""  # of the request, whoever sent it
        self._proposed = False  # to leave HTTP
        self._waiting = False  # for 100 Continue

    def __repr__(self) -> str:
        return (
            f"<HTTP1Connection {self.role.value}: theirs={_NAMES[self._theirs]} "
            f"ours={_NAMES[self._ours]}{' switched' if self._switched else ''}>"
        )

    def start_next_cycle(self) -> None:
        """Go on to the next request on this connection.

        :raises LocalProtocolError: unless :attr:`can_reuse`.
        """
        as_usual = self._ours == self._theirs == DONE and self._is_server
        if (self._last or self._eof or not as_usual) and not self.can_reuse:
            raise LocalProtocolError(f"there is no next cycle: {self!r}")
        self._theirs = self._ours = HEAD
        self._head = None
        self._method = ""
        self._proposed = False

    def next_cycle(self) -> bool:
        """Go on to the next request on this connection, if there can be one.

        For a server that has sent its answer: :meth:`start_next_cycle`, unless :attr:`must_close`.
        """
        if self._last or self._eof:
            if self.must_close:
                return False
        elif self._ours == self._theirs == DONE and self._is_server:
            self._theirs = self._ours = HEAD
            self._head = None
            self._method = ""
            self._proposed = False
            return True
        self.start_next_cycle()
        return True

    @property
    def role(self) -> Role:
        """Which side we are."""
        return Role.SERVER if self._is_server else Role.CLIENT

    @property
    def can_reuse(self) -> bool:
        """Whether :meth:`start_next_cycle` may be called.

        True when both messages of the cycle are complete and nobody wants to close. For a client
        also: the peer has sent nothing since, and has not ended its stream.
        """
        return (
            self._ours == DONE
            and self._theirs == DONE
            and not self.must_close
            and (self._is_server or self._at == len(self._buffer))
        )

    @property
    def must_close(self) -> bool:
        """Whether this cycle is the last, however it goes on.

        True as soon as it is known: a head with ``Connection: close`` was received or sent, the
        peer speaks HTTP/1.0 and did not ask for ``keep-alive``, a body ends with the stream, the
        peer broke the protocol, the peer ended its stream and no request is left in the buffer, or
        a send was refused half-way.
        """
        return self._last or (self._eof and (not self._is_server or self._at == len(self._buffer)))

    @property
    def keep_alive(self) -> bool:
        """Whether the peer asked for ``keep-alive`` in the way of HTTP/1.0.

        It gets it where the answer says its length (RFC 9112, section 9.3).
        """
        return self._head is not None and self._head.facts.keep_alive

    @property
    def body_length(self) -> int | None:
        """How long the body of the peer's message is, as its head says; 0 without a body.

        ``None`` for a body in chunks, for one that ends with the stream, and before the head.
        """
        head = self._head
        if head is None:
            return None
        if not self._is_server and self._method == "HEAD":
            return 0
        return head.length if head.length >= 0 else None

    @property
    def proposes_upgrade(self) -> bool:
        """Whether the request proposes another protocol, so that 101 may follow."""
        return self._proposed and self._method != "CONNECT"

    @property
    def can_answer(self) -> bool:
        """Whether a server may still send a final response in this cycle.

        This is so until one has begun, and also after the peer broke the protocol or sent nothing
        yet (a 408). Always false for a client.
        """
        return (
            self._is_server
            and self._ours == HEAD
            and (self._theirs != OVER or self._refusal is not None)
        )

    @property
    def sends_chunks(self) -> bool:
        """Whether our body goes in chunks, so that trailers can follow it."""
        return self._ours == BODY and self._left == CHUNKED

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for ``100 Continue``, or a final answer, before its body.

        False again after either of them was sent, or when the body comes without (RFC 9110,
        section 10.1.1).
        """
        return self._waiting

    @property
    def switched(self) -> bool:
        """Whether the connection has left HTTP after an upgrade or CONNECT."""
        return self._switched

    @property
    def buffered(self) -> int:
        """How many received bytes are waiting to be parsed; stop receiving above your cap."""
        return len(self._buffer) - self._at

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        """What was received but not parsed, and whether the stream ended behind it.

        Once :attr:`switched`, these are the first bytes of the next protocol.
        """
        return bytes(self._buffer[self._at :]), self._eof

    def _switch(self) -> None:
        self._switched = self._last = True
        self._theirs = self._ours = OVER
