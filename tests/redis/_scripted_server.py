"""A server in this process that answers as the test says, on a network that takes no time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio

from trio_helianthus import net, testing
from trio_helianthus.errors import RemoteProtocolError, redis_error
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA, resp

NOTHING = object()
"""Instead of an answer: there is none."""
NULL = object()
"""The answer that is null."""


@attrs.define(eq=False)
class Visitor:
    """A connection to the scripted server."""

    stream: net.ByteStream
    number: int
    protocol: resp.ServerConnection = attrs.field(factory=resp.server_connection)
    commands: list[list[bytes]] = attrs.field(factory=list)
    """What it has asked, behind the greeting."""
    pieces: int = 0
    """In how many pieces that has come."""

    async def answer(self, answer: Any) -> None:
        await self.stream.send_all(self.protocol.send(answer))


@attrs.define(eq=False)
class ScriptedServer:
    """Answers ``ECHO x`` by ``x``, ``GET x`` by ``x``, and the others by OK; see ``script``."""

    script: Callable[[Visitor, list[bytes]], Any] = lambda visitor, command: None
    """Returns an answer; ``None`` for the usual one, :data:`NOTHING` for none; or raises."""
    knows_hello: bool = True
    held: trio.Event | None = None
    """While it is not set nothing is answered, though it is read."""
    visitors: list[Visitor] = attrs.field(factory=list)
    url: str = ""
    greets_after: float = 0.0
    """Seconds before a visitor is greeted."""
    refuses: Exception | None = None
    """Instead of being greeted a visitor is told this, or is thrown out."""

    @property
    def commands(self) -> list[list[bytes]]:
        return [command for visitor in self.visitors for command in visitor.commands]

    async def handle(self, stream: net.ByteStream) -> None:
        visitor = Visitor(stream, len(self.visitors) + 1)
        self.visitors.append(visitor)
        while data := await stream.receive_some():
            visitor.protocol.receive_data(data)
            visitor.pieces += 1
            while (command := visitor.protocol.next_event()) is not NEED_DATA:
                assert isinstance(command, list)
                await self.react(visitor, command)
        visitor.protocol.receive_eof()
        assert visitor.protocol.next_event() is END_OF_STREAM

    async def react(self, visitor: Visitor, command: list[bytes]) -> None:
        name = command[0].upper()
        if name == b"HELLO":
            if self.greets_after:
                await trio.sleep(self.greets_after)
            if isinstance(self.refuses, RemoteProtocolError):
                visitor.stream.reset()
                return
            if self.refuses is not None or not self.knows_hello:
                await visitor.answer(self.refuses or redis_error("ERR unknown command 'HELLO'"))
                return
            visitor.protocol.protocol = 3
            await visitor.answer({b"server": b"scripted", b"proto": 3, b"id": visitor.number})
            return
        if name == b"CLIENT" and command[1] in {b"SETINFO", b"SETNAME", b"ID"}:
            await visitor.answer(visitor.number if command[1] == b"ID" else "OK")
            return
        visitor.commands.append(command)
        if self.held is not None:
            await self.held.wait()
        answer = self.script(visitor, command)
        if answer is None:
            answer = command[1] if name in {b"ECHO", b"GET"} else "OK"
        if answer is not NOTHING:
            await visitor.answer(None if answer is NULL else answer)


@asynccontextmanager
async def open_scripted_server(
    *, kind: type[ScriptedServer] = ScriptedServer, **options: Any
) -> AsyncIterator[ScriptedServer]:
    """Serve on a virtual network, so that time is the test's."""
    server = kind(**options)
    async with testing.open_virtual_network(), trio.open_nursery() as nursery:
        tcp = await nursery.start(net.serve_tcp, server.handle)
        server.url = f"redis://127.0.0.1:{tcp.port}"
        yield server
        nursery.cancel_scope.cancel()
