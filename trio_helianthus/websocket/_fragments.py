"""Messages in fragments, for content that is not all there, or too much at a time."""

from __future__ import annotations

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

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next: str | bytes | Text | Binary | None = None
        self._done = False
        self.is_text: bool = False
        """Whether it is a text message, whose fragments are ``str``."""

    async def __aenter__(self) -> Self:
        """Wait for its first fragment."""
        connection = self._connection
        connection._reader.parts = None  # a message that a cancelled receive has begun is given up
        while True:
            first = await connection._reader.take()
            if isinstance(first, (str, bytes)) or first.start:
                break
        self._next = first
        self.is_text = isinstance(first, (str, Text))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The rest of it is dropped by whoever receives next, as no start of it is known.
        self._done = True

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
        with limit(timeout, token):
            if self._done:
                await trio.lowlevel.checkpoint()
                return None
            item = self._next
            if item is None:
                item = await self._connection._reader.take()
            else:
                await checkpoint_if_cancelled()
                self._next = None
            if isinstance(item, (str, bytes)):
                self._done = True
                return item
            self._done = item.end
            return item.data


class OutgoingMessage:
    """One message that is sent in fragments; see :meth:`Connection.send_stream`."""

    def __init__(self, connection: Connection, *, is_text: bool) -> None:
        self._connection = connection
        self._is_text = is_text
        self._begun = False
        self._open = False

    async def __aenter__(self) -> Self:
        """Wait until no other message is being sent in fragments."""
        connection = self._connection
        outgoing, ending = connection._outgoing, connection._ending
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
        try:
            if exc is None:
                await self._send("" if self._is_text else b"", end=True)
            elif self._begun:
                connection._ending.begin(CloseCode.INTERNAL_ERROR, "a message was cut")
        except BaseException:
            connection._ending.begin(CloseCode.INTERNAL_ERROR, "a message was cut")
            raise
        finally:
            connection._outgoing.release()

    async def send(
        self,
        fragment: str | bytes | bytearray | memoryview,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send a fragment; one task at a time.

        :raises TypeError: ``bytes`` in a text message, or ``str`` in a binary one.
        :raises ResourceClosed: the message is complete already.
        :raises: what :meth:`Connection.send` raises.
        """
        if not self._open:
            raise ResourceClosed("this message is complete")
        with limit(timeout, token):
            await self._send(fragment, end=False)

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
