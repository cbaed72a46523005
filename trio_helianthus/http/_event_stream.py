"""The body of an answer that sends events as they happen, and a sign of life where none do."""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, Final

import trio

from trio_helianthus import core

from ._pieces import close_source
from ._server_sent_event import COMMENT, ServerSentEvent, encode_event, encode_retry

__all__ = ["EventStream"]

MAX_TOGETHER: Final = 64
"""How many events that are waiting in a channel leave in one piece."""


class EventStream:
    """Bytes of events, for a server to iterate over and to close.

    A source must not be cancelled just because it is silent: for an async generator that would be
    the end. So one task asks the source, and another waits with a limit. That of a memory channel,
    of which no cancelled wait takes anything, needs no task.

    :param source: is closed in any case.
    """

    def __init__(
        self, source: AsyncIterable[ServerSentEvent | str], *, ping: float, retry: float | None
    ) -> None:
        if not isinstance(source, AsyncIterable):
            raise TypeError(f"events come from an async iterable, not {type(source).__name__}")
        if not ping > 0:
            raise ValueError(f"ping must be positive, got {ping}")
        if retry is not None and not 0 <= retry < 1e9:
            raise ValueError(f"retry must be seconds, at least 0, got {retry}")
        self._source = source
        self._ping = ping
        self._first = b"" if retry is None else encode_retry(retry)
        self._asking: _Asking | None = None
        self._closed = False

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise StopAsyncIteration
        if self._first:
            first, self._first = self._first, b""
            return first
        if isinstance(self._source, trio.MemoryReceiveChannel):
            return await self._receive(self._source)
        if self._asking is None:
            self._asking = _Asking(self._source)
        with trio.move_on_after(self._ping):
            return _encode(await self._asking.next())
        return COMMENT

    async def aclose(self) -> None:
        """Close the source, behind its last step."""
        if self._closed:
            return
        self._closed = True
        if self._asking is not None:
            await self._asking.stop()
        else:
            await close_source(self._source)

    async def _receive(self, channel: trio.MemoryReceiveChannel[Any]) -> bytes:
        """Everything that is there, or what comes next."""
        waiting: list[bytes] = []
        try:
            while len(waiting) < MAX_TOGETHER:
                waiting.append(_encode(channel.receive_nowait()))
        except trio.EndOfChannel:
            if not waiting:
                raise StopAsyncIteration from None
        except trio.WouldBlock:
            if not waiting:
                return await self._wait(channel)
        await trio.lowlevel.checkpoint_if_cancelled()
        return b"".join(waiting)

    async def _wait(self, channel: trio.MemoryReceiveChannel[Any]) -> bytes:
        try:
            with trio.move_on_after(self._ping):
                return _encode(await channel.receive())
        except trio.EndOfChannel:
            raise StopAsyncIteration from None
        return COMMENT


class _Asking:
    """Asks a source for one event after the other, each when it is wanted, in a task of its own.

    The task does not outlive :meth:`stop`, which waits for its end as a nursery would. A nursery
    itself could not stay open between two steps of an iteration.
    """

    def __init__(self, source: AsyncIterable[ServerSentEvent | str]) -> None:
        self._source = source
        self._scope = trio.CancelScope()
        self._asked = False
        self._wanted = trio.Event()
        self._there = trio.Event()
        self._ended = trio.Event()
        self._event: ServerSentEvent | str | None = None
        self._error: BaseException | None = None
        trio.lowlevel.spawn_system_task(
            self._run, name="server-sent events", context=contextvars.copy_context()
        )

    async def next(self) -> ServerSentEvent | str:
        """Wait for the next event. Where that is cancelled, the next call gets it."""
        if not self._asked:
            self._asked = True
            self._wanted.set()
        await self._there.wait()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        event, self._event = self._event, None
        if event is None:
            raise StopAsyncIteration
        self._asked = False
        self._there = trio.Event()
        return event

    async def stop(self) -> None:
        """Cancel the task, and wait until it has closed the source."""
        self._scope.cancel(reason="the events are not wanted any more")
        with trio.CancelScope(shield=True):
            await self._ended.wait()
        error, self._error = self._error, None
        if isinstance(error, Exception):
            core.report_error(error, where="closing the source of server-sent events")
        elif error is not None:
            raise error
        await trio.lowlevel.checkpoint_if_cancelled()

    async def _run(self) -> None:
        try:
            with self._scope:
                try:
                    await self._ask(aiter(self._source))
                finally:
                    await close_source(self._source)  # noqa: ASYNC102 - it shields what it must
        except BaseException as exc:  # noqa: ASYNC103 - raised by next() or stop(), not up here
            self._error = exc
        finally:
            self._there.set()
            self._ended.set()

    async def _ask(self, events: AsyncIterator[ServerSentEvent | str]) -> None:
        while True:
            await self._wanted.wait()
            self._wanted = trio.Event()
            try:
                self._event = await anext(events)
            except StopAsyncIteration:
                return
            if self._event is None:
                raise TypeError("an event is a ServerSentEvent or a str, not None")
            self._there.set()


def _encode(event: ServerSentEvent | str) -> bytes:
    if isinstance(event, str):
        event = ServerSentEvent(event)
    elif not isinstance(event, ServerSentEvent):
        raise TypeError(f"an event is a ServerSentEvent or a str, not {type(event).__name__}")
    return encode_event(event)
