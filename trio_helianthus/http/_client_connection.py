"""One connection of a client: a request out, an answer in, and a reset when it is given up."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Final

import trio

from trio_helianthus.errors import IncompleteReceive, LimitExceeded, NetworkError, ProtocolError
from trio_helianthus.net import Buffer, ByteStream
from trio_helianthus.wire import NEED_DATA, http1

from ._call import Call
from ._limits import ClientLimits
from ._pieces import bytes_of, closing

__all__ = ["GOODBYE_SECONDS", "ClientConnection"]

GOODBYE_SECONDS: Final = 1.0
"""How long closing in good order may take."""


class ClientConnection:
    """Runs one exchange after the other on a stream.

    Whoever holds it calls :meth:`ask` once and :meth:`receive_body` to the end, and then either
    :meth:`start_next` (where :attr:`reusable`) or :meth:`aclose`; giving up half-way, by
    cancellation too, is :meth:`reset`, which the server notices at once.
    """

    def __init__(self, stream: ByteStream, limits: ClientLimits) -> None:
        self.answered: bool = False
        """Whether any byte of this exchange's answer has come."""
        self.idle_since: float = trio.current_time()
        self._stream = stream
        self._engine = http1.client_connection(limits=limits.wire)
        self._max_informational = limits.max_informational
        self._ended = False
        self._at_end = False
        self._send_failure: NetworkError | None = None
        self._sent_before = self._received_before = 0

    @property
    def stream(self) -> ByteStream:
        """What it runs on."""
        return self._stream

    @property
    def bytes_sent(self) -> int:
        """How much of this exchange was sent."""
        return self._stream.bytes_sent - self._sent_before

    @property
    def bytes_received(self) -> int:
        """How much of this exchange was received."""
        return self._stream.bytes_received - self._received_before

    @property
    def reusable(self) -> bool:
        """Whether the exchange is complete and another one may follow."""
        return self._engine.can_reuse and self._send_failure is None

    async def is_usable(self) -> bool:
        """Whether an idle connection may be used again: the server neither ended it nor spoke."""
        return await self._stream.is_quiet()

    async def ask(self, call: Call) -> http1.Response:
        """Send a request and wait for the head of its answer.

        A server that answers before it has received everything, and closes, is heard.

        :raises NetworkError: the connection failed, or ended before the answer.
        :raises RemoteProtocolError: the answer is not HTTP.
        """
        try:
            await self._send_call(call)
        except NetworkError as failure:
            if failure is not self._send_failure:
                raise
            try:
                return await self._receive_head()
            except (NetworkError, ProtocolError):
                raise failure from None
        return await self._receive_head()

    async def receive_body(self) -> bytes:
        """Wait for more of the answer's body; ``b""`` at its end.

        :raises NetworkError: the connection failed or ended too early.
        :raises RemoteProtocolError: the answer is malformed.

        Cancellation loses nothing.
        """
        while not self._at_end:
            event = await self._next_event()
            if isinstance(event, http1.Data):
                if event.data:
                    return event.data
            else:
                self._at_end = True
        return b""

    def is_complete(self) -> bool:
        """Whether the whole answer has been received, read by anybody or not."""
        if not self._at_end:
            try:
                self._at_end = isinstance(self._engine.next_event(), http1.EndOfMessage)
            except http1.BadMessage:
                return False
        return self._at_end

    def start_next(self) -> None:
        """Get ready for another exchange."""
        self._engine.start_next_cycle()
        self.answered = self._at_end = False
        self._sent_before = self._stream.bytes_sent
        self._received_before = self._stream.bytes_received
        self.idle_since = trio.current_time()

    def reset(self) -> None:
        """Give up: the server sees a reset."""
        self._stream.reset()

    async def aclose(self) -> None:
        """Close in good order, within a bounded time, also when cancelled."""
        with trio.move_on_after(GOODBYE_SECONDS, shield=True):
            await self._stream.aclose()

    async def _send_call(self, call: Call) -> None:
        head = http1.Request(
            call.method, call.url.target.encode("ascii"), headers=call.headers.to_wire()
        )
        if isinstance(call.content, bytes):
            data = self._engine.send(head, http1.Data(call.content), http1.EndOfMessage())
            await self._send(data)
            return
        await self._send(self._engine.send(head))
        await self._send_pieces(call.content)
        await self._send(self._engine.send(http1.EndOfMessage()))

    async def _send_pieces(self, pieces: AsyncIterable[Buffer]) -> None:
        async with closing(pieces):
            async for piece in pieces:
                await self._send(self._engine.send(http1.Data(bytes_of(piece))))

    async def _send(self, data: bytes) -> None:
        try:
            await self._stream.send_all(data)
        except NetworkError as failure:
            self._send_failure = failure
            raise

    async def _receive_head(self) -> http1.Response:
        for _ in range(self._max_informational + 1):
            event = await self._next_event()
            if isinstance(event, http1.Response):
                return event
            if not isinstance(event, http1.InformationalResponse):
                raise self._too_early()
        raise LimitExceeded(
            f"more than {self._max_informational} informational responses before an answer",
            limit_name="max_informational",
            limit=self._max_informational,
        )

    async def _next_event(self) -> object:
        try:
            while (event := self._engine.next_event()) is NEED_DATA:
                data = await self._stream.receive_some()
                if data:
                    self.answered = True
                    self._engine.receive_data(data)
                else:
                    self._ended = True
                    self._engine.receive_eof()
        except http1.BadMessage as exc:
            if self._ended:
                raise self._too_early() from exc
            raise
        return event

    def _too_early(self) -> IncompleteReceive:
        said = "in the middle of its answer" if self.answered else "without an answer"
        return IncompleteReceive(
            f"the server closed the connection {said}",
            operation="receive",
            address=self._stream.remote_address,
        )
