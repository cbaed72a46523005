"""The requests that arrive on one connection: heads, bodies, and what is thrown away."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Final

import trio

from trio_helianthus.errors import NetworkError
from trio_helianthus.net import ByteStream
from trio_helianthus.wire import NEED_DATA, http1

from ._http_errors import HTTPError
from ._inbox import Inbox
from ._limits import ServerLimits
from ._request_body import RequestBody

__all__ = ["Incoming"]

DISCARDED_PIECES: Final = 256
"""How many pieces of an unread body are thrown away at once, while no other task can run."""


class Incoming:
    """Takes from the inbox, lets the engine parse, and keeps the times.

    :param engine: the connection's; whoever answers shares it, in the same task.
    :param inbox: filled by the task that receives.
    :param send: sends bytes to the client; for ``100 Continue``.
    """

    def __init__(
        self,
        engine: http1.HTTP1Connection,
        inbox: Inbox,
        limits: ServerLimits,
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._inbox = inbox
        self._limits = limits
        self._send = send
        self._complete = True
        self._body_left: float = 0
        self._failed = False
        self._waiting = False
        self._fed = 0
        self._silence = min(limits.header_timeout, limits.idle_timeout)

    @property
    def idle(self) -> bool:
        """Whether the connection rests between two requests."""
        return self._waiting and self._inbox.empty

    @property
    def consumed(self) -> int:
        """How many of the bytes that were received belong to requests so far."""
        return self._fed - self._engine.buffered

    async def wait_request(self) -> bool:
        """Wait for the first byte of a request; false when the client stays silent for too long."""
        if not self._engine.buffered:
            self._waiting = True
            with trio.move_on_after(self._silence):
                await self._inbox.wait_some()
            self._waiting = False
            self._silence = self._limits.idle_timeout
        return self._engine.buffered > 0 or not self._inbox.empty

    async def receive_head(self) -> http1.Request | None:
        """Wait for the head of a request; ``None`` when the client has ended the connection.

        :raises HTTPError: the answer to a head that is malformed or too slow.
        """
        event = await self._next_event(self._limits.header_timeout)
        if not isinstance(event, http1.Request):
            return None
        self._complete = False
        length = _announced_length(event)
        self._body_left = math.inf if length is None else length
        return event

    def body_of(self, head: http1.Request) -> RequestBody:
        """The body that follows a head."""
        return RequestBody(
            self._receive_body,
            max_bytes=self._limits.max_body_bytes,
            length=_announced_length(head),
        )

    @property
    def is_the_last(self) -> bool:
        """Whether no request can follow: this one is malformed or was too slow, or its client
        waits to be told to send the body at all.
        """
        return self._failed or self._engine.expects_continue

    def can_finish(self) -> bool:
        """Throw away what has arrived of the body, and tell whether the connection can go on.

        It cannot when too much is still to come, or when :attr:`is_the_last`.
        """
        if self.is_the_last:
            return False
        try:
            for _ in range(DISCARDED_PIECES):
                if self._complete:
                    break
                event = self._engine.next_event()
                if event is NEED_DATA and not self._inbox.empty:
                    self._feed()
                elif event is NEED_DATA:
                    break
                else:
                    self._note(event)
        except http1.BadMessage:
            return False
        return self._complete or self._body_left <= self._limits.max_discard_bytes

    async def finish(self) -> bool:
        """Throw away the rest of the body; false when the connection cannot go on."""
        return self._complete or await self._discard_rest()

    async def linger(self, stream: ByteStream) -> None:
        """Let a client that is still sending come to its end, so that it reads our last answer.

        Closing a socket with unread bytes resets the connection, and the reset can overtake the
        answer (:rfc:`9112` section 9.6).
        """
        all_taken = self._inbox.empty and not self._engine.buffered
        if self._complete and not self._failed and all_taken:
            return
        discarded = 0
        with trio.move_on_after(self._limits.linger_timeout):
            if isinstance(stream, trio.abc.HalfCloseableStream):
                try:
                    await stream.send_eof()
                except NetworkError:
                    return
            while not self._inbox.ended and discarded < self._limits.linger_bytes:
                await self._inbox.wait_some()
                discarded += len(self._inbox.take())

    async def _discard_rest(self) -> bool:
        discarded = 0
        with trio.move_on_after(self._limits.body_timeout):  # for all of it: nobody wants it
            try:
                while not self._complete and discarded <= self._limits.max_discard_bytes:
                    discarded += len(await self._receive_body())
                    await trio.lowlevel.checkpoint()
            except HTTPError:
                return False
        return self._complete

    async def _receive_body(self) -> bytes:
        if self._engine.expects_continue:
            go_on = http1.InformationalResponse(100, reason=b"Continue")
            await self._send(self._engine.send(go_on))
        while not self._complete:
            event = await self._next_event(self._limits.body_timeout)
            if data := self._note(event):
                return data
        return b""

    def _note(self, event: object) -> bytes:
        """Keep count of a request's events; the data of one, if it has any."""
        if isinstance(event, http1.Data):
            self._body_left -= len(event.data)
            return event.data
        self._complete = True
        return b""

    async def _next_event(self, timeout: float) -> object:
        """The engine's next event.

        :param timeout: seconds until the event is complete.
        :raises HTTPError: the answer to a request that is malformed or too slow.
        """
        deadline = trio.current_time() + timeout
        try:
            while (event := self._engine.next_event()) is NEED_DATA:
                if self._inbox.empty:
                    with trio.fail_at(deadline):
                        await self._inbox.wait_some()
                self._feed()
        except http1.BadMessage as exc:
            self._failed = True
            raise HTTPError(exc.status_hint) from exc
        except trio.TooSlowError as exc:
            self._failed = True
            raise HTTPError(408) from exc
        return event

    def _feed(self) -> None:
        data = self._inbox.take()
        if data:
            self._fed += len(data)
            self._engine.receive_data(data)
        else:
            self._engine.receive_eof()


def _announced_length(head: http1.Request) -> int | None:
    """How long the body is going to be; ``None`` for a chunked one."""
    length = 0
    for name, value in head.headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length
