"""A connection that has ended leaves nothing for the garbage collector."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import net
from trio_helianthus.http import Request, Response

if TYPE_CHECKING:
    from tests.http.conftest import Serve

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="only CPython frees without its collector"
)


async def handler(request: Request) -> str | Response:
    await request.read()
    if "upgrade" not in request.headers:
        return "ok"

    async def answer_once(stream: net.ByteStream) -> None:
        assert request.headers["upgrade"] == "echo"
        await stream.send_all(await stream.receive_some())

    return Response.upgrade("echo", answer_once, on_drain=lambda: request)


@pytest.mark.parametrize(
    ("sent", "is_answered"),
    [
        (b"GET / HTTP/1.1\r\nHost: t\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody", True),
        (b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: t\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nx", True),
        (b"\x00 junk\r\n\r\n", True),
        (b"GET / HT", False),
        (b"", False),
    ],
    ids=[
        "get",
        "get and close",
        "post",
        "half a post",
        "upgrade",
        "junk",
        "half a head",
        "nothing",
    ],
)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_connection_is_freed_when_it_ends(
    serve: Serve, sent: bytes, is_answered: bool, reset: bool
) -> None:
    server = await serve(handler)

    async def connect_and_leave() -> None:
        async with await net.connect_tcp("127.0.0.1", server.port) as stream:
            await stream.send_all(sent)
            if reset:
                stream.reset()
            elif is_answered:
                await stream.receive_some()
        while server.statistics().connections:  # noqa: ASYNC110 - statistics wake nobody
            await trio.sleep(0.001)

    for _ in range(3):
        await connect_and_leave()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            await connect_and_leave()
        assert gc.collect() <= 5  # not one for each connection, of what others leave
    finally:
        gc.enable()
