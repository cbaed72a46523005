"""Unix servers, living and dead, and what is in their folder."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self

import trio

from trio_helianthus import net


def leave_dead_socket(path: Path, kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.bind(str(path))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_socket(path: Path) -> bool:
    return path.is_socket()


class FullBacklog:
    """A server that accepts nobody, and as many clients as it takes."""

    def __init__(self, path: Path) -> None:
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(0)
        self.clients: list[socket.socket] = []
        while True:
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            self.clients.append(client)
            try:
                client.connect(str(path))
            except BlockingIOError:
                break

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        for sock in (self.server, *self.clients):
            sock.close()


async def echo(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


@asynccontextmanager
async def serving(
    handler: net.Handler, *args: object, **options: object
) -> AsyncIterator[net.Server]:
    async with trio.open_nursery() as nursery:
        yield await nursery.start(partial(net.serve_unix, handler, *args, **options))  # type: ignore[arg-type]
        nursery.cancel_scope.cancel()


async def answers(path: str | bytes | Path) -> bool:
    async with await net.connect_unix(path) as stream:
        await stream.send_all(b"hello")
        await stream.send_eof()
        return await stream.receive_all() == b"hello"
