"""How a WebSocket ends: who said so, what is raised afterwards, and the closing handshake."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakSet

import trio

from trio_helianthus.core import Parking
from trio_helianthus.errors import (
    HelianthusError,
    NetworkError,
    ProtocolError,
    ResourceClosed,
    WebSocketBroken,
    WebSocketEnded,
)
from trio_helianthus.wire.websocket import Close, CloseCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_helianthus.errors import WebSocketClosed
    from trio_helianthus.net import ByteStream
    from trio_helianthus.wire.websocket import WebSocketConnection

    from ._limits import WebSocketLimits
    from ._outgoing import Outgoing, StartTask
    from ._reader import Reader

_E = TypeVar("_E", bound=HelianthusError)

GOOD_ORDER: Final = frozenset({CloseCode.NORMAL, CloseCode.GOING_AWAY, CloseCode.NO_STATUS})
"""The close codes that are no failure."""
LINGER_SECONDS: Final = 1.0
"""How long a peer that we have refused, and that cannot be told an end alone, may send nothing
until we close: it should have read our Close then, and is waiting."""
MAX_REASON_BYTES: Final = 123
"""How long the reason in a close frame may be (RFC 6455, section 5.5)."""


class Ending:
    """The end of one connection.

    Laws:

    1. Whatever comes first decides how it has ended: the peer's Close, the loss of the connection,
       or something of the peer's that we refuse. ``code`` is set then, and nothing more received.
       That nothing can be sent does not decide it while there may be more to receive.
    2. From then on, or from our own Close on, one task looks after the rest: it sends what waits,
       waits for the peer, and closes the stream, within ``close_timeout``.
    3. Each operation that comes later raises an exception of its own.
    """

    __slots__ = (
        "_changed",
        "_finish",
        "_is_server",
        "_limits",
        "_message",
        "_outgoing",
        "_raised",
        "_reader",
        "_start_task",
        "_stream",
        "_waiting",
        "_wire",
        "by_us",
        "cause",
        "code",
        "finished",
        "lost",
        "reason",
        "sent",
        "told",
    )

    def __init__(
        self,
        stream: ByteStream,
        wire: WebSocketConnection,
        limits: WebSocketLimits,
        start_task: StartTask,
        *,
        is_server: bool,
    ) -> None:
        self._stream = stream
        self._wire = wire
        self._limits = limits
        self._start_task = start_task
        self._is_server = is_server
        self._outgoing: Outgoing
        self._reader: Reader | None = None
        self._finish: Callable[[], Awaitable[object]] | None = None  # until it is started
        self._changed: Parking | None = None
        self._waiting: trio.lowlevel.ParkingLot | None = None
        self._message: str | None = None
        self._raised: WeakSet[HelianthusError] | None = None
        self.code: int | None = None
        """The close code, once nothing more will be received."""
        self.reason = ""
        """What was said beside it."""
        self.sent: Close | None = None
        """Our own Close, once nothing more may be sent."""
        self.by_us = False
        """Whether it was closed by this side's own code."""
        self.lost = False
        """Whether the connection has failed."""
        self.cause: Exception | None = None
        """Why it has failed, or nothing can be sent, or why we refused what the peer sent."""
        self.told = False
        """Whether an operation has told of it."""
        self.finished = False
        """Whether the stream is closed."""

    def look_after(
        self, outgoing: Outgoing, reader: Reader, finish: Callable[[], Awaitable[object]]
    ) -> None:
        """Connect it with the rest, which needs it itself.

        :param finish: is the task that looks after the end: it calls :meth:`finish`.
        """
        self._outgoing = outgoing
        self._reader = reader
        self._finish = finish

    def let_go(self) -> None:
        """Forget the reader, which refers to this: there is nothing left for it to do."""
        self._reader = None

    def begin(self, code: int | None, reason: str) -> None:
        """Send our Close, behind what waits, if none was sent yet.

        :raises LocalProtocolError: the code or the reason cannot be sent.
        """
        if self.sent is not None or self.code == CloseCode.ABNORMAL:
            return
        if self.code is None:
            self._outgoing.queue_feed()
        close = Close(code, reason)
        frame = self._wire.send(close)
        self.sent = close
        self._outgoing.end()
        try:
            self._outgoing.put(frame)
        except (NetworkError, ResourceClosed):
            return  # which has been noted
        self._start()

    def note_close(self, close: Close) -> None:
        """Take note of the peer's Close, and answer it."""
        if self.code is None:
            self._outgoing.end()
            self.code = CloseCode.NO_STATUS if close.code is None else close.code
            self.reason = close.reason
            self._message = self.cause = None  # of a send that has failed
        self.begin(close.code, "")
        self._start()

    def refuse(self, error: ProtocolError) -> None:
        """Take note that the peer broke the protocol, or a limit, and tell it so."""
        if self.code is not None:
            return
        self._outgoing.end()
        self._note_cause(error)
        self.code = self._wire.refusal_code
        if self.code == CloseCode.ABNORMAL:
            self._message = f"the connection was lost: {error}"
        else:
            self.reason = cut_reason(error.message)
            self._message = f"the peer was refused with {self.code:d}: {error}"
            self.begin(self.code, self.reason)
        self._start()

    def lose_sending(self, error: Exception) -> None:
        """Take note that sending has failed.

        A task that is receiving finds out how the connection ends: the peer may have said why.
        """
        reader = self._reader
        if (
            self.code is None
            and reader is not None
            and reader.receiving
            and isinstance(error, NetworkError)
        ):
            self._note_loss(error)
            self._outgoing.close()
            self._start()
        else:
            self.lose(error)

    def lose(self, error: Exception) -> None:
        """Take note that the connection has failed."""
        if self.lost:
            return
        self.lost = True
        if self.code is None and self._reader is not None and isinstance(error, NetworkError):
            self._reader.take_last_words()  # which may say why
        if self.code is None:
            self.code = CloseCode.ABNORMAL
            self._note_loss(error)
        self._outgoing.close()
        self._stream.reset()
        self._start()

    async def finish(self) -> None:
        """Shake hands, unless the connection is lost, and close the stream in any case."""
        try:
            if not self.lost:
                with trio.move_on_after(self._limits.close_timeout):
                    await self._shake_hands()
        except (NetworkError, ResourceClosed):
            pass  # then it is over as well
        finally:
            self._stream.reset()  # which changes nothing where it was closed in good order
            self._end()

    async def wait_finished(self) -> None:
        """Wait until the stream is closed."""
        if self.finished:
            await trio.lowlevel.checkpoint()
        while not self.finished:
            if self._waiting is None:
                self._waiting = trio.lowlevel.ParkingLot()
            await self._waiting.park()

    def has_raised(self, error: BaseException) -> bool:
        """Tell whether this very error, or all of a group, tells of the end."""
        if isinstance(error, BaseExceptionGroup):
            return all(map(self.has_raised, error.exceptions))
        if self._raised is None or not isinstance(error, HelianthusError):  # others may lack a hash
            return False
        return error in self._raised

    def why_no_message(self) -> HelianthusError:
        """Return what a receive raises."""
        if self.by_us or self.code is None:
            return self._closed()
        return self._error(WebSocketEnded if self.code in GOOD_ORDER else WebSocketBroken)

    def why_no_sending(self) -> HelianthusError:
        """Return what a send raises."""
        return self._closed() if self.by_us else self._error(WebSocketBroken)

    def _closed(self) -> ResourceClosed:
        return self._note_raised(ResourceClosed("this WebSocket was closed"))

    def _error(self, kind: type[WebSocketClosed]) -> WebSocketClosed:
        code, reason = self.code, self.reason
        if code is None and self.cause is not None:
            code = CloseCode.ABNORMAL  # as far as is known yet
        elif code is None:
            assert self.sent is not None
            code, reason = self.sent.code or CloseCode.NO_STATUS, self.sent.reason
        error = kind(self._message, code=int(code), reason=reason)
        error.__cause__ = self.cause
        return self._note_raised(error)

    def _note_loss(self, error: Exception) -> None:
        self._note_cause(error)
        self._message = f"the connection was lost: {error}"

    def _note_cause(self, error: Exception) -> None:
        self.cause = copy.copy(error)  # without the traceback, which refers to all of this

    def _note_raised(self, error: _E) -> _E:
        self.told = True
        if self._raised is None:
            self._raised = WeakSet()
        self._raised.add(error)
        return error

    def _start(self) -> None:
        if self._finish is not None:
            finish, self._finish = self._finish, None
            self._start_task(finish)
        elif self._changed is not None:
            self._changed.wake()

    async def _shake_hands(self) -> None:
        """Send what waits, wait for the peer's Close and its end of the stream, and close."""
        reader = self._reader
        assert reader is not None
        reader.attend()  # as the peer may have to be read from, before it reads itself
        await self._outgoing.wait_sent()
        changed = self._changed = Parking()
        while self.code is None:
            reader.attend()
            await changed
        if self.lost:
            return
        stream = self._stream
        # The server closes first (RFC 6455, 7.1.1). What the peer has sent behind its Close would
        # turn a plain close into a reset, and could destroy our own Close (RFC 1122, 4.2.2.13).
        if self._is_server and isinstance(stream, trio.abc.HalfCloseableStream):
            await stream.send_eof()
        if not self._is_server or isinstance(stream, trio.abc.HalfCloseableStream):
            while await stream.receive_some():
                pass
        elif self.cause is not None:  # a TLS stream, to which the peer may still be sending
            with trio.CancelScope() as scope:
                while True:
                    scope.deadline = trio.current_time() + LINGER_SECONDS
                    if not await stream.receive_some():
                        break
        await stream.aclose()

    def _end(self) -> None:
        if self.code is None:
            self.code = CloseCode.ABNORMAL
            if self.cause is None:
                self._message = "the peer did not answer the closing handshake in time"
        self.finished = True
        self._outgoing.close()
        if self._changed is not None:
            self._changed.clear()
        if self._waiting is not None:
            self._waiting.unpark_all()


def cut_reason(reason: str) -> str:
    """Return as much of a text as fits into a close frame."""
    if len(reason.encode("utf-8", "replace")) <= MAX_REASON_BYTES:
        return reason
    return reason.encode("utf-8", "replace")[:MAX_REASON_BYTES].decode("utf-8", "ignore")
