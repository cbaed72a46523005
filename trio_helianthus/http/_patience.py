"""How long a connection waits, for what, and whether its client is still there."""

from __future__ import annotations

import math
from typing import Final

import trio

from trio_helianthus import core
from trio_helianthus.net import ByteStream, PeerState

from ._http_errors import HTTPError
from ._limits import ServerLimits

__all__ = ["NOTHING", "REQUEST", "REST_OF_HEAD", "WRITE_PIECE", "Patience"]


NOTHING: Final = 0
REQUEST: Final = 1
REST_OF_HEAD: Final = 2
WRITE_PIECE: Final = 64 * 1024
"""How many bytes of an answer ``write_timeout`` allows for."""


class Patience:
    """One scope and one alarm for all that a connection may wait for.

    The connection's task says what it is about to wait for; that stores a number for the alarm.
    When the time is up, or the client is gone, the scope is cancelled, and :attr:`verdict` says
    what is to be answered, if anything is.

    A client that ends its side of the stream may be gone, or may be waiting for its answer. Its
    handler goes on for ``half_close_grace`` seconds, and as long as the client takes what it is
    sent.
    """

    __slots__ = (
        "_alarm",
        "_disconnected",
        "_grace_ends",
        "_handler_ends",
        "_limits",
        "_sent_at_grace",
        "_sent_at_write",
        "_silence",
        "_stream",
        "_write_ends",
        "answer_begun",
        "awaited",
        "client_ended",
        "handles",
        "is_cut",
        "receiving",
        "scope",
        "verdict",
    )

    def __init__(self, stream: ByteStream, limits: ServerLimits) -> None:
        self.scope = trio.CancelScope()
        """Everything that the connection does."""
        self.is_cut = False
        """Whether the scope was cancelled from here."""
        self.verdict: HTTPError | None = None
        """Why the scope was cancelled, where the client is to be told."""
        self.receiving = False
        """Whether the handler waits for its request's body, to be set by whoever receives."""
        self.answer_begun = False
        """Whether the handler has its answer, to be reset for each request."""
        self.awaited: int = NOTHING
        """What is to be received between two requests; to be reset by whoever has received it."""
        self.handles = False
        """Whether a handler runs whose client still waits for the answer, or for its end."""
        self.client_ended = False
        """Whether the client has ended its side of the stream."""
        self._stream = stream
        self._limits = limits
        self._alarm = core.Alarm(self._overdue)
        self._handler_ends = self._write_ends = self._grace_ends = math.inf
        self._silence = min(limits.idle_timeout, limits.header_timeout)
        self._sent_at_grace = self._sent_at_write = 0
        self._disconnected: trio.Event | None = None

    def close(self) -> None:
        """The connection has ended, or goes on without HTTP."""
        self._alarm.close()
        self.scope.deadline = math.inf
        self._stream.watch_peer(None)

    def cut(self, reason: str) -> None:
        """End everything that the connection does."""
        self.is_cut = True
        self.scope.cancel(reason=reason)

    # ---- what is waited for

    def wait_for_request(self, first: bool) -> None:
        """Nothing of a request has come.

        :param first: nor of another before it.
        """
        seconds = self._silence if first else self._limits.idle_timeout
        self._alarm.set(trio.current_time() + seconds)
        self.awaited = REQUEST

    def hurry(self) -> None:
        """The server drains: a first request that has not begun has little time left."""
        self._alarm.set(min(self._alarm.at, trio.current_time() + self._limits.drain_grace))

    def wait_for_head(self, began: float) -> None:
        """A part of a head has come.

        :param began: when it was first seen.
        """
        self._alarm.set(began + self._limits.header_timeout)
        self.awaited = REST_OF_HEAD

    def begin_handler(self, *, answered: bool) -> None:
        """A handler, or the sending of its answer, waits for the first time.

        :param answered: it goes on behind its answer.
        """
        self.handles = not answered
        if self.handles:
            if not self.answer_begun:
                self._handler_ends = trio.current_time() + self._limits.handler_timeout
            if self.client_ended or self._stream.peer_state:
                self.note_peer(self._stream.peer_state)
        self._set_alarm()

    def begin_answer(self) -> None:
        """The handler has its answer: its own time is over, and perhaps too late for a verdict."""
        self.answer_begun = True
        self.verdict = None
        self._handler_ends = math.inf

    def end_answer(self) -> None:
        """The answer is complete, and the client may leave, whatever the handler does now."""
        self.handles = False
        self._handler_ends = self._grace_ends = math.inf

    def end_handler(self) -> None:
        """The request is over."""
        self.end_answer()
        self._set_alarm()  # a task of its own may still send

    def time_write(self, begins: bool) -> None:
        """The client has to take a piece of an answer, or has taken it."""
        limit = self._limits.write_timeout
        self._write_ends = trio.current_time() + limit if begins else math.inf
        self._sent_at_write = self._stream.bytes_sent
        if not self.awaited:
            self._set_alarm()

    def _set_alarm(self) -> None:
        self._alarm.set(min(self._handler_ends, self._write_ends, self._grace_ends))

    def _overdue(self) -> None:
        now = trio.current_time()
        if self.awaited:
            if self.awaited == REST_OF_HEAD:
                self.verdict = HTTPError(408)
            self.cut("the client has not sent a request in time")
        elif now >= self._write_ends:
            if self._stream.bytes_sent >= self._sent_at_write + WRITE_PIECE:
                self.time_write(True)  # for the next piece
            else:
                self.cut("the client does not read")
        elif now >= self._grace_ends:
            if self._stream.bytes_sent > self._sent_at_grace:
                self._begin_grace()  # it still reads
            else:
                self.cut("the client has ended the connection")
        elif now >= self._handler_ends:
            if self.receiving:
                self.verdict = HTTPError(408)
            else:
                self.verdict = HTTPError(503, "the handler took too long")
            self.cut("the handler took too long")
        else:
            self._set_alarm()

    # ---- who is there

    def note_peer(self, state: PeerState) -> None:
        """The client has ended its side, or is gone. May be called from the scheduler."""
        self.client_ended = True
        if self.handles:  # else the next receive finds out
            if state is PeerState.GONE:
                self.cut("the client has reset the connection")
            elif self._grace_ends == math.inf:
                self._begin_grace()
        if self._disconnected is not None:
            self._disconnected.set()

    def note_lost(self, error: Exception) -> None:
        """The client cannot be reached."""
        self.cut(f"the client is gone: {error}")

    async def wait_disconnect(self) -> None:
        """Wait until the client has ended its side of the connection."""
        if self.client_ended:
            return  # at once: who only asks may have cancelled the wait beforehand
        if self._disconnected is None:
            self._disconnected = trio.Event()
        await self._disconnected.wait()

    def _begin_grace(self) -> None:
        self._sent_at_grace = self._stream.bytes_sent
        self._grace_ends = trio.current_time() + self._limits.half_close_grace
        self._set_alarm()
