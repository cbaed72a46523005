"""Several servers behind the client's face: what a cluster and watched servers have in common."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus.errors import RedisError

from ._backend import Backend
from ._node import Elsewhere
from ._path import PASSING, Path
from ._routing import is_from_script
from ._several_batches import ASKING
from ._statistics import sum_up
from ._trail import NO_TRAIL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

    from trio_helianthus.wire import resp

    from ._command import Command
    from ._connection import Connection
    from ._node import Node
    from ._statistics import RedisStatistics
    from ._trail import Trail
    from ._url import Place

_WALKS: Final = frozenset({"CLUSTERSCAN", "HSCAN", "SCAN", "SSCAN", "ZSCAN"})
"""Their cursors are valid only on the server that they come from, so they do not take turns."""
_A_CONNECTION: Final = "a connection"


class Several(Backend):
    """Brings commands to the right one of several servers, and follows them when they change.

    What a server has refused since it is not the one to ask, or does not serve now, has not run:
    it is sent again, writes too. For what was lost with its connection the rule of a single
    server holds.
    """

    reads_replicas: bool
    """Whether replicas answer commands that only read."""

    @abstractmethod
    def pick(self, slot: int | None, *, is_readonly: bool) -> Node:
        """Return who is asked now.

        :param slot: of a cluster: that of the keys, if there are any.
        :param is_readonly: whether replicas may be asked.
        """

    @abstractmethod
    def node_at(self, place: Place) -> Node:
        """Return the node of a place."""

    @abstractmethod
    def list_nodes(self) -> Iterable[Node]:
        """Return all that are known."""

    @abstractmethod
    def slot_of(self, keys: Sequence[resp.Argument]) -> int | None:
        """Return the one slot that the keys are in."""

    @abstractmethod
    def trail(self) -> Path:
        """Begin to follow work that a server may refuse since another one has to do it."""

    def watch(self) -> None:
        """Look after the answers that are to come."""

    async def wait_until_known(self) -> None:
        """Wait until it is known whom to ask."""

    @asynccontextmanager
    async def lend(
        self, keys: Sequence[resp.Argument], trail: Trail = NO_TRAIL
    ) -> AsyncIterator[Connection]:
        slot = self.slot_of(keys)
        path = trail if isinstance(trail, Path) else self.trail()

        async def acquire(node: Node) -> tuple[Any, Connection]:
            sessions = node.use().sessions
            return sessions.pool, await sessions.acquire()

        pool, connection = await self.on_node(slot, path, acquire)
        connection.is_asking = path.is_asking
        try:
            yield connection
        finally:
            connection.is_asking = False
            pool.release(connection)

    async def connect(self, key: resp.Argument | None = None) -> Connection:
        slot = None if key is None else self.slot_of([key])
        connection: Connection = await self.on_node(slot, self.trail(), lambda node: node.connect())
        return connection

    def statistics(self) -> RedisStatistics:
        servers = [node.server for node in self.list_nodes() if node.server is not None]
        return sum_up([server.statistics() for server in servers])

    def close(self) -> None:
        """Close all connections."""
        for node in self.list_nodes():
            node.close()

    async def follow(
        self,
        answer: Awaitable[Any],
        node: Node,
        command: Command,
        args: Sequence[resp.Argument],
        slot: int | None,
    ) -> Any:
        """Return an answer, of another server if need be."""
        try:
            return await answer
        except PASSING as exc:
            if is_from_script(command, exc, slot):
                raise
            error = exc
        return await self._pursue(error, node, command, args, slot)

    async def _pursue(
        self,
        error: Exception,
        node: Node,
        command: Command,
        args: Sequence[resp.Argument],
        slot: int | None,
    ) -> Any:
        """Ask again where, and as soon as, it makes sense."""
        path = self.trail()
        is_readonly = self.may_ask_replica(command)
        try:
            while await path.follow(error, asked=node):
                node = path.node or self.pick(
                    slot, is_readonly=is_readonly and not path.wants_primary
                )
                try:
                    return await self._ask(node, command, args, is_asking=path.is_asking)
                except PASSING as exc:
                    if is_from_script(command, exc, slot):
                        raise
                    error = exc
            raise path.give_up(error, command.name)
        finally:
            del error  # its traceback refers to this frame

    def may_ask_replica(self, command: Command) -> bool:
        """Whether a command may go to a replica."""
        return (
            self.reads_replicas
            and command.is_readonly
            and not command.is_for_sessions
            and command.name not in _WALKS
        )

    async def _ask(
        self, node: Node, command: Command, args: Sequence[resp.Argument], *, is_asking: bool
    ) -> Any:
        server = node.use()
        self.watch()
        if not is_asking:
            return await server.begin(command, args)
        if command.is_for_sessions:
            return await server.sessions.run(command, args, is_asking=True)
        batch = server.make_batch([ASKING, (command, args)])
        server.submit(batch)
        _, answer = await batch
        if isinstance(answer, RedisError):
            raise answer
        return answer

    async def on_node(
        self,
        slot: int | None,
        path: Path,
        act: Callable[[Node], Awaitable[Any]],
    ) -> Any:
        """Do something with a server, or with the one that follows it if it is lost."""
        await self.wait_until_known()
        while True:
            node = path.node or self.pick(slot, is_readonly=False)
            try:
                return await act(node)
            except Elsewhere as exc:
                if not await path.follow(exc, asked=node):  # noqa: ASYNC120 - as it should be
                    raise path.give_up(exc, _A_CONNECTION) from exc.__cause__
