"""Sending a request's content in pieces, in a task of its own, while the answer is received."""

from __future__ import annotations

from typing import Final

import trio

from trio_helianthus import core
from trio_helianthus.wire import http1

from ._call import Call
from ._client_connection import ClientConnection
from ._headers import Headers
from ._pieces import bytes_of, closing
from ._timeouts import Timeouts

__all__ = ["Sending"]

PIECE_BYTES: Final = 256 * 1024
"""What is sent at once, and within the time that a piece has."""
_REFUSED: Final = 300
"""An answer from here on says that the content is not wanted."""


class Sending:
    """The way of one request's content, which may still be under way when its answer comes.

    An answer that refuses it stops it (:rfc:`9112` section 9.3); so does the end of the exchange.
    What the content raises breaks the connection, and whoever waits for the answer gets it.

    It runs in the client's nursery, not in one of its own: a nursery would have to be inside of the
    limit of the answer's head, and to outlive it.

    :param timeouts: for how long the server may take none of one piece, and then say nothing.
    """

    def __init__(self, connection: ClientConnection, call: Call, timeouts: Timeouts) -> None:
        self.begun: bool = False
        """Whether the content was asked for its first piece."""
        self.error: Exception | None = None
        """What the content has raised, or the protocol has against it."""
        self._connection = connection
        self._call = call
        self._timeouts = timeouts
        self._scope = trio.CancelScope()
        self._may_begin = trio.Event()
        self._ended: trio.Event | None = None
        connection.sender = self
        if not call.expect_continue:
            self._may_begin.set()

    async def send_head(self, more: tuple[tuple[bytes, bytes], ...], target: str) -> None:
        """Send the head, with more fields than the call has."""
        call = self._call
        fields = call.fields + more
        if call.expect_continue:
            fields += ((b"Expect", b"100-continue"),)
        content = call.content
        length = call.announced
        if isinstance(content, bytes):
            length = str(len(content)).encode("ascii")
        if length is None:
            fields += ((b"Transfer-Encoding", b"chunked"),)
        else:
            fields += ((b"Content-Length", length),)
        head = http1.Request(call.method, target.encode("ascii"), headers=fields)
        await self._connection.send(self._connection.wire.send(head))

    def start(self, background: core.BackgroundNursery) -> None:
        """Begin to send the content."""
        self._ended = trio.Event()
        background.start_soon(self._run)

    async def stop(self) -> None:
        """Send no more, and wait until the content hears of it.

        Shielded, as nothing of the caller's content may go on after the call.
        """
        if self._ended is not None and not self._ended.is_set():
            self._connection.stream.reset()  # at once, whatever the content does on its way out
            self._scope.cancel(reason="the exchange has ended")
            with trio.CancelScope(shield=True):
                await self._ended.wait()
        self.error = None  # whose traceback refers to us

    async def wait_sent(self) -> None:
        """Wait until all was sent, or cannot be.

        :raises Exception: what the content has raised.
        """
        if self._ended is not None:
            await self._ended.wait()
        self.check()

    def check(self) -> None:
        """Raise what the content has raised, if it has."""
        if self.error is not None:
            raise self.error

    async def _run(self) -> None:
        assert self._ended is not None
        try:
            with self._scope:
                await self._send_content()
            if self.error is None:
                self._connection.expect_answer(self._timeouts.read)
        except Exception as exc:
            self.error = exc
            self._connection.abandon(exc)
        finally:
            self._ended.set()

    async def _send_content(self) -> None:
        if not self._may_begin.is_set():
            with trio.move_on_after(self._call.expect_continue):
                await self._may_begin.wait()
        self.begun = True
        content = self._call.content
        if isinstance(content, bytes):
            await self._send_data(content)
        else:
            async with closing(content):
                async for piece in content:
                    await self._send_data(bytes_of(piece))
                    if self._connection.send_failed:
                        break
        if not self._connection.send_failed:  # else the answer tells why, or there being none
            await self._send(http1.EndOfMessage(self._trailers()))

    def hear(self, status: int) -> None:
        """Take note of the status of the answer, or of an informational one before it."""
        if status >= _REFUSED:
            self._scope.cancel(reason="the server has answered")
        elif status == 100 or status >= 200:
            self._may_begin.set()

    def give_up(self, cause: Exception) -> None:
        """Stop, as the exchange has been given up."""
        if self.error is None:
            self.error = cause
        self._scope.cancel(reason="the exchange was given up")

    async def _send_data(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            await self._send(http1.Data(data[start : start + PIECE_BYTES]))
            if self._connection.send_failed:
                break

    async def _send(self, event: http1.Data | http1.EndOfMessage) -> None:
        data = self._connection.wire.send(event)
        await self._connection.send(data, write=self._timeouts.write)

    def _trailers(self) -> http1.HeaderFields:
        trailers = self._call.trailers
        return Headers(trailers() if callable(trailers) else trailers).raw
