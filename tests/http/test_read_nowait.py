"""A body that came together with its head is there without waiting."""

from __future__ import annotations

import trio

from trio_helianthus import http, net


async def look(request: http.Request) -> str:
    there, again = request.read_nowait(), request.read_nowait()
    later = await request.read()
    return f"{there!r} {again!r} {later!r}"


async def ask(nursery: trio.Nursery, *pieces: bytes, limit: int = 100) -> bytes:
    """Send a request in pieces; return what :func:`look` has seen."""
    limits = http.ServerLimits(max_body_bytes=limit)
    server: http.Server = await nursery.start(
        lambda task_status: http.serve(look, limits=limits, task_status=task_status)
    )
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        for piece in pieces:
            await stream.send_all(piece)
            await trio.testing.wait_all_tasks_blocked(0.01)
        await stream.send_eof()
        return (await stream.receive_all()).partition(b"\r\n\r\n")[2]


def head(*fields: bytes) -> bytes:
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: test", *fields, b"", b""])


async def test_a_whole_body_is_there_and_can_be_read_again(nursery: trio.Nursery) -> None:
    seen = await ask(nursery, head(b"Content-Length: 5") + b"hello")
    assert seen == b"b'hello' b'hello' b'hello'"


async def test_no_body_is_there_at_once(nursery: trio.Nursery) -> None:
    assert await ask(nursery, head()) == b"b'' b'' b''"
    assert await ask(nursery, head(b"Content-Length: 0")) == b"b'' b'' b''"


async def test_a_body_that_has_not_come_is_not_there(nursery: trio.Nursery) -> None:
    seen = await ask(nursery, head(b"Content-Length: 5") + b"he", b"llo")
    assert seen == b"None None b'hello'"


async def test_a_body_in_chunks_is_a_stream(nursery: trio.Nursery) -> None:
    chunks = b"5\r\nhello\r\n0\r\n\r\n"
    seen = await ask(nursery, head(b"Transfer-Encoding: chunked") + chunks)
    assert seen == b"None None b'hello'"


async def test_a_body_over_the_limit_is_refused_by_who_reads_it(nursery: trio.Nursery) -> None:
    seen = await ask(nursery, head(b"Content-Length: 5") + b"hello", limit=4)
    assert seen == b"the body is longer than 4 bytes\n"


def test_a_request_made_by_hand_is_read_by_waiting() -> None:
    assert http.Request("GET", "/", body=b"hello").read_nowait() is None
