"""One client of the rooms protocol, as the server serves it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import trio

from trio_helianthus.core import limit, open_background_nursery, report_error
from trio_helianthus.errors import ResourceClosed, ResourceFull
from trio_helianthus.wire.websocket import PreparedMessage

from . import _envelope as envelope
from ._bus import BusLost
from ._room_error import RoomError, RoomProblem

if TYPE_CHECKING:
    from trio_helianthus.core import BackgroundNursery, CancelToken

    from ._connection import Connection
    from ._membership import Membership
    from ._rooms import Rooms

__all__ = ["RoomHooks", "RoomSession"]


class RoomHooks:
    """What the application has to say to what clients do. Override what is of interest.

    Each may raise :exc:`RoomError`, whose message the client is told. Anything else that is raised
    is reported (:func:`trio_helianthus.core.report_error`), and the client told that it failed.
    """

    async def check_join(self, session: RoomSession, room: str) -> None:
        """Decide whether a client may join a room, by raising :exc:`RoomError` if not."""

    async def check_message(self, session: RoomSession, room: str, body: object) -> object:
        """Decide about what a client wants to say in a room.

        :returns: the body that is sent: another, or this one, which may be changed.
        """
        return body

    async def answer(self, session: RoomSession, body: object) -> object:
        """Reply to a request of a client's; those of one client are answered at the same time.

        :returns: the body of the reply, anything that JSON can say.
        """
        raise RoomError("this server answers no requests")


class _Asked:
    """A request of ours that waits for its reply, or for the end."""

    def __init__(self) -> None:
        self.done = trio.Event()
        self.has_reply = False
        self.body: object = None
        self.problem: str | None = None


class RoomSession:
    """One client of :meth:`Rooms.serve`, as the hooks get to know it."""

    def __init__(self, rooms: Rooms, connection: Connection, member: str, hooks: RoomHooks) -> None:
        self.connection = connection
        """The client's connection."""
        self.member = member
        """Who the client is."""
        self._rooms = rooms
        self._limits = rooms.limits
        self._hooks = hooks
        self._memberships: dict[str, Membership] = {}
        self._asked: dict[str, _Asked] = {}
        self._numbers = count(1)
        self._answering = 0
        self._reader: trio.lowlevel.Task | None = None

    def __repr__(self) -> str:
        return f"<RoomSession of {self.member!r} in {len(self._memberships)} rooms>"

    @property
    def memberships(self) -> dict[str, Membership]:
        """The rooms that the client is in, by their names.

        A client is put out of a room by :meth:`Membership.leave`; it is not told so.
        """
        return {name: there for name, there in self._memberships.items() if not there.left}

    async def ask(
        self, body: object, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> object:
        """Make a request to the client, and wait for its reply.

        Not from :meth:`RoomHooks.check_join` and :meth:`RoomHooks.check_message`: while they
        decide, the client's next message, and so its reply, is not read.

        :param body: anything that JSON can say.
        :param timeout: seconds; ``None`` means ``reply_timeout``.
        :returns: the body of the reply.
        :raises RoomError: the client has answered with an error, or the body is too large.
        :raises OperationTimeout: it has not answered in time.
        :raises ResourceFull: ``max_outstanding`` requests wait already.
        :raises ResourceClosed: the session has ended.
        :raises WebSocketBroken: the connection has.
        :raises RuntimeError: the task that reads the client's messages has called it.
        """
        if trio.lowlevel.current_task() is self._reader:
            raise RuntimeError("the reply would not be read: another task has to ask")
        limits = self._limits
        if len(self._asked) >= limits.max_outstanding:
            raise ResourceFull(limit_name="max_outstanding", limit=limits.max_outstanding)
        text = envelope.dump_body(body, limits)
        ref = f"s{next(self._numbers)}"
        asked = self._asked[ref] = _Asked()
        try:
            with limit(limits.reply_timeout if timeout is None else timeout, token):
                await self.connection.send_text(envelope.request(ref, text))
                await asked.done.wait()
        finally:
            del self._asked[ref]
        if not asked.has_reply:
            raise ResourceClosed("the client has gone")
        if asked.problem is not None:
            raise RoomError(asked.problem)
        return asked.body

    async def run(self) -> None:
        """Serve the client until its connection ends."""
        self._reader = trio.lowlevel.current_task()
        try:
            async with open_background_nursery() as nursery:
                async for message in self.connection:
                    await self._handle(message, nursery)
        finally:
            self._end()
            await self._leave_all()  # noqa: ASYNC102 it shields itself, for a limited time

    def _end(self) -> None:
        for asked in self._asked.values():
            asked.done.set()

    async def _leave_all(self) -> None:
        memberships, self._memberships = self._memberships, {}
        with trio.CancelScope(shield=True):  # bounded by the memberships' leave_timeout
            async with trio.open_nursery() as nursery:
                for membership in memberships.values():
                    nursery.start_soon(membership.leave)

    async def _handle(self, message: str | bytes, nursery: BackgroundNursery) -> None:
        """Do what the client wants, or tell it why not."""
        try:
            said = envelope.parse_client_envelope_untrusted(message, self._limits)
        except envelope.BadEnvelope as exc:
            await self.connection.send_text(envelope.error(exc.ref, exc.error))
            return
        if isinstance(said, envelope.Answer):
            self._note_answer(said)
        elif isinstance(said, envelope.Ask):
            if self._answering >= self._limits.max_outstanding:
                refusal = RoomError(problem=RoomProblem.TOO_MANY_REQUESTS)
                await self.connection.send_text(envelope.error(said.ref, refusal))
                return
            self._answering += 1
            nursery.start_soon(self._answer, said)
        else:
            await self._do(said)

    async def _do(self, said: envelope.Join | envelope.Leave | envelope.Send) -> None:
        try:
            if isinstance(said, envelope.Join):
                await self._join(said)
            elif isinstance(said, envelope.Leave):
                await self._leave(said)
            else:
                await self._send(said)
        except Exception as exc:
            await self._tell_failure(said.ref, exc)

    async def _join(self, said: envelope.Join) -> None:
        here = self.memberships
        if said.room in here:
            raise RoomError(problem=RoomProblem.ALREADY_JOINED)
        if len(here) >= self._limits.max_rooms_per_connection:
            raise RoomError(problem=RoomProblem.TOO_MANY_ROOMS)
        await self._hooks.check_join(self, said.room)
        await self._wait_read()
        self._memberships = self.memberships  # without those that it was put out of
        self._memberships[said.room] = await self._rooms._join(
            said.room,
            self.connection,
            member=self.member,
            last_seen=said.last_seen,
            info_text=said.info,
            ref=said.ref,
        )

    async def _wait_read(self) -> None:
        """Wait until the client has read what it was told, for up to ``join_timeout``.

        Many large welcomes, one behind the other, would make nearly any client too slow.
        """
        outgoing = self.connection._outgoing
        if outgoing.busy:
            with trio.move_on_after(self._limits.join_timeout):
                await outgoing.wait_sent()

    async def _leave(self, said: envelope.Leave) -> None:
        membership = self._membership(said.room)
        await membership._wait_confirmed()
        del self._memberships[said.room]
        await membership.leave()
        if said.ref is not None:
            # Offered, so that it comes behind what the room has said before.
            self.connection.offer(PreparedMessage(envelope.reply(said.ref, room=said.room)))

    async def _send(self, said: envelope.Send) -> None:
        membership = self._membership(said.room)
        body = await self._hooks.check_message(self, said.room, said.body)
        text = said.text
        if body is not said.body or isinstance(body, (dict, list)):  # which it may have changed
            text = envelope.dump_body(body, self._limits)
        await membership.room._wait_told()
        if membership.left:  # meanwhile
            raise RoomError(problem=RoomProblem.NOT_JOINED)
        position = await membership._publish(text, said.tag)
        membership._confirm(position, said.ref)

    def _membership(self, room: str) -> Membership:
        membership = self._memberships.get(room)
        if membership is None or membership.left:
            raise RoomError(problem=RoomProblem.NOT_JOINED)
        return membership

    async def _answer(self, said: envelope.Ask) -> None:
        try:
            try:
                body = await self._hooks.answer(self, said.body)
                text = envelope.dump_body(body, self._limits, "the reply")
            except Exception as exc:
                await self._tell_failure(said.ref, exc)
            else:
                await self.connection.send_text(envelope.reply_with_body(said.ref, text))
        except Exception as exc:
            if not self.connection.has_raised(exc):  # else the task that receives tells of it
                raise
        finally:
            self._answering -= 1

    def _note_answer(self, said: envelope.Answer) -> None:
        asked = self._asked.get(said.ref) if isinstance(said.ref, str) else None
        if asked is not None:  # else it has come too late
            asked.body, asked.problem, asked.has_reply = said.body, said.problem, True
            asked.done.set()

    async def _tell_failure(self, ref: envelope.Ref, failure: Exception) -> None:
        if isinstance(failure, RoomError):
            error = failure
        elif self.connection.has_raised(failure):
            raise failure
        elif isinstance(failure, BusLost) or self._rooms.closed:
            error = RoomError(problem=RoomProblem.UNAVAILABLE)
        else:
            report_error(failure, where=f"rooms, for {self.member!r}")
            error = RoomError(problem=RoomProblem.FAILED)
        await self.connection.send_text(envelope.error(ref, error))
