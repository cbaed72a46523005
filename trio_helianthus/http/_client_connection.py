"""One connection of a client: a request out, an answer in, and a reset when it is given up."""

from __future__ import annotations

import math
from typing import Final, NoReturn, Protocol

import trio

from trio_helianthus import core
from trio_helianthus.errors import (
    IncompleteReceive,
    LimitExceeded,
    NetworkError,
    OperationTimeout,
    RemoteProtocolError,
    ResourceClosed,
)
from trio_helianthus.net import ByteStream
from trio_helianthus.wire import NEED_DATA, http1

from ._limits import ClientLimits

__all__ = ["GOODBYE_SECONDS", "ClientConnection"]

GOODBYE_SECONDS: Final = 1.0
"""How long closing in good order may take."""


class Sender(Protocol):
    """Sends the content of an exchange while its answer is received."""

    def hear(self, status: int) -> None:
        """Take note of the status of an answer, or of an informational one before it."""

    def give_up(self, cause: Exception) -> None:
        """Stop, as the exchange has been given up."""


class ClientConnection:
    """Runs one exchange after the other on a stream.

    Whoever holds it calls :meth:`begin`, sends a request, receives the answer to its end, and
    then asks :meth:`finish` whether another exchange may follow. Giving up half-way, by
    cancellation too, is :meth:`reset`, which the server notices at once.

    The time of an exchange is a number, which an alarm looks after (:class:`core.Alarm`): when it
    is past, the connection breaks, and whatever waits for it raises :exc:`OperationTimeout`.
    """

    __slots__ = (
        "_alarm",
        "_at_end",
        "_cause",
        "_closed",
        "_deadline",
        "_ended",
        "_engine",
        "_idle",
        "_limits",
        "_read_seconds",
        "_received_before",
        "_send_by",
        "_send_failure",
        "_sent_before",
        "_timed",
        "_write_seconds",
        "answered",
        "exchanges",
        "sender",
        "stream",
        "trailers",
        "wire",
    )

    def __init__(
        self, stream: ByteStream, limits: ClientLimits, engine: http1.Engine = http1.Engine.AUTO
    ) -> None:
        self.stream: ByteStream = stream
        """What it runs on."""
        self.wire: http1.HTTP1Connection = http1.client_connection(
            limits=limits.wire, engine=engine
        )
        """The protocol."""
        self.exchanges: int = 0
        """How many have come to their end."""
        self.answered: bool = False
        """Whether any byte of this exchange's answer has come."""
        self.trailers: http1.HeaderFields = ()
        """The fields behind the answer's body, once that was received to its end."""
        self.sender: Sender | None = None
        """Who sends the content of this exchange, if it is not sent at once."""
        self._limits = limits
        self._engine = engine
        self._closed = False
        self._idle = True
        self._ended = False
        self._at_end = False
        self._send_failure: NetworkError | None = None
        self._sent_before = self._received_before = 0
        self._alarm = core.Alarm(self._run_out)
        self._deadline = math.inf
        self._cause: Exception | None = None
        self._send_by = self._read_seconds = self._write_seconds = math.inf
        self._timed = False

    def __repr__(self) -> str:
        return f"<ClientConnection {self.stream!r}, {self.exchanges} exchanges>"

    @property
    def bytes_sent(self) -> int:
        """How much of this exchange was sent."""
        return self.stream.bytes_sent - self._sent_before

    @property
    def bytes_received(self) -> int:
        """How much of this exchange was received."""
        return self.stream.bytes_received - self._received_before

    @property
    def is_idle(self) -> bool:
        """Whether no exchange is under way."""
        return self._idle

    @property
    def send_failed(self) -> bool:
        """Whether nothing more can be sent; an answer may still come."""
        return self._send_failure is not None

    @property
    def nothing_sent(self) -> bool:
        """Whether sending failed at its first byte, so that the server has heard nothing."""
        return self._send_failure is not None and not self.bytes_sent

    def seems_usable(self) -> bool | None:
        """Whether the server has neither ended the idle connection nor spoken.

        :returns: ``None`` for one that has to be asked by :meth:`is_usable`.
        """
        return self.stream.seems_quiet()

    async def is_usable(self) -> bool:
        """As :meth:`seems_usable`, where it takes some waiting."""
        return await self.stream.is_quiet()

    def begin(self, deadline: float, *, read: float = math.inf, write: float = math.inf) -> None:
        """Begin an exchange.

        :param deadline: the trio time at which it is given up.
        :param read: for how many seconds the server may send nothing.
        :param write: for how many seconds the server may not take what is sent.
        """
        self._idle = False
        self._deadline = deadline
        self._send_by = math.inf
        left = deadline - trio.current_time()
        self._read_seconds = read if read < left else math.inf
        self._write_seconds = write if write < left else math.inf
        self._timed = True
        self._alarm.set(deadline)

    def expect_answer(self, read: float) -> None:
        """Note that all was sent, where that took several times: now it is the server's turn.

        :param read: for how many seconds it may send nothing.
        """
        if self._timed:
            self._read_seconds = read
            self._alarm.set(min(self._deadline, trio.current_time() + read))

    def restart(self, stream: ByteStream) -> None:
        """Begin anew on another stream; the one before was closed by the server.

        :raises ResourceClosed: the client was closed meanwhile.
        """
        self.stream.reset()
        self.stream = stream
        if self._closed:
            stream.reset()
            raise ResourceClosed("the client is closed")
        self.wire = http1.client_connection(limits=self._limits.wire, engine=self._engine)
        self.exchanges = 0
        self.answered = self._ended = self._at_end = False
        self._send_failure = self._cause = None
        self._sent_before = self._received_before = 0

    def untimed(self) -> None:
        """Let the exchange go on without a deadline: whoever receives has a limit of its own."""
        self._deadline = self._read_seconds = self._write_seconds = math.inf
        self._timed = False
        self._alarm.set(self._send_by)

    async def send(self, data: bytes, *, write: float | None = None) -> None:
        """Send what the protocol has encoded.

        A failure is not raised yet: a server that answers before it has received everything, and
        closes, is to be heard. It comes out where no answer does.

        :param write: for how many seconds the server may not take it; ``None``: as the exchange
            has begun.
        :raises OperationTimeout: the server did not take it in time.
        """
        seconds = self._write_seconds if write is None else write
        if seconds < math.inf:
            self._send_by = trio.current_time() + seconds
            self._alarm.set(min(self._deadline, self._send_by))
        try:
            await self.stream.send_all(data)
        except NetworkError as failure:
            self._send_failure = failure
        except ResourceClosed:
            self._explain()
        finally:
            if seconds < math.inf:
                self._send_by = math.inf
                self._alarm.set(self._deadline)

    async def receive_head(self) -> http1.Response | http1.InformationalResponse:
        """Wait for the head of the answer.

        :returns: an informational one only where it is the 101 that was asked for.
        :raises NetworkError: the connection failed, or ended before the answer.
        :raises RemoteProtocolError: the answer is not HTTP.
        :raises OperationTimeout: it took too long.
        """
        try:
            for _ in range(self._limits.max_informational + 1):
                event = await self._next_event()
                if type(event) is http1.Response:
                    return event
                if type(event) is not http1.InformationalResponse:
                    raise self._too_early()
                if event.status == 101:
                    return event
                if self.sender is not None:
                    self.sender.hear(event.status)
        except (NetworkError, RemoteProtocolError):
            if self._send_failure is not None:
                raise self._send_failure from None
            raise
        raise LimitExceeded(
            f"more than {self._limits.max_informational} informational responses before an answer",
            limit_name="max_informational",
            limit=self._limits.max_informational,
        )

    async def receive_body(self) -> bytes:
        """Wait for more of the answer's body; ``b""`` at its end.

        :raises NetworkError: the connection failed or ended too early.
        :raises RemoteProtocolError: the answer is malformed.
        :raises OperationTimeout: it took too long.

        Cancellation loses nothing.
        """
        while not self._at_end:
            event = await self._next_event()
            if type(event) is http1.Data:
                if event.data:
                    return event.data
            else:
                self._note_end(event)
        return b""

    def take_whole(self, at_most: int) -> bytes | None:
        """Take all of the answer's body, or all that is left of it, if it was received.

        :param at_most: how many bytes it may have.
        :returns: ``None`` where some of it is missing, or it takes :meth:`take_body` to tell.
        """
        body: bytes | None = self.wire.take_body(at_most)
        if body is not None:
            self._at_end = True
        return body

    def take_body(self) -> bytes | None:
        """Take what was received of the answer's body, without waiting; ``b""`` at its end.

        :returns: ``None`` where :meth:`receive_body` has to wait.
        :raises NetworkError: the connection ended too early.
        :raises RemoteProtocolError: the answer is malformed.
        """
        while not self._at_end:
            try:
                event = self.wire.next_event()
            except http1.BadMessage as exc:
                if self._ended:
                    raise self._too_early() from exc
                raise
            if event is NEED_DATA:
                return None
            if type(event) is http1.Data:
                if event.data:
                    return event.data
            else:
                self._note_end(event)
        return b""

    def is_complete(self) -> bool:
        """Whether the whole answer has been received. Throws away what nobody has read of it."""
        try:
            while self.take_body():
                pass
        except (http1.BadMessage, IncompleteReceive):
            return False
        return self._at_end

    def _note_end(self, event: object) -> None:
        if type(event) is not http1.EndOfMessage:
            raise self._too_early()
        self._at_end = True
        self.trailers = event.trailers

    def finish(self) -> bool:
        """End the exchange.

        :returns: whether another one may follow; otherwise close the connection.
        """
        self._alarm.clear()
        if not (self._at_end or self.is_complete()):
            return False
        self._idle = True
        self.exchanges += 1
        wire = self.wire
        if self._cause is not None or self._send_failure is not None or not wire.can_reuse:
            return False
        wire.start_next_cycle()
        self.answered = self._at_end = False
        self.sender = None
        self.trailers = ()
        self._sent_before = self.stream.bytes_sent
        self._received_before = self.stream.bytes_received
        return True

    def let_go(self) -> ByteStream:
        """Give the stream away after an upgrade, with what came behind the answer in front."""
        self._alarm.close()
        if early := self.wire.trailing_data[0]:
            self.stream.push_back(early)
        return self.stream

    def abandon(self, cause: Exception) -> None:
        """Break the connection; whatever waits for it raises ``cause``."""
        if self._cause is None:
            self._cause = cause
        self.stream.reset()
        if self.sender is not None:
            self.sender.give_up(cause)

    def reset(self) -> None:
        """Give up: the server sees a reset."""
        self._end()
        self.stream.reset()

    async def aclose(self) -> None:
        """Close in good order, within a bounded time, if no exchange is under way; else reset."""
        self._end()
        if self._idle:
            with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                await self.stream.aclose()
        self.stream.reset()

    def _end(self) -> None:
        self._closed = True
        self._alarm.close()
        # So that nothing is left for the garbage collector: these refer to us.
        self._cause = self._send_failure = self.sender = None

    async def _next_event(self) -> object:
        wire = self.wire
        try:
            if self.answered and (event := wire.next_event()) is not NEED_DATA:
                return event
            while True:
                if self._read_seconds < math.inf:
                    self._alarm.set(min(self._deadline, trio.current_time() + self._read_seconds))
                data = await self.stream.receive_some()
                if data:
                    self.answered = True
                    wire.receive_data(data)
                else:
                    self._ended = True
                    wire.receive_eof()
                if (event := wire.next_event()) is not NEED_DATA:
                    return event
        except http1.BadMessage as exc:
            if self._ended:
                raise self._too_early() from exc
            raise
        except ResourceClosed:
            self._explain()

    def _run_out(self) -> None:
        """Break the connection, as its time is up. Called by the alarm."""
        if trio.current_time() >= self._deadline:
            said = "the call took longer than it may"
        else:
            said = "the server neither sent nor took anything for too long"
        self.abandon(OperationTimeout(said))

    def _explain(self) -> NoReturn:
        """Raise what the stream was closed for while it was waited for."""
        if self._cause is None:
            raise ResourceClosed("the client is closed")
        raise self._cause

    def _too_early(self) -> IncompleteReceive:
        said = "in the middle of its answer" if self.answered else "without an answer"
        return IncompleteReceive(
            f"the server closed the connection {said}",
            operation="receive",
            address=self.stream.remote_address,
        )
