"""One server among several: connected when it is first used, and left when it is not to be."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

import trio

from trio_helianthus.errors import HelianthusError, NetworkError, OperationTimeout

from ._connect import connect
from ._line import closed
from ._server import Server
from ._sessions import make_sessions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_helianthus.core import BackgroundNursery

    from ._connection import Connection
    from ._options import Options
    from ._url import Place

_POLL_SECONDS: Final = 0.02
"""How often a node that is to be left is looked at."""


class Elsewhere(HelianthusError):
    """The command was not sent, or may be sent again: its node cannot be reached, or was left."""

    _default_message = "the node cannot be reached"


class Node:
    """A server of a cluster, or a replica; it has no connection before it is used.

    While it is a member its shared connections are made again when they are lost. Else that
    waits until somebody uses it.
    """

    def __init__(
        self,
        place: Place,
        *,
        nursery: BackgroundNursery,
        options: Options,
        on_trouble: Callable[[Node], object],
        connect: Callable[[Place, Options], Awaitable[Connection]] = connect,
        is_current: Callable[[Connection], bool] = lambda _: True,
    ) -> None:
        self.place: Final = place
        self.server: Server | None = None
        self.is_member = True
        """Whether it is to be kept connected."""
        self.is_up = True
        """Whether the last try to reach it went well, or there was none."""
        self.is_slow = False
        """Whether it lets a command wait for longer than is usual."""
        self.is_asleep = False
        """Whether it connects only when :meth:`wake` is called."""
        self.is_replica = False
        """Whether it has a copy of another's data."""
        self._nursery = nursery
        self._options = options
        self._on_trouble = on_trouble
        self._connect_place = connect
        self._is_current = is_current
        self._wish = trio.Event()
        self._closed = False
        self._is_left = False
        self.lendable: WeakSet[Connection] = WeakSet()
        """Its connections that are not shared."""

    def __repr__(self) -> str:
        return f"<Node {self.place}>"

    @property
    def is_connected(self) -> bool:
        """Whether there is a shared connection to it."""
        return self.server is not None and any(line.link for line in self.server.lines)

    def use(self) -> Server:
        """Return its server, which connects now at the latest."""
        server = self.server
        return self.open() if server is None or self.is_asleep else server

    def open(self) -> Server:
        """Return its server, which has begun to connect."""
        if self.server is None:
            for line in self._make_server().lines:
                line.keep()
        if self.is_asleep:
            self.wake()
        assert self.server is not None
        return self.server

    async def open_now(self) -> None:
        """Connect, and stay so.

        :raises NetworkError: it cannot be reached.
        :raises RedisError: it refuses us.
        """
        await self._make_server().open()

    def _make_server(self) -> Server:
        sessions = make_sessions(
            self._nursery,
            self._connect_session,
            options=self._options,
            is_current=self._is_current,
            refusal=lambda: elsewhere(None) if self._is_left else closed(),
        )
        self.server = Server(
            self._nursery,
            self._connect_line,
            sessions,
            self._options,
            on_lost=self._note_lost,
        )
        return self.server

    def wake(self) -> None:
        """Have it connect."""
        self.is_asleep = False
        self._wish.set()

    def hurry(self) -> None:
        """Try to connect now, where it waits to try again."""
        if self.server is not None:
            for line in self.server.lines:
                line.hurry()

    def turn_away(self) -> None:
        """Have those who wait for a connection go elsewhere, by :exc:`Elsewhere`."""
        if self.server is not None:
            for line in self.server.lines:
                if line.waiting:
                    error = line.last_error
                    line.turn_away(partial(elsewhere, error))

    def give_up(self, error: Exception) -> None:
        """Count it as lost, with what is under way on its shared connections."""
        self.is_up = False
        if self.server is not None:
            for line in self.server.lines:
                line.disconnect(error)

    def reconnect(self, within: float) -> None:
        """Make new connections; what is under way on the present ones is still answered."""
        if self.server is not None:
            for line in self.server.lines:
                line.leave(within)

    def waits_since(self) -> float:
        """Return when the command was sent that waits longest for its answer; ``inf`` for none."""
        if self.server is None:
            return math.inf
        links = [line.link for line in self.server.lines if line.link is not None]
        return min((link.calls[0].at for link in links if link.calls), default=math.inf)

    async def retire(self, within: float, error: Exception) -> None:
        """Close it, when what is under way is done, or has had its time.

        :param within: the most seconds for that.
        :param error: why what is under way behind that is lost.
        """
        self.is_member = False
        self._is_left = True
        server = self.server
        if server is None:
            return
        self.turn_away()
        try:
            with trio.move_on_after(within):
                while self.waits_since() < math.inf or server.sessions.pool.statistics().acquired:
                    await trio.sleep(_POLL_SECONDS)
                    self.turn_away()
        finally:
            self.give_up(error)
            self.turn_away()
            for connection in self.lendable:
                connection.give_up()
            self.close()

    def close(self) -> None:
        """Close its connections at once."""
        self._closed = True
        self.wake()
        if self.server is not None:
            self.server.close()
            self.server.sessions.pool.close()

    async def connect(self) -> Connection:
        """Make a connection.

        :raises Elsewhere: it cannot be reached.
        """
        return await self._connect_session()

    async def _connect_line(self) -> Connection:
        """Make a shared connection, when it is wanted."""
        server = self.server
        assert server is not None
        while not self.is_member and not any(line.waiting for line in server.lines):
            if self._closed:
                raise Elsewhere
            self._wish = trio.Event()
            self.is_asleep = True
            await self._wish.wait()
        try:
            connection = await self._connect(is_shared=True)
        except (NetworkError, HelianthusError, trio.BrokenResourceError):
            self.is_up = False
            self._on_trouble(self)
            raise
        self.is_up = True
        return connection

    async def _connect_session(self) -> Connection:
        try:
            connection = await self._connect()
        except (NetworkError, OperationTimeout) as exc:
            if not self.is_connected:  # else its answers say how it is
                self.is_up = False
            self._on_trouble(self)
            raise elsewhere(exc) from exc
        self.is_up = True
        self.lendable.add(connection)
        return connection

    async def _connect(self, *, is_shared: bool = False) -> Connection:
        connection = await self._connect_place(self.place, self._options)
        try:
            if is_shared and self.is_replica:
                # Else it sends readers to its primary. It does not matter on a primary.
                await connection.exchange((b"READONLY",), timeout=self._options.timeouts.connect)
        except BaseException:
            connection.close()
            raise
        return connection

    def _note_lost(self) -> None:
        self.is_up = False
        self._on_trouble(self)


def elsewhere(cause: BaseException | None) -> Elsewhere:
    """Return the error of a call that may be sent to another node."""
    error = Elsewhere()
    error.__cause__ = cause
    return error
