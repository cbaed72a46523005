"""What another server tells of one request: its body, and that its client has left."""

from __future__ import annotations

import trio

from trio_helianthus import http

from ._messages import Message, Receive

__all__ = ["Inbox"]


class Inbox:
    """Receives the messages of one request.

    One task receives at a time: :meth:`watch` the first message, then whoever reads the body, and
    behind its end :meth:`watch` again.

    :param has_body: false where the head says that there is none.
    :param waits_for_reader: nothing is to be received before somebody reads the body, as that
        tells the client to send it.
    """

    def __init__(self, receive: Receive, *, has_body: bool, waits_for_reader: bool) -> None:
        self.disconnected = trio.Event()
        """Whether the client has left."""
        self._receive = receive
        self._first: Message | None = None
        self._first_came = trio.Event()
        self._body_is_over = trio.Event()
        if not has_body:
            self._body_is_over.set()
        self._waits_for_reader = waits_for_reader

    async def watch(self) -> None:
        """Wait for the client to go away."""
        if not self._waits_for_reader:
            self._first = await self._receive()
            self._first_came.set()
            self._note(self._first)
        if not self._body_is_over.is_set():
            await self._body_is_over.wait()
        while not self.disconnected.is_set():
            self._note(await self._receive())

    async def receive_piece(self) -> bytes:
        """Wait for the next piece of the body; ``b""`` is its end."""
        while self._first is not None or not self._body_is_over.is_set():
            message = await self._next()
            self._note(message)
            if message["type"] == "http.disconnect":
                raise http.HTTPError(400, "the client left before its request was complete")
            if data := message.get("body", b""):
                return bytes(data)
        return b""

    async def _next(self) -> Message:
        if self._waits_for_reader:
            return await self._receive()
        await self._first_came.wait()
        message, self._first = self._first, None
        return await self._receive() if message is None else message

    def _note(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self.disconnected.set()
            self._body_is_over.set()
        elif not message.get("more_body"):
            self._body_is_over.set()
