"""Messages in fragments, for content that is not all there, or too much at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import limit
from trio_helianthus.errors import NetworkError, ResourceClosed
from trio_helianthus.wire.websocket import Binary, CloseCode, Text

if TYPE_CHECKING:
    from types import TracebackType

    from trio_helianthus.core import CancelToken

    from ._connection import Connection

__all__ = ["IncomingMessage", "OutgoingMessage"]


class IncomingMessage:
    """One message, as its fragments come; see :meth:`Connection.receive_stream`."""

    def __init__(
        self, connection: Connection, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        self._connection = connection
        self._timeout = timeout
        self._token = token
        self._early = deque["str | bytes | Text | Binary"]()
        self._done = False
        self.is_text: bool = False
        """Whether it is a text message, whose fragments are ``str``."""

    async def __aenter__(self) -> Self:
        """Wait for its first fragment."""
        reader = self._connection._reader
        with limit(self._timeout, self._token):
            reader.check_free()
            if reader.parts is not None:  # of a receive that was cancelled
                await checkpoint_if_cancelled()
                make = Text if isinstance(reader.parts[0], str) else Binary
                self._early.extend(make(part, end=False) for part in reader.parts)
                reader.parts = None
            while not self._early:
                item = await reader.take()
                if isinstance(item, (str, bytes)) or item.start:
                    self._early.append(item)
        first = self._early[0]
        self.is_text = isinstance(first, (str, Text))
        if not isinstance(first, (str, bytes)):
            reader.streaming = self
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The rest of it is dropped by whoever receives next, as no start of it is known.
        self._end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        fragment = await self.receive()
        if fragment is None:
            raise StopAsyncIteration
        return fragment

    async def receive(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str | bytes | None:
        """Receive the next fragment.

        :returns: ``None`` behind the last one.
        :raises: what :meth:`Connection.receive` raises.
        """
        connection = self._connection
        with connection._report("receive") as report, limit(timeout, token):
            if self._done:
                await trio.lowlevel.checkpoint()
                return None
            if self._early:
                await checkpoint_if_cancelled()
                item = self._early.popleft()
            else:
                item = await connection._reader.take(self)
            if isinstance(item, (str, bytes)):
                data, is_last = item, True
            else:
                data, is_last = item.data, item.end
            if is_last:
                self._end()
            if report is not None:
                report.bytes_received = len(data)
            return data

    def _end(self) -> None:
        self._done = True
        reader = self._connection._reader
        if reader.streaming is self:
            reader.streaming = None


class OutgoingMessage:
    """One message that is sent in fragments; see :meth:`Connection.send_stream`."""

    def __init__(
        self,
        connection: Connection,
        *,
        is_text: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        self._connection = connection
        self._is_text = is_text
        self._timeout = timeout
        self._token = token
        self._begun = False
        self._open = False

    async def __aenter__(self) -> Self:
        """Wait until no other message is being sent in fragments."""
        connection = self._connection
        outgoing, ending = connection._outgoing, connection._ending
        with limit(self._timeout, self._token):
            await checkpoint_if_cancelled()
            while outgoing.held and not outgoing.ended:
                await outgoing.wait_for_room()
        if outgoing.ended:
            raise ending.why_no_sending()
        outgoing.hold()
        self._open = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        connection = self._connection
        self._open = False
        is_whole = False
        try:
            if exc is None:
                # As any other fragment, with no limit of its own.
                await self._send("" if self._is_text else b"", end=True)  # noqa: ASYNC102
                is_whole = True
        finally:
            if self._begun and not is_whole:
                connection._ending.begin(CloseCode.INTERNAL_ERROR, "a message was cut")
            connection._outgoing.release()

    async def send(
        self,
        fragment: str | bytes | bytearray | memoryview,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send a fragment.

        :raises TypeError: ``bytes`` in a text message, or ``str`` in a binary one.
        :raises ResourceClosed: the message is complete already.
        :raises: what :meth:`Connection.send` raises.
        """
        with self._connection._report("send") as report, limit(timeout, token):
            await self._send(fragment, end=False)
            if report is not None:
                report.bytes_sent = len(fragment)

    async def _send(self, fragment: str | bytes | bytearray | memoryview, *, end: bool) -> None:
        connection = self._connection
        outgoing, ending = connection._outgoing, connection._ending
        event: Text | Binary
        if isinstance(fragment, str) is not self._is_text:
            wanted = "str" if self._is_text else "bytes"
            raise TypeError(f"a fragment of this message has to be {wanted}")
        await checkpoint_if_cancelled()
        while outgoing.buffered >= connection.limits.send_high_water and not outgoing.ended:
            await outgoing.wait_for_room()
        if not (self._open or end):
            raise ResourceClosed("this message is complete")
        if outgoing.ended:
            raise ending.why_no_sending()
        if isinstance(fragment, str):
            event = Text(fragment, start=not self._begun, end=end)
        else:
            event = Binary(bytes(fragment), start=not self._begun, end=end)
        frame = connection._wire.send(event)
        self._begun = True
        try:
            outgoing.put(frame)
        except (NetworkError, ResourceClosed) as exc:
            raise ending.why_no_sending() from exc
        if end:
            outgoing.messages += 1
        if connection._budget.spend():
            await connection._budget.refill()
