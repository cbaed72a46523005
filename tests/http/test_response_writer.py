"""Answers that their handlers send piece by piece."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import errors, http
from trio_helianthus.http import Request, Response, ResponseWriter

if TYPE_CHECKING:
    from tests.http.conftest import Connect, Reports, Serve


async def count(request: Request) -> ResponseWriter:
    writer = await request.start_response(Response(content_type="text/plain"))
    for number in range(3):
        await writer.send_all(b"%d\n" % number)
    return writer


async def test_pieces_go_out_and_the_server_finishes(serve: Serve, no_errors: None) -> None:
    server = await serve(count)
    async with http.open_client(server.url) as client:
        for _ in range(2):
            answer = await client.get("/")
            assert answer.headers["transfer-encoding"] == "chunked"
            assert answer.content == b"0\n1\n2\n"
        assert client.statistics().idle == 1


async def test_each_piece_arrives_before_the_next_is_made(serve: Serve, connect: Connect) -> None:
    go_on = trio.Event()

    async def handler(request: Request) -> ResponseWriter:
        writer = await request.start_response(Response(headers={"Content-Length": "8"}))
        await writer.send_all(b"half")
        await go_on.wait()
        await writer.send_all(b"rest")
        await writer.finish()
        assert writer.finished
        return writer

    client = await connect(await serve(handler))
    await client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    await client.stream.receive_until(b"\r\n\r\n")
    assert await client.stream.receive_exactly(4) == b"half"
    go_on.set()
    assert await client.stream.receive_exactly(4) == b"rest"


async def test_head_gets_no_body(serve: Serve, connect: Connect, no_errors: None) -> None:
    client = await connect(await serve(count))
    await client.send(b"HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
    assert (await client.answer(bodiless=True)).status == 200
    assert await client.rest() == b""


async def test_a_handler_that_fails_half_way_resets_the_connection(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    async def handler(request: Request) -> ResponseWriter:
        writer = await request.start_response(Response())
        await writer.send_all(b"part")
        raise KeyError("mistake")

    client = await connect(await serve(handler))
    await client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    with pytest.raises(errors.ConnectionReset):
        await client.rest()
    assert [type(error) for error in reports.errors] == [KeyError]


async def test_more_than_was_announced_is_refused(serve: Serve, reports: Reports) -> None:
    async def handler(request: Request) -> ResponseWriter:
        writer = await request.start_response(Response(headers={"Content-Length": "1"}))
        with pytest.raises(errors.LocalProtocolError):
            await writer.send_all(b"too much")
        return writer

    server = await serve(handler)
    async with http.open_client(server.url) as client:
        with pytest.raises(errors.NetworkError):
            await client.get("/")


async def test_files_and_trailers(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")

    async def handler(request: Request) -> ResponseWriter:
        writer = await request.start_response(Response())
        with path.open("rb") as file:
            assert await writer.send_file(file, 2, 3) == 3
            assert await writer.send_file(file, 8) == 2
        await writer.finish({"X-Sum": "12"})
        return writer

    client = await connect(await serve(handler))
    await client.send(b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
    text = await client.rest()
    assert text.endswith(b"3\r\n234\r\n2\r\n89\r\n0\r\nX-Sum: 12\r\n\r\n")


async def test_a_file_goes_out_with_a_known_length(
    serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 4096)

    async def handler(request: Request) -> ResponseWriter:
        size = path.stat().st_size
        writer = await request.start_response(Response(headers={"Content-Length": str(size)}))
        with path.open("rb") as file:
            assert await writer.send_file(file) == size
        return writer

    client = await connect(await serve(handler))
    assert (await client.get("/")).body == path.read_bytes()
    assert (await client.get("/")).status == 200


async def test_a_finished_answer_takes_nothing_more(serve: Serve, no_errors: None) -> None:
    async def handler(request: Request) -> ResponseWriter:
        writer = await request.start_response(Response())
        await writer.aclose()
        await writer.finish()
        with pytest.raises(errors.ResourceClosed):
            await writer.send_all(b"more")
        with pytest.raises(errors.ResourceBusy):
            await request.start_response(Response())
        return writer

    server = await serve(handler)
    async with http.open_client(server.url) as client:
        assert (await client.get("/")).content == b""


async def test_only_a_server_can_start_an_answer() -> None:
    with pytest.raises(RuntimeError, match="did not come from a server"):
        await Request("GET", "/").start_response(Response())
