"""A line to a server: one shared connection after the other, and the calls that wait for it."""

from __future__ import annotations

import random
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus.core import Alarm
from trio_helianthus.errors import (
    HelianthusError,
    LimitExceeded,
    NetworkError,
    OperationTimeout,
    OutcomeUnknown,
    RedisAuthenticationError,
    RedisError,
    RedisPermissionDenied,
    ResourceClosed,
)

from ._call import PENDING, Call
from ._command import Command, CommandFlag
from ._link import Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from trio_helianthus.core import BackgroundNursery
    from trio_helianthus.wire.resp import Push

    from ._connection import Connection
    from ._options import Options

MAX_SENDS: Final = 3
"""How often a command that may be repeated is sent, before its losses are told."""
_CROWD: Final = 64
"""From how many waiting calls on it is looked for such as nobody waits for any more."""
_PING: Final = Command("PING", CommandFlag.READONLY)


class Line:
    """The calls of all tasks to one server, over one connection that is made again when lost.

    A call of which nothing was sent waits for the next connection. One that was sent is sent again
    if it may be repeated; else it fails with :exc:`~trio_helianthus.errors.OutcomeUnknown`.
    """

    def __init__(
        self,
        nursery: BackgroundNursery,
        connect: Callable[[], Awaitable[Connection]],
        *,
        options: Options,
        on_lost: Callable[[], object] = lambda: None,
    ) -> None:
        self.link: Link | None = None
        """The connection, while there is one."""
        self.waiting: deque[Call] = deque()
        """Calls that wait for a connection, or for room on it."""
        self.connects = 0
        """How often it was connected."""
        self.repeated = 0
        """How many commands were sent again after a loss."""
        self.sends = 0
        """How often something was sent, on all connections before this one."""
        self.last_error: Exception | None = None
        """Why it was lost, or could not be connected, the last time."""
        self._nursery = nursery
        self._connect = connect
        self._tracking = tracking = options.tracking
        self._on_push: Callable[[Push], object] = _pass_over
        if tracking is not None:
            self._connect = partial(tracking.connect, connect, options.timeouts.connect)
            self._on_push = tracking.take
        self._max_in_flight = options.limits.max_in_flight
        self._timeouts = options.timeouts
        self._retry_writes = options.retry_writes
        self._reconnect = options.reconnect
        self._on_lost = on_lost
        self._closed = False
        self._crowd = _CROWD
        self._left: set[Link] = set()  # links that only wait for what is under way on them
        self._lost = trio.Event()
        self._hurry = trio.Event()
        self._patience = Alarm(self._give_up)
        self._health = Alarm(self._check_health)

    def begin(self, call: Call) -> Awaitable[Any]:
        """Send a call of the present task when there is a connection, and room on it.

        :returns: what the task awaits at once.
        :raises ResourceClosed: the client was closed.
        """
        link = self.link
        if link is not None and not self.waiting:
            if len(link.outbox) < link.room:  # Link.begin, in place
                link.outbox.append(call)
                return call
            if link.load < self._max_in_flight:
                return link.begin(call)
        if self._closed:
            raise closed()
        self._wait(call)
        return call

    def submit(self, call: Call) -> None:
        """Send a call that is awaited later, or in another task.

        :raises ResourceClosed: the client was closed.
        """
        link = self.link
        if link is not None and not self.waiting and link.load < self._max_in_flight:
            link.submit(call)
        elif self._closed:
            raise closed()
        else:
            self._wait(call)

    def _wait(self, call: Call) -> None:
        """Have a call wait for a connection, or for room on it."""
        waiting = self.waiting
        if len(waiting) >= self._crowd:  # those who have given up need not be kept
            self.waiting = waiting = deque(each for each in waiting if each.answer is PENDING)
            self._crowd = max(_CROWD, 2 * len(waiting))
        call.at = trio.current_time()
        waiting.append(call)
        if self.link is None:
            self._be_patient()

    async def open(self) -> None:
        """Make the first connection, and keep one from now on.

        :raises NetworkError: the server cannot be reached.
        :raises RedisError: it refuses us.
        """
        self._take(await self._connect())
        self.keep()

    def keep(self) -> None:
        """Keep a connection from now on."""
        self._nursery.start_soon(self._keep, name="redis connections")

    def close(self) -> None:
        """Close the connection; what is under way raises :exc:`ResourceClosed`. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._patience.close()
        self._health.close()
        for link in (self.link, *self._left):
            if link is not None:
                link.close(closed())
        self.turn_away(closed)

    def turn_away(self, refusal: Callable[[], HelianthusError]) -> None:
        """Fail the calls that wait, which may be sent elsewhere; each gets an error of its own."""
        waiting, self.waiting = self.waiting, deque()
        for call in waiting:
            call.fail(refusal())

    def leave(self, within: float) -> None:
        """Go over to a new connection; what is under way on the present one is answered there.

        :param within: for how many seconds that may take from now on.
        """
        link, self.link = self.link, None
        if link is None:
            return
        unsent, link.outbox = link.outbox, []
        self._wait_again([call for call in unsent if call.answer is PENDING])
        self._left.add(link)
        self._lost.set()
        link.finish(within)

    def disconnect(self, error: Exception) -> None:
        """Give the present connection up, for a new one."""
        if self.link is not None:
            self.link.close(error)

    async def _keep(self) -> None:
        failures = 0
        while not self._closed:
            if self.link is not None:
                await self._lost.wait()
                continue
            try:
                connection = await self._connect()
            except (NetworkError, HelianthusError, trio.BrokenResourceError) as exc:
                failures += 1
                self.last_error = exc
                if isinstance(exc, (RedisAuthenticationError, RedisPermissionDenied)):
                    self._refuse_waiting(exc)  # waiting does not help
                delay = self._reconnect.delay(failures, random.random())  # noqa: S311
                with trio.move_on_after(delay):
                    await self._hurry.wait()
                self._hurry = trio.Event()
            else:
                failures = 0
                self._take(connection)

    def hurry(self) -> None:
        """Try to connect now, without waiting any longer."""
        self._hurry.set()

    def _take(self, connection: Connection) -> None:
        """Go on with a new connection."""
        if self._closed:
            connection.close()
            return
        self._lost = trio.Event()
        self.connects += 1
        self.link = link = Link(
            connection,
            answer_timeout=self._timeouts.answer,
            max_in_flight=self._max_in_flight,
            on_push=self._on_push,
            on_room=self._fill,
            on_lost=self._lose,
        )
        link.start(self._nursery)
        self._patience.clear()
        self._health.set(trio.current_time() + self._timeouts.health_check)
        self._fill()

    def _fill(self) -> None:
        """Give the connection as many of the waiting calls as it takes."""
        waiting, link = self.waiting, self.link
        while waiting and link is not None and link.load < self._max_in_flight:
            call = waiting.popleft()
            if call.answer is PENDING:
                link.submit(call)
                link = self.link  # sending may have found out that it is lost

    def _lose(self, link: Link, error: Exception) -> None:
        """Sort what was under way on a connection that is over."""
        is_current = link is self.link
        if is_current:
            self.link = None
        self._left.discard(link)
        if self._tracking is not None:
            self._tracking.note_lost()
        self.sends += link.sends
        if not self._closed and (is_current or link.calls):
            self.last_error = error
        again: list[Call] = []
        for call in _once_each(link.calls):
            if call.answer is not PENDING:
                continue
            if self._closed:
                call.fail(closed())
            elif isinstance(error, LimitExceeded) and call is link.calls[0]:
                call.fail(error)  # its answer is too large, and would be again
            elif call.is_repeatable and isinstance(error, TimeoutError) and self._is_overdue(call):
                call.fail(
                    _caused(OperationTimeout(str(error), seconds=self._timeouts.answer), error)
                )
            elif call.sends < MAX_SENDS and (self._retry_writes or call.is_repeatable):
                call.prepare_again()
                self.repeated += 1
                again.append(call)
            else:
                call.fail(_caused(OutcomeUnknown(command=call.command.name), error))
        again += [call for call in link.outbox if call.answer is PENDING]
        if self._closed:
            for call in again:
                call.fail(closed())
            return
        self._wait_again(again)
        if is_current:
            self._lost.set()
            self._on_lost()
        else:
            self._fill()

    def _wait_again(self, calls: list[Call]) -> None:
        """Have calls wait for a connection, before those that wait already."""
        now = trio.current_time()
        for call in calls:
            call.at = now
        self.waiting.extendleft(reversed(calls))
        if self.link is None:
            self._be_patient()

    def _is_overdue(self, call: Call) -> bool:
        return trio.current_time() - call.at >= self._timeouts.answer

    def _be_patient(self) -> None:
        if self.waiting:
            due = self.waiting[0].at + self._timeouts.reconnect
            if due < self._patience.at:
                self._patience.set(due)

    def _give_up(self) -> None:
        """Let go of the calls that have waited for a connection for too long."""
        if self.link is not None:
            return
        seconds, now = self._timeouts.reconnect, trio.current_time()
        while self.waiting and self.waiting[0].at + seconds <= now:
            call = self.waiting.popleft()
            message = f"no connection for {call.command.name} within {seconds:g} seconds"
            call.fail(_caused(OperationTimeout(message, seconds=seconds), self.last_error))
        self._be_patient()

    def _refuse_waiting(self, error: RedisError) -> None:
        waiting, self.waiting = self.waiting, deque()
        for call in waiting:
            refusal = type(error)(error.message, code=error.code)
            call.fail(_caused(refusal, error))

    def _check_health(self) -> None:
        link, now = self.link, trio.current_time()
        if link is None:
            return
        quiet_until = link.answered_at + self._timeouts.health_check
        if not link.load and now >= quiet_until:
            ping = Call()
            ping.command, ping.data = _PING, link.connection.encode((b"PING",))
            link.submit(ping)
        self._health.set(max(quiet_until, now + self._timeouts.health_check / 2))


def _pass_over(_: Push) -> None:
    """Take no notice of what a server tells unasked."""


def closed() -> ResourceClosed:
    """Return the error of a client that was closed."""
    return ResourceClosed("the Redis client was closed")


def _caused(error: HelianthusError, cause: Exception | None) -> HelianthusError:
    error.__cause__ = cause
    return error


def _once_each(calls: Iterable[Call]) -> Iterator[Call]:
    """Return each call once; a batch stands in the row several times, one behind the other."""
    last: Any = None
    for call in calls:
        if call is not last:
            yield call
        last = call
