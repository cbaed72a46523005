"""One face for WebSocket libraries, so that ours talks to those of others in both roles.

Each kind opens a :class:`Peer` and serves them, on trio or on asyncio; what is said over a peer
awaits nothing but the peer, so it runs on either.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final

import attrs
import trio

from trio_helianthus import errors, http, websocket

PATIENCE_SECONDS: Final = 30.0
"""How long anything may take on a busy machine."""
Message = str | bytes


@attrs.frozen(kw_only=True)
class Compression:
    """What one side asks for."""

    without_context: bool = False
    window_bits: int = 15


@attrs.frozen(kw_only=True)
class Options:
    """What a peer is opened or served with."""

    subprotocols: tuple[str, ...] = ()
    origin: str | None = None
    compression: Compression | None = None


class Refused(Exception):
    """A client's handshake was answered, and not with 101."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Peer(ABC):
    """One side of an open WebSocket."""

    @property
    @abstractmethod
    def subprotocol(self) -> str | None: ...

    @property
    @abstractmethod
    def close_code(self) -> int | None: ...

    @abstractmethod
    async def send(self, message: Message) -> None: ...

    @abstractmethod
    async def receive(self) -> Message | None:
        """The next message; ``None`` once it is closed."""

    @abstractmethod
    async def ping(self) -> None:
        """Send a ping, and wait for its pong."""

    @abstractmethod
    async def close(self, code: int, reason: str) -> None: ...

    async def send_fragments(self, fragments: list[str]) -> None:
        """Send one message in pieces, where the library can."""
        await self.send("".join(fragments))


async def answer(peer: Peer) -> None:
    """What each server does: it obeys some messages, and echoes the rest."""
    while (message := await peer.receive()) is not None:
        match message:
            case "fragments":
                await peer.send_fragments(["one, ", "t\xa2, ", "", "three"])
            case "ping":
                await peer.ping()
                await peer.send("pong")
            case "subprotocol":
                await peer.send(repr(peer.subprotocol))
            case str() if message.startswith("close "):
                await peer.close(int(message[6:]), "as you wish")
            case _:
                await peer.send(message)


Handle = Callable[[Peer], Awaitable[None]]
Started = Callable[[int], None]
"""Takes the port that is listened on."""


@attrs.frozen
class Kind:
    """A library."""

    name: str
    open: Callable[[str, Options], AbstractAsyncContextManager[Peer]]
    """Of a URL."""
    serve: Callable[[Handle, Options, Started], Awaitable[None]]
    """Serve until cancelled; the port is told."""
    on_asyncio: bool = True
    compresses: bool = False
    sets_windows: bool = False
    """Whether it can be told how to compress."""
    insists_on_subprotocol: bool = False
    """Whether its server, which speaks some, refuses clients that offer none."""

    def __str__(self) -> str:
        return self.name

    async def run(self, url: str, options: Options, talk: Handle) -> None:
        """Talk to a server as a client of this kind."""

        async def run() -> None:
            async with self.open(url, options) as peer:
                await talk(peer)

        with trio.fail_after(PATIENCE_SECONDS):
            if self.on_asyncio:
                await trio.to_thread.run_sync(lambda: asyncio.run(run()), abandon_on_cancel=True)
            else:
                await run()

    @asynccontextmanager
    async def serving(self, options: Options, handle: Handle = answer) -> AsyncIterator[str]:
        """A server of this kind, for as long as the body runs; it tells its URL."""
        ports = list[int]()
        listening = trio.Event()

        def started(port: int) -> None:
            ports.append(port)
            listening.set()

        async with trio.open_nursery() as nursery:
            if self.on_asyncio:
                thread = _Thread(self.serve, handle, options)
                nursery.start_soon(thread.run, started)
                stop: Callable[[], object] = thread.stop
            else:
                # It is waited for below.
                nursery.start_soon(self.serve, handle, options, started)  # noqa: ASYNC113
                stop = nursery.cancel_scope.cancel
            with trio.fail_after(PATIENCE_SECONDS):
                await listening.wait()
            try:
                yield f"ws://127.0.0.1:{ports[0]}/"
            finally:
                stop()


@attrs.define
class _Thread:
    """An asyncio server in a thread."""

    serve: Callable[[Handle, Options, Started], Awaitable[None]]
    handle: Handle
    options: Options
    cancel: Callable[[], object] | None = None

    def stop(self) -> None:
        if self.cancel is not None:
            self.cancel()

    async def run(self, started: Started) -> None:
        def tell(port: int) -> None:
            trio.from_thread.run_sync(started, port)

        async def main() -> None:
            task = asyncio.current_task()
            assert task is not None
            self.cancel = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
            await self.serve(self.handle, self.options, tell)

        def run() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(main())

        await trio.to_thread.run_sync(run)


@attrs.frozen
class Ours(Peer):
    connection: websocket.Connection

    @property
    def subprotocol(self) -> str | None:
        return self.connection.subprotocol

    @property
    def close_code(self) -> int | None:
        return self.connection.close_code

    async def send(self, message: Message) -> None:
        await self.connection.send(message)

    async def receive(self) -> Message | None:
        try:
            return await self.connection.receive()
        except (errors.WebSocketClosed, errors.ResourceClosed):
            return None

    async def ping(self) -> None:
        await self.connection.ping(timeout=PATIENCE_SECONDS)

    async def close(self, code: int, reason: str) -> None:
        await self.connection.aclose(code, reason)

    async def send_fragments(self, fragments: list[str]) -> None:
        async with self.connection.send_stream(text=True) as message:
            for fragment in fragments:
                await message.send(fragment)


def _our_deflate(wanted: Compression | None) -> websocket.Deflate | None:
    if wanted is None:
        return None
    return websocket.Deflate(
        server_no_context_takeover=wanted.without_context,
        client_no_context_takeover=wanted.without_context,
        server_max_window_bits=wanted.window_bits,
        client_max_window_bits=wanted.window_bits,
    )


@asynccontextmanager
async def _open_ours(url: str, options: Options) -> AsyncIterator[Peer]:
    try:
        async with websocket.open_websocket(
            url,
            subprotocols=options.subprotocols,
            origin=options.origin,
            deflate=_our_deflate(options.compression),
        ) as connection:
            yield Ours(connection)
    except http.UpgradeRefused as exc:
        raise Refused(exc.response.status) from exc


async def _serve_ours(handle: Handle, options: Options, started: Started) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await handle(Ours(connection))

    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(
            partial(
                websocket.serve_websocket,
                handler,
                subprotocols=options.subprotocols,
                origins=None if options.origin is None else [options.origin],
                deflate=_our_deflate(options.compression),
            )
        )
        started(server.port)


OURS: Final = Kind(
    "ours", _open_ours, _serve_ours, on_asyncio=False, compresses=True, sets_windows=True
)
