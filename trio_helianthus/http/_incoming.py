"""The requests that arrive on one connection: heads, bodies, and what is thrown away."""

from __future__ import annotations

import math
from typing import Final, Protocol

import trio

from trio_helianthus.errors import NetworkError
from trio_helianthus.net import ByteStream
from trio_helianthus.wire import NEED_DATA, http1

from ._headers import Headers
from ._http_errors import HTTPError
from ._limits import ServerLimits
from ._outgoing import Outgoing
from ._request_body import RequestBody

__all__ = ["Incoming"]

DISCARDED_PIECES: Final = 256
"""How many pieces of an unread body are thrown away at once, while no other task can run."""


class Receiver(Protocol):
    """Whoever receives."""

    async def receive(self) -> bytes:
        """Wait for the next bytes; ``b""`` is the end of the stream."""
        ...


class Incoming:
    """Lets the engine parse what is received, and keeps the times of bodies.

    :param engine: the connection's; whoever answers shares it, in the same task.
    :param receiver: where the bytes come from.
    :param outgoing: for ``100 Continue``.
    """

    __slots__ = (
        "_body_left",
        "_came",
        "_counted",
        "_engine",
        "_limits",
        "_outgoing",
        "_receiver",
        "_waited",
        "complete",
        "consumed",
        "failed",
        "trailers",
    )

    def __init__(
        self,
        engine: http1.HTTP1Connection,
        limits: ServerLimits,
        receiver: Receiver,
        outgoing: Outgoing,
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._receiver: Receiver = receiver
        self._outgoing = outgoing
        self.complete = True
        """Whether the request that is being answered has come to its end."""
        self.trailers: Headers | None = None
        """The fields behind its body, if there were any."""
        self.consumed = 0
        """How many bytes were received."""
        self._counted = 0
        self._body_left: float = 0
        self._came = 0  # of the body, and how long it was waited for
        self._waited = 0.0
        self.failed = False
        """Whether the client's bytes make no sense any more, or came too late."""

    def close(self) -> None:
        """Let go of the connection, so that nothing is left for the garbage collector."""
        self._receiver = _ENDED

    def begin(self, length: int) -> None:
        """The head of a request with a body has come.

        :param length: of the body; negative for one that comes in chunks.
        """
        self.complete = False
        self._body_left = math.inf if length < 0 else length
        self._came = 0
        self._waited = 0.0

    def feed(self, data: bytes) -> None:
        """Give the engine what was received; ``b""`` is the end of the stream."""
        if data:
            self.consumed += len(data)
            self._engine.receive_data(data)
        else:
            self._engine.receive_eof()

    def body(self) -> RequestBody:
        """The body of the request whose head has come."""
        return RequestBody(
            self.receive_body,
            max_bytes=self._limits.max_body_bytes,
            length=self._engine.body_length,
            trailers=self.get_trailers,
        )

    def get_trailers(self) -> Headers | None:
        """The fields behind the body, if there were any."""
        return self.trailers

    def take_body(self, max_bytes: int | None) -> bytes | None:
        """The whole body, if it is there and not too long; ``None`` where it has to be read."""
        if self.complete:
            return b""
        cap = self._limits.max_body_bytes
        data = self._engine.take_body(cap if max_bytes is None else min(cap, max_bytes))
        if data is not None:
            self.complete = True
        return data

    def count(self) -> int:
        """How many of the bytes belong to this request; only for the one that was counted last."""
        consumed = self.consumed - self._engine.buffered
        counted, self._counted = self._counted, consumed
        return consumed - counted

    @property
    def is_the_last(self) -> bool:
        """Whether no request can follow: this one is malformed or was too slow, or its client
        waits to be told to send the body at all.
        """
        return self.failed or self._engine.expects_continue

    @property
    def may_be_left(self) -> bool:
        """Whether more of the request is to come than would be thrown away of it."""
        return not self.complete and self._body_left > self._limits.max_discard_bytes

    def can_finish(self) -> bool:
        """Throw away what has arrived of the body, and tell whether the connection can go on.

        It cannot when too much is still to come, or when :attr:`is_the_last`.
        """
        if self.complete and not self.failed:
            return True
        if self.is_the_last:
            return False
        try:
            for _ in range(DISCARDED_PIECES):
                if self.complete or (event := self._engine.next_event()) is NEED_DATA:
                    break
                self._note(event)
        except http1.BadMessage:
            self.failed = True
            return False
        return self.complete or self._body_left <= self._limits.max_discard_bytes

    async def finish(self) -> bool:
        """Throw away the rest of the body; false when the connection cannot go on."""
        return self.complete or await self._discard_rest()

    async def linger(self, stream: ByteStream) -> None:
        """Let a client that is still sending come to its end, so that it reads our last answer.

        Closing a socket with unread bytes resets the connection, and the reset can overtake the
        answer (:rfc:`9112` section 9.6).
        """
        if self.complete and not self.failed and not self._engine.buffered:
            return
        discarded = 0
        with trio.move_on_after(self._limits.linger_timeout):
            try:
                if isinstance(stream, trio.abc.HalfCloseableStream):
                    await stream.send_eof()
                while discarded < self._limits.linger_bytes:
                    data = await self._receiver.receive()
                    if not data:
                        break
                    discarded += len(data)
            except NetworkError:
                return

    async def _discard_rest(self) -> bool:
        discarded = 0
        with trio.move_on_after(self._limits.body_timeout):  # for all of it: nobody wants it
            try:
                while not self.complete and discarded <= self._limits.max_discard_bytes:
                    discarded += len(await self.receive_body())
                    await trio.lowlevel.checkpoint()
            except HTTPError:
                return False
        return self.complete

    async def receive_body(self) -> bytes:
        """Wait for the next piece of the body; ``b""`` is its end.

        :raises HTTPError: 400 where it is malformed or ends early, 408 where it is too slow.
        """
        if self._engine.expects_continue:
            go_on = http1.InformationalResponse(100, reason=b"Continue")
            await self._outgoing.send(self._engine.send(go_on))
        while not self.complete:
            try:
                while (event := self._engine.next_event()) is NEED_DATA:
                    await self._receive_in_time()
            except http1.BadMessage as exc:
                self.failed = True
                raise HTTPError(exc.status_hint) from exc
            if data := self._note(event):
                return data
        return b""

    async def _receive_in_time(self) -> None:
        """Wait for more of the body, as long as it comes fast enough."""
        with trio.move_on_after(self._time_for_more()):
            began = trio.current_time()
            data = await self._receiver.receive()
            self._waited += trio.current_time() - began
            self._came += len(data)
            self.feed(data)
            return
        self.failed = True
        raise HTTPError(408)

    def _time_for_more(self) -> float:
        at_once, rate = self._limits.body_timeout, self._limits.min_body_rate
        if not rate:
            return at_once
        return min(at_once, max(0.0, at_once + self._came / rate - self._waited))

    def _note(self, event: object) -> bytes:
        """Keep count of a request's events; the data of one, if it has any."""
        if type(event) is http1.Data:
            self._body_left -= len(event.data)
            return event.data
        if isinstance(event, http1.EndOfMessage) and event.trailers:
            self.trailers = Headers.from_wire(event.trailers)
        self.complete = True
        return b""


class _Ended:
    """Stands for a connection that has ended."""

    async def receive(self) -> bytes:
        await trio.lowlevel.checkpoint()
        return b""


_ENDED: Final = _Ended()
