"""Servers that sentinels watch, behind the client's face: writes go to whoever is primary now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import trio

from trio_helianthus.errors import (
    HelianthusError,
    RedisError,
    RedisPermissionDenied,
    RedisUnavailable,
)

from ._command import Command, CommandFlag
from ._connect import connect
from ._joining import join
from ._node import Node
from ._path import Path
from ._read_from import ReadFrom
from ._routing import Part
from ._server import stateful
from ._several import Several
from ._several_batches import run_atomic, run_parts
from ._topology import SUSPICIOUS_SECONDS, Group, given_up

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from trio_helianthus.core import BackgroundNursery
    from trio_helianthus.wire import resp

    from ._backend import Request
    from ._connection import Connection
    from ._options import Options
    from ._sentinels import Sentinels
    from ._url import Place

PROMOTION_SECONDS: Final = 2.0
"""How long to wait for a replica that a sentinel has told to become primary."""
PROMOTION_POLL_SECONDS: Final = 0.01
LOOK_SECONDS: Final = 0.25
"""The least time between two looks at the replicas."""
_ROLE: Final = Command("ROLE", CommandFlag.REPEATABLE)
_UNREACHABLE: Final = (OSError, HelianthusError, trio.BrokenResourceError)


class Watched(Several):
    """Brings commands to the primary that the sentinels name, and reads to its replicas, too.

    The primary is looked for whenever a connection is made; a server that is not primary is not
    taken for it, whatever a sentinel says.
    """

    def __init__(
        self,
        nursery: BackgroundNursery,
        options: Options,
        *,
        read_from: ReadFrom,
        remap: Callable[[Place], Place],
    ) -> None:
        self.nursery = nursery
        self.options = options
        self.primary_place: Place | None = None
        """Where it was the last time."""
        self.news = trio.Event()
        """Set when another primary was found; there is a new one then."""
        self.sentinels: Sentinels
        self.reads_replicas = read_from is not ReadFrom.PRIMARY
        self._read_from = read_from
        self._remap = remap
        self._generation = 0  # counts the primaries
        self._made: WeakKeyDictionary[Connection, int] = WeakKeyDictionary()
        self._attempts: set[trio.CancelScope] = set()
        self._replicas: dict[Place, Node] = {}
        self._wish = trio.Event()
        self._is_checking = False
        self._successor: Place | None = None
        self._succession_ends = 0.0
        self._primary: Node
        self._group: Group

    def follow_sentinels(self, sentinels: Sentinels) -> None:
        """Take the sentinels that tell who is primary."""
        self.sentinels = sentinels
        self._primary = Node(
            sentinels.places[0],
            nursery=self.nursery,
            options=self.options,
            on_trouble=self._note_trouble,
            connect=lambda _place, _options: self._connect_primary(),
            is_current=lambda connection: self._made.get(connection) == self._generation,
        )
        self._group = Group(self._primary, (self._primary,))

    async def open(self, *, lazy: bool = False) -> None:
        """Connect to the primary, and follow it from now on.

        :raises NetworkError: no sentinel can be reached, or not the primary.
        :raises RedisError: one of them refuses us, or knows nothing by that name.
        """
        if lazy:
            self._primary.open()
        else:
            await self._primary.open_now()
        self.sentinels.listen()
        if self.reads_replicas:
            if not lazy:
                await self._look_at_replicas()
            self.nursery.start_soon(self._keep_looking, name="looks at the replicas")

    def begin(self, command: Command, args: Sequence[resp.Argument]) -> Awaitable[Any]:
        if self.reads_replicas and self.may_ask_replica(command):
            node = self._group.pick_reader()
        else:
            node = self._primary
        return self.follow(node.use().begin(command, args), node, command, args, None)

    async def run_many(self, requests: Sequence[Request], *, is_atomic: bool) -> list[Any]:
        for command, _ in requests:
            if command.is_stateful:
                raise stateful(command)
        if is_atomic:
            return await run_atomic(self, self.trail(), requests, slot=None)
        parts = [(command, Part(args)) for command, args in requests]
        is_readonly = all(self.may_ask_replica(command) for command, _ in requests)
        answers = await run_parts(self, self.trail(), parts, is_readonly=is_readonly)
        return [
            join(command, [part], [answer])
            for (command, part), answer in zip(parts, answers, strict=True)
        ]

    def pick(self, slot: int | None, *, is_readonly: bool) -> Node:
        return self._group.pick_reader() if is_readonly else self._primary

    def node_at(self, place: Place) -> Node:
        return self._replicas.get(place, self._primary)

    def list_nodes(self) -> list[Node]:
        return [self._primary, *self._replicas.values()]

    def slot_of(self, keys: Sequence[resp.Argument]) -> int | None:
        return None

    def trail(self) -> Path:
        return _WatchedPath(self)

    def note_switch(self, place: Place) -> None:
        """Go over to the primary that a sentinel tells of."""
        if place != self.primary_place:
            self._leave_primary()

    def note_promotion(self, place: Place) -> None:
        """Go over to a replica that is about to become primary.

        Sentinels call it primary a second or so after it has become one. What the old one would
        acknowledge until then would be lost.
        """
        if place != self.primary_place:
            self._successor, self._succession_ends = place, trio.current_time() + PROMOTION_SECONDS
            self._leave_primary()

    def note_change(self) -> None:
        """Look at the replicas soon."""
        self._wish.set()

    def doubt(self) -> None:
        """Find out whether the server that is connected is still primary, and leave it if not."""
        if not self._is_checking and self._primary.is_connected:
            self._is_checking = True
            self.nursery.start_soon(self._check_primary, name="checks the primary")

    async def _check_primary(self) -> None:
        generation, role = self._generation, None
        try:
            with trio.move_on_after(SUSPICIOUS_SECONDS):
                role = await self._primary.use().begin(_ROLE, _ROLE.words)
        except _UNREACHABLE:
            return  # it is connected again, and looked for, by itself
        finally:
            self._is_checking = False
        if generation == self._generation and not is_primary(role):
            self._leave_primary()

    def _leave_primary(self) -> None:
        self._generation += 1
        for attempt in self._attempts:
            attempt.cancel(reason="there is another primary")
        self._primary.reconnect(SUSPICIOUS_SECONDS)
        self._primary.hurry()
        self.nursery.start_soon(self._part_with_old, name="leaves the old primary")

    async def _part_with_old(self) -> None:
        """Give those a little time that wait for the old primary on connections of their own."""
        generation = self._generation
        await trio.sleep(SUSPICIOUS_SECONDS)
        for connection in list(self._primary.lendable):
            if self._made.get(connection, generation) < generation:
                connection.give_up()

    async def _connect_primary(self) -> Connection:
        """Connect to the primary, as the first sentinel says whose primary is one.

        :raises NetworkError: no sentinel can be reached, or none of the servers that they name.
        :raises RedisError: one of them refuses us, or is not primary.
        """
        while True:
            with trio.CancelScope() as attempt:
                self._attempts.add(attempt)
                try:
                    return await self._try_all(attempt)
                finally:
                    self._attempts.discard(attempt)

    async def _try_all(self, attempt: trio.CancelScope) -> Connection:
        """Try the replica that is about to become primary, if there is one, then the sentinels."""
        failure: Exception | None = None
        tried: set[Place] = set()
        until, successor = self._succession_ends, self._successor
        if successor is not None and trio.current_time() < until:
            tried.add(successor)
            try:
                connection = await self._connect_checked(successor, until=until)
            except _UNREACHABLE as exc:
                failure = exc
            else:
                self._note_primary(successor, connection, attempt)
                return connection
        for sentinel in list(self.sentinels.places):
            try:
                report = await self.sentinels.ask(sentinel)
                assert report.primary is not None
                place = self._remap(report.primary)
                if place not in tried:
                    tried.add(place)
                    connection = await self._connect_checked(place)
                    self._note_primary(place, connection, attempt)
                    return connection
            except _UNREACHABLE as exc:
                # What a server says is told rather than that another one is not there.
                failure = exc if failure is None or isinstance(exc, RedisError) else failure
        assert failure is not None
        raise failure

    async def _connect_checked(self, place: Place, *, until: float = 0.0) -> Connection:
        """Connect to a server that is primary.

        :param until: for how long it may take to become one.
        """
        connection = await connect(place, self.options)
        try:
            while not await self._is_primary(connection):
                if trio.current_time() >= until:
                    raise RedisUnavailable(
                        f"MASTERDOWN the server at {place} is not primary, though a sentinel says"
                        " so: a failover may be under way",
                        code="MASTERDOWN",
                    )
                await trio.sleep(PROMOTION_POLL_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _is_primary(self, connection: Connection) -> bool:
        (role,) = await connection.exchange(_ROLE.words, timeout=self.options.timeouts.connect)
        return is_primary(role)

    def _note_primary(
        self, place: Place, connection: Connection, attempt: trio.CancelScope
    ) -> None:
        """Take note of where the primary is."""
        self._attempts.discard(attempt)  # else it would be cancelled with the others
        if place != self.primary_place:
            if self.primary_place is not None:
                self._leave_primary()  # with all connections there are, whoever tells of it first
            self.primary_place = place
            news, self.news = self.news, trio.Event()
            news.set()
            self.note_change()
        self._made[connection] = self._generation

    def _note_trouble(self, node: Node) -> None:
        if self.reads_replicas:
            node.turn_away()  # others can answer
            self.note_change()

    async def _keep_looking(self) -> None:
        """Follow the replicas that come and go."""
        while True:
            await self._wish.wait()
            self._wish = trio.Event()
            await self._look_at_replicas()
            await trio.sleep(LOOK_SECONDS)
            if not all(node.is_up for node in self._replicas.values()):
                self.note_change()

    async def _look_at_replicas(self) -> None:
        for sentinel in list(self.sentinels.places):
            try:
                report = await self.sentinels.ask(sentinel)
            except _UNREACHABLE:
                continue
            self._apply({self._remap(place) for place in report.replicas})
            return

    def _apply(self, places: set[Place]) -> None:
        """Read from these replicas from now on."""
        places.discard(self.primary_place)
        for place in self._replicas.keys() - places:
            node = self._replicas.pop(place)
            self.nursery.start_soon(
                node.retire, SUSPICIOUS_SECONDS, given_up(node), name=f"leaving {place}"
            )
        for place in places - self._replicas.keys():
            self._replicas[place] = Node(
                place, nursery=self.nursery, options=self.options, on_trouble=self._note_trouble
            )
        replicas = tuple(self._replicas.values())
        readers = replicas if self._read_from is ReadFrom.REPLICA else (self._primary, *replicas)
        self._group = Group(self._primary, readers)


class _WatchedPath(Path):
    """The path of what runs on watched servers."""

    def __init__(self, watched: Watched) -> None:
        super().__init__(watched.options.timeouts.reconnect)
        self._watched = watched

    def _look(self) -> None:
        self._watched.doubt()

    async def _wait_for_news(self) -> None:
        await self._watched.news.wait()


def is_primary(role: object) -> bool:
    """Whether ``ROLE`` says that a server is primary; users who may not ask have to trust."""
    if isinstance(role, RedisPermissionDenied):
        return True
    return isinstance(role, list) and role[:1] == [b"master"]
