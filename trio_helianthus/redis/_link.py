"""A connection that all tasks share: their commands leave together, answers come back in order."""

from __future__ import annotations

import math
from collections import deque
from enum import Enum
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import trio
from trio.lowlevel import enable_ki_protection, reschedule

from trio_helianthus.core import WOKEN, Alarm, Parking
from trio_helianthus.errors import (
    ConnectionReset,
    ConnectionTimedOut,
    NetworkError,
    ProtocolError,
    RemoteProtocolError,
)
from trio_helianthus.wire.resp import Push

from ._call import ABANDONED, PENDING, Batch, Call
from ._connection import MAX_RECEIVE_BYTES, RECEIVE_BYTES, lost

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_helianthus.core import BackgroundNursery

    from ._connection import Connection

IDLE_SECONDS: Final = 0.05
"""For how long nobody receives after an answer, as the next caller may be about to."""
_LOST: Final = (NetworkError, trio.BrokenResourceError, trio.ClosedResourceError, ProtocolError)
"""What tells that a connection cannot be used any more."""


class _Receiver(Enum):
    """Who receives."""

    NOBODY = "nobody"
    ATTENDANT = "attendant"
    CALLER = "caller"


class Link:
    """One connection while it lasts, and the calls that are under way on it.

    Laws:

    1. Answers go to the calls in the order in which they were sent. A call that nobody waits for
       any more keeps its place, and its answer is dropped.
    2. What is submitted in one pass of trio's scheduler leaves in one send, at the end of the
       pass. Where commands come one at a time, each leaves at once.
    3. One task receives at a time: the attendant while calls of several tasks are under way, and
       while there is nothing to do; but a task whose call is the only one receives its answer by
       itself, which saves it a turn of the scheduler.
    4. When the connection is lost :attr:`calls` are those that were sent and not answered, in
       their order, and :attr:`outbox` those of which no byte was sent. Nothing else happens to
       them here: whoever owns the link decides.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        answer_timeout: float,
        max_in_flight: int,
        on_push: Callable[[Push], object],
        on_room: Callable[[], object],
        on_lost: Callable[[Link, Exception], object],
    ) -> None:
        self.connection = connection
        self.calls: deque[Call] = deque()
        """Sent, in the order in which they will be answered."""
        self.outbox: list[Call] = []
        """To be sent at the end of the pass."""
        self.is_over = False
        self.room = 0
        """How many calls the outbox may have for another one to be put there just so: they are
        about to leave, and there are not too many of them. 0 while the writer sleeps."""
        self.answered_at = trio.current_time()
        """When the last answer came."""
        self.sends = 0
        """How often something was sent."""
        self._on_push = on_push
        self._on_room = on_room
        self._on_lost = on_lost
        self._answer_timeout = answer_timeout
        self._max_in_flight = max_in_flight
        self._is_sending = False  # the writer was woken, or sends
        self._alarm = Alarm(self._check_time)
        self._writer = Parking()
        self._attendant = Parking()
        self._receive_bytes = RECEIVE_BYTES
        self._receiver = _Receiver.ATTENDANT
        self._idle = Alarm(self._end_idleness)
        self._one_by_one = True  # whether answers come one at a time
        self._rest: memoryview | None = None  # of what was to be sent, what the system did not take
        # Goodbyes of others go this way while all around is cancelled: it lasts until it is closed.
        self._scopes = (trio.CancelScope(shield=True), trio.CancelScope(shield=True))

    def start(self, nursery: BackgroundNursery) -> None:
        """Begin to send and to receive."""
        nursery.contained.start_soon(self._receive_all, name="redis reader")
        nursery.contained.start_soon(self._write, name="redis writer")

    @property
    def load(self) -> int:
        """How many answers are to come, and how many calls are to be sent."""
        return len(self.calls) + len(self.outbox)

    @enable_ki_protection
    def begin(self, call: Call) -> Awaitable[Any]:
        """Send the bytes of a call of the present task, and return what it awaits at once."""
        self.outbox.append(call)
        if self._is_sending:
            return call
        if (
            self._one_by_one
            and not self.calls
            and trio.current_effective_deadline() != -math.inf  # else it is not to be sent
        ):
            if self._receiver is _Receiver.NOBODY:
                self._receiver = _Receiver.CALLER
                self._send_now()
                return self._receive_for(call)
            self._send_now()
        else:
            self._wake_writer()
        return call

    def submit(self, call: Call) -> None:
        """Send the bytes of a call that a task is waiting for already."""
        self.outbox.append(call)
        if not self._is_sending:
            self._wake_writer()

    def finish(self, within: float) -> None:
        """Take no more calls; end when the answers of those that were sent have come.

        :param within: the most seconds for that.
        """
        self._on_room = self._end_if_done
        if self.calls:
            age = trio.current_time() - self.calls[0].at
            self._answer_timeout = min(self._answer_timeout, age + within)
            self._alarm.set(self.calls[0].at + self._answer_timeout)
        self._end_if_done()

    def _end_if_done(self) -> None:
        if not self.calls:
            self.close(ConnectionReset("the connection is needed no more", operation="receive"))

    def _send_now(self) -> None:
        self._flush()
        if self._rest is not None:
            self._wake_writer()

    def _wake_writer(self) -> None:
        self._is_sending = True
        self.room = self._max_in_flight - len(self.calls)
        self._writer.wake()

    def _attend(self) -> None:
        """Have the attendant receive."""
        if not self.is_over:
            self._receiver = _Receiver.ATTENDANT
            self._attendant.wake()

    def _end_idleness(self) -> None:
        if self._receiver is _Receiver.NOBODY:
            self._attend()

    @enable_ki_protection
    def close(self, error: Exception) -> None:
        """End the connection at once; idempotent.

        :param error: why; whoever owns the link hears of it.
        """
        if self.is_over:
            return
        self.is_over = True
        self._alarm.close()
        self._idle.close()
        for scope in self._scopes:
            scope.cancel(reason="the connection is over")
        self.connection.close()
        self._writer.clear()
        self._attendant.clear()
        self._on_lost(self, error)

    def _flush(self) -> None:
        """Send what is in the outbox, and leave in ``_rest`` what the system would not take."""
        outbox = self.outbox
        self.outbox = []
        calls, parts, now = self.calls, [], trio.current_time()
        before = len(calls)
        for call in outbox:
            if call.answer is PENDING:  # else its caller was cancelled meanwhile
                call.at = now
                if call.__class__ is Call:
                    calls.append(call)
                elif isinstance(call, Batch):
                    calls.extend(repeat(call, call.count))
                parts.append(call.data)
        if len(parts) < len(outbox):
            self._on_room()  # nobody else would tell, where no answer is to come
        if not parts:
            return
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        try:
            sent = self.connection.stream.send_nowait(data)
        except (NetworkError, trio.BrokenResourceError) as exc:
            while len(calls) > before:
                calls.pop()
            self.outbox = [*outbox, *self.outbox]
            self.close(exc)
            return
        self.sends += 1
        if sent < len(data):
            self._rest = memoryview(data)[sent:]
        if self._receiver is _Receiver.NOBODY:
            self._attend()
        if self._alarm.at > (due := calls[0].at + self._answer_timeout):
            self._alarm.set(due)

    async def _write(self) -> None:
        try:
            with self._scopes[0]:
                while True:
                    while not self._is_sending:
                        await self._writer
                    while (rest := self._rest) is not None or self.outbox:
                        self._rest = None
                        if rest is None:
                            self._flush()
                            self.room = self._max_in_flight - len(self.calls)
                        else:
                            await self.connection.stream.send_all(rest)
                    self._is_sending, self.room = False, 0
        except _LOST as exc:
            self.close(exc)

    async def _receive_all(self) -> None:
        """Be the attendant."""
        try:
            with self._scopes[1]:
                while True:
                    while self._receiver is not _Receiver.ATTENDANT:
                        await self._attendant
                    await self._receive()
                    if self._one_by_one and not self.calls:
                        self._leave_to_callers()
        except _LOST as exc:
            self.close(exc)

    async def _receive_for(self, call: Call) -> Any:
        """Receive the answer of the only call that is under way, in the task that waits for it."""
        try:
            while call.answer is PENDING and not self.is_over:
                await self._receive()
        except _LOST as exc:
            self.close(exc)
        except BaseException:
            if call.answer is PENDING:
                call.answer = ABANDONED
            raise
        finally:
            if self.calls:
                self._attend()
            else:
                self._leave_to_callers()
        return await call

    async def _receive(self) -> None:
        """Receive once, and hand out what has come."""
        wire = self.connection.wire
        size = self._receive_bytes
        data = await self.connection.stream.receive_some(size)
        if not data:
            raise lost(self.connection.stream)
        self._receive_bytes = MAX_RECEIVE_BYTES if len(data) == size else RECEIVE_BYTES
        wire.receive_data(data)
        self._dispatch(wire.next_events())
        if wire.error is not None:
            raise wire.error

    def _dispatch_batches(self, answers: list[Any]) -> list[Any]:
        """Hand answers to the batches in front, many at a time; return the others.

        One by one, as :meth:`_dispatch` does it, would be right, too.
        """
        at, calls = 0, self.calls
        while calls and isinstance(batch := calls[0], Batch):
            some = answers[at : at + batch.count - len(batch.answers)]
            if not some or Push in map(type, some):
                break
            for _ in some:
                calls.popleft()
            at += len(some)
            batch.answers += some
            if len(batch.answers) == batch.count:
                batch.take_all(batch.answers)
        return answers[at:]

    def _leave_to_callers(self) -> None:
        """Have nobody receive for a while, so that the next caller can do it."""
        self._receiver = _Receiver.NOBODY
        self._idle.set(self.answered_at + IDLE_SECONDS)

    @enable_ki_protection
    def _dispatch(self, answers: list[Any]) -> None:
        """Hand answers to the calls that they are for."""
        calls = self.calls
        self._one_by_one = len(answers) <= 1
        if calls and calls[0].__class__ is Batch:
            answers = self._dispatch_batches(answers)
        next_call = calls.popleft
        for answer in answers:
            if answer.__class__ is Push:
                self._on_push(answer)
                continue
            try:
                call = next_call()
            except IndexError:
                raise RemoteProtocolError("the server has answered what it was not asked") from None
            if call.__class__ is Call:  # Call.take, in place
                if call.answer is PENDING:
                    call.answer = answer
                    if (task := call.task) is not None:
                        call.task = None
                        reschedule(task, WOKEN)
            else:
                call.take(answer)
        self.answered_at = now = trio.current_time()
        if calls:
            self._alarm.set(max(calls[0].at + self._answer_timeout, now))
        else:
            self._alarm.clear()
        self._on_room()

    def _check_time(self) -> None:
        """Give the connection up if the first call has waited for too long."""
        if not self.calls:
            return
        due = self.calls[0].at + self._answer_timeout
        if trio.current_time() < due:
            self._alarm.set(due)
            return
        self.close(
            ConnectionTimedOut(
                f"the server has not answered {self.calls[0].command.name} within"
                f" {self._answer_timeout:g} seconds",
                operation="receive",
                address=self.connection.stream.remote_address,
            )
        )
