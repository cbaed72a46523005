"""One WebSocket: messages both ways, whatever its role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import SEAM, checkpoint_budget, limit, operation
from trio_helianthus.errors import NetworkError, ResourceClosed
from trio_helianthus.wire.websocket import CloseCode

from ._ending import Ending
from ._fragments import IncomingMessage, OutgoingMessage
from ._keepalive import Keepalive
from ._outgoing import Outgoing
from ._reader import Reader
from ._statistics import WebSocketStatistics

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable
    from contextlib import AbstractContextManager

    from trio_helianthus.core import CancelToken, Operation
    from trio_helianthus.net import ByteStream, SocketAddress
    from trio_helianthus.wire.websocket import (
        DeflateParameters,
        PreparedMessage,
        WebSocketConnection,
    )

    from ._limits import WebSocketLimits
    from ._outgoing import StartTask

__all__ = ["Connection"]


class Connection(trio.abc.Channel["str | bytes"]):
    """Whole messages over a WebSocket: ``str`` for text, ``bytes`` for binary ones.

    ::

        async for message in connection:
            await connection.send(message)

    Any number of tasks may send; one at a time may receive. Every operation takes ``timeout``, in
    seconds (``None`` and ``math.inf``: no limit), and ``token``. On cancellation, by scope, token
    or timeout, a receive has taken nothing and a send has sent nothing.

    Pings are answered, and the end is noticed, also while nobody receives. Iterating ends when
    the WebSocket was closed in good order; but where this side calls :meth:`aclose` meanwhile, it
    raises :exc:`~trio_helianthus.errors.ResourceClosed`.
    """

    def __init__(
        self,
        stream: ByteStream,
        wire: WebSocketConnection,
        limits: WebSocketLimits,
        start_task: StartTask,
        *,
        is_server: bool,
        subprotocol: str | None,
        deflate: DeflateParameters | None,
    ) -> None:
        self.subprotocol = subprotocol
        """The subprotocol that both sides agreed on, if any."""
        self.deflate = deflate
        """What both sides agreed on for compression, if anything."""
        self.limits = limits
        """What the peer may cost."""
        self._stream = stream
        self._wire = wire
        self._is_plain = is_server and deflate is None  # so that a frame is the same for all
        self._send_plain = stream.socket_send if self._is_plain else None
        self._ending = Ending(stream, wire, limits, start_task, is_server=is_server)
        self._outgoing = Outgoing(stream, wire, limits, start_task, self._ending)
        self._keepalive = Keepalive(stream, wire, limits, self._outgoing, self._ending)
        self._reader = Reader(
            stream, wire, limits, start_task, self._outgoing, self._ending, self._keepalive
        )
        self._ending.look_after(self._outgoing, self._reader, self._finish)
        self._keepalive.start(self._reader)
        self._budget = checkpoint_budget()

    def __repr__(self) -> str:
        state = "" if self._ending.code is None else f" closed with {self._ending.code:d}"
        return f"<{type(self).__name__} {self.local_address!r} to {self.remote_address!r}{state}>"

    @property
    def connection_id(self) -> int:
        """Unique in this process; operations report it."""
        return self._stream.connection_id

    @property
    def local_address(self) -> SocketAddress:
        """This side's address."""
        return self._stream.local_address

    @property
    def remote_address(self) -> SocketAddress:
        """The other side's address."""
        return self._stream.remote_address

    @property
    def latency(self) -> float | None:
        """Seconds from the last ping that was answered to its pong; pings are sent regularly."""
        return self._keepalive.latency

    @property
    def close_code(self) -> int | None:
        """The close code, once the WebSocket has ended.

        1005 where the peer has sent none, 1006 where the connection was lost.
        """
        return self._ending.code

    @property
    def close_reason(self) -> str:
        """What was said beside the close code."""
        return self._ending.reason

    def has_raised(self, error: BaseException) -> bool:
        """Tell whether this very error tells of the end of this very WebSocket.

        True as well for a group of nothing else.
        """
        return self._ending.has_raised(error)

    def statistics(self) -> WebSocketStatistics:
        """Numbers of this moment."""
        feed = self._outgoing.feed
        return WebSocketStatistics(
            received_messages=self._reader.messages,
            sent_messages=self._outgoing.messages,
            queued_messages=self._reader.queued,
            buffered_bytes=self._outgoing.buffered,
            feed_messages=0 if feed is None else len(feed),
            dropped_messages=0 if feed is None else feed.dropped,
            conflated_messages=0 if feed is None else feed.conflated,
            latency=self.latency,
        )

    async def send(
        self,
        value: str | bytes | bytearray | memoryview,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send a message: a ``str`` as text, anything bytes-like as binary.

        It waits only while more than ``send_high_water`` bytes are on their way. Once it has
        returned the message is sent, unless the connection breaks.

        :raises WebSocketBroken: the WebSocket has ended. Where sending itself has failed, with
            1006; what the peer has said before that, a task that receives is told.
        :raises ResourceClosed: this side has closed it.
        :raises LocalProtocolError: the text cannot be said in UTF-8.
        :raises TypeError: for any other kind of value.
        """
        if isinstance(value, str):
            encode: Callable[[Any], bytes] = self._wire.send_text
        else:
            encode = self._wire.send_binary
        if timeout is None and token is None and SEAM.instrument is None:
            await self._send(encode, value)
        else:
            await self._send_limited(encode, value, timeout, token)

    async def send_text(
        self, text: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Send a text message; otherwise as :meth:`send`."""
        if timeout is None and token is None and SEAM.instrument is None:
            await self._send(self._wire.send_text, text)
        else:
            await self._send_limited(self._wire.send_text, text, timeout, token)

    async def send_binary(
        self,
        data: bytes | bytearray | memoryview,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send a binary message; otherwise as :meth:`send`."""
        if timeout is None and token is None and SEAM.instrument is None:
            await self._send(self._wire.send_binary, data)
        else:
            await self._send_limited(self._wire.send_binary, data, timeout, token)

    async def send_json(
        self, value: object, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Send a value as JSON, in a text message; otherwise as :meth:`send`.

        :raises TypeError, ValueError: JSON cannot say it; infinite numbers and NaN are such.
        """
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        await self.send_text(text, timeout=timeout, token=token)

    def send_stream(
        self,
        *,
        text: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> OutgoingMessage:
        """Send one message in fragments, for content that is not all there yet.

        ::

            async with connection.send_stream(text=True) as message:
                async for line in log:
                    await message.send(line)

        Other messages wait until it has been left, also those of this task. Where the body raises
        or is cancelled, once a fragment has been sent, the peer could take the part for the
        whole, so the WebSocket is closed then, with 1011.

        :param text: whether it is a text message, whose fragments are ``str``.
        :param timeout: seconds until another message in fragments is over; ``None`` and
            ``math.inf`` for no limit.
        :param token: gives up, until then.
        """
        return OutgoingMessage(self, is_text=text, timeout=timeout, token=token)

    def offer(self, message: PreparedMessage, key: Hashable = None) -> bool:
        """Send a message of a broadcast, or let it wait in the feed; never waits itself.

        A slow peer's feed holds up to ``feed_max_messages`` and ``feed_max_bytes``;
        ``feed_overflow`` says what happens then. Messages that are sent otherwise leave first.

        :param message: encoded once for all connections.
        :param key: under ``CONFLATE``, a message replaces the one of the same key that waits.
        :returns: whether the WebSocket is open, and goes on.
        """
        outgoing = self._outgoing
        if not outgoing.ready:
            return self._offer_later(message, key)
        frame = message.plain_frame() if self._is_plain else self._wire.send_prepared(message)
        try:
            sent = self._stream.send_nowait(frame)
        except (NetworkError, ResourceClosed) as exc:
            self._ending.lose_sending(exc)
            return False
        if sent != len(frame):
            outgoing.put_rest(frame, sent)
        outgoing.messages += 1
        return True

    async def receive(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str | bytes:
        """Receive the next message.

        :returns: a ``str`` for a text message, ``bytes`` for a binary one.
        :raises WebSocketEnded: it was closed in good order: with 1000, 1001, or no code.
        :raises WebSocketBroken: it was closed because of an error, or lost; or the peer broke the
            protocol or a limit.
        :raises ResourceClosed: this side has closed it.
        :raises ResourceBusy: another task is receiving.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            return await self._reader.take_message()
        with self._report("receive") as report, limit(timeout, token):
            message = await self._reader.take_message()
            if report is not None:
                report.bytes_received = len(message)
            return message

    async def receive_text(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Receive the next message, which has to be text; otherwise as :meth:`receive`.

        :raises WebSocketBroken: it is binary; the WebSocket is closed with 1003.
        """
        message = await self.receive(timeout=timeout, token=token)
        if not isinstance(message, str):
            raise self._refusal(CloseCode.UNSUPPORTED_DATA, "only text messages are understood")
        return message

    async def receive_binary(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bytes:
        """Receive the next message, which has to be binary; otherwise as :meth:`receive`.

        :raises WebSocketBroken: it is text; the WebSocket is closed with 1003.
        """
        message = await self.receive(timeout=timeout, token=token)
        if not isinstance(message, bytes):
            raise self._refusal(CloseCode.UNSUPPORTED_DATA, "only binary messages are understood")
        return message

    async def receive_json(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> Any:
        """Receive the next message and read it as JSON; otherwise as :meth:`receive`.

        :raises WebSocketBroken: it is not JSON; the WebSocket is closed with 1007.
        """
        message = await self.receive(timeout=timeout, token=token)
        try:
            return json.loads(message)
        except (ValueError, RecursionError) as exc:
            raise self._refusal(CloseCode.INVALID_DATA, "not JSON") from exc

    def receive_stream(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> IncomingMessage:
        """Receive one message in fragments, as the peer sends them.

        ::

            async with connection.receive_stream() as message:
                async for fragment in message:
                    digest.update(fragment)

        Nobody else receives until it is complete, or has been left; what was left of it then is
        dropped. It begins with the fragments that a cancelled :meth:`receive` has seen, if any.
        ``max_message_bytes`` is for the sum.

        :param timeout: seconds until its first fragment is there; ``None`` and ``math.inf`` for no
            limit.
        :param token: gives up, until then.
        """
        return IncomingMessage(self, timeout, token)

    async def ping(
        self,
        payload: bytes | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> float:
        """Send a ping, and wait for its pong.

        :param payload: up to 125 bytes; ``None`` means some that are unique.
        :returns: the seconds that it took.
        :raises WebSocketBroken: the WebSocket has ended.
        :raises ResourceFull: ``max_pings`` wait for their answers already.
        :raises ValueError: one with the same payload does.
        """
        with self._report("ping"), limit(timeout, token):
            if self._outgoing.ended:
                raise self._ending.why_no_sending()
            return await self._keepalive.ping(payload)

    def close_nowait(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Begin to close, and do not wait for it: what has come can still be received.

        The other side's answer is waited for in the background, for up to ``close_timeout``.

        :raises LocalProtocolError: the code or the reason cannot be sent.
        """
        self._ending.begin(code, reason)

    async def aclose(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Close the WebSocket, and wait until the other side has agreed, or for ``close_timeout``.

        What has come is dropped. Doing it twice is fine. Cancelled, it resets the connection.

        :param code: 1000, or another that may be sent (:rfc:`6455` section 7.4).
        :param reason: for a person to read, at most 123 bytes.
        :raises LocalProtocolError: the code or the reason cannot be sent.
        """
        ending = self._ending
        ending.begin(code, reason)
        ending.by_us = ending.told = True
        self._reader.drop_all()
        try:
            await ending.wait_finished()
        except BaseException:
            self._cut()
            raise

    async def __aenter__(self) -> Self:
        return self

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, str | bytes]:
        if SEAM.instrument is None:
            return self._reader.take_message(iterating=True)
        return self._next()

    async def _next(self) -> str | bytes:
        try:
            return await self.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    async def _send(self, encode: Callable[[Any], bytes], value: object) -> None:
        await checkpoint_if_cancelled()
        outgoing = self._outgoing
        if not outgoing.ready:
            await outgoing.wait_for_turn()
            if outgoing.ended:
                raise self._ending.why_no_sending()
        frame = encode(value)
        try:
            if outgoing.busy:
                outgoing.put(frame)
            else:  # put(), without the call
                sent = self._stream.send_nowait(frame)
                if sent != len(frame):
                    outgoing.put_rest(frame, sent)
        except (NetworkError, ResourceClosed) as exc:
            self._ending.lose_sending(exc)
            raise self._ending.why_no_sending() from exc
        outgoing.messages += 1
        budget = self._budget
        budget.left -= 1
        if budget.left <= 0:
            await budget.refill()

    def _offer_later(self, message: PreparedMessage, key: Hashable) -> bool:
        """Let a message of a broadcast wait in the feed, if there is any sense in it."""
        outgoing = self._outgoing
        if outgoing.ended:
            return False
        if outgoing.offer(message, key):
            outgoing.messages += 1
            return True
        outgoing.drop()
        self._ending.begin(CloseCode.TRY_AGAIN_LATER, "too slow")
        return False

    async def _send_limited(
        self,
        encode: Callable[[Any], bytes],
        value: str | bytes | bytearray | memoryview,
        timeout: float | None,
        token: CancelToken | None,
    ) -> None:
        with self._report("send") as report, limit(timeout, token):
            await self._send(encode, value)
            if report is not None:
                report.bytes_sent = len(value)

    def _refusal(self, code: CloseCode, why: str) -> Exception:
        self._ending.begin(code, why)
        error = self._ending.why_no_sending()
        error.add_note(why)  # as it may have been closed before, with another reason
        return error

    def _cut(self) -> None:
        self._ending.lose(ResourceClosed("this side gave up"))

    async def _finish(self) -> None:
        """Look after the end, in a task."""
        await self._ending.finish()
        self._note_finished()

    def _note_finished(self) -> None:
        self._keepalive.close()
        self._reader.close()
        self._ending.let_go()

    def _report(self, verb: str) -> AbstractContextManager[Operation | None]:
        if SEAM.instrument is None:
            return operation("")
        return operation(
            f"websocket.{verb}", connection_id=self.connection_id, peer=self.remote_address
        )
