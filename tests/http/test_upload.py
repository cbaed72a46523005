"""Bodies that are sent: forms, files, and how far they have got."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from trio_helianthus import errors, http
from trio_helianthus.http import Request, Response, Router, open_client
from trio_helianthus.testing import cancel_sweep

if TYPE_CHECKING:
    from tests.http.conftest import Serve

CONTENT = b"what a file has" * 50_000
ECHO = Router()


@ECHO.route("/", methods=["POST", "PUT", "PATCH"])
async def echo(request: Request) -> Response:
    body = await request.read()
    seen = ("content-type", "content-length", "transfer-encoding")
    headers = {f"X-{name}": request.headers[name] for name in seen if name in request.headers}
    return Response(body, headers=headers)


@pytest.fixture
async def client(serve: Serve) -> AsyncIterator[http.Client]:
    server = await serve(ECHO)
    async with open_client(server.url) as client:
        yield client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'a "file".txt'
    path.write_bytes(CONTENT)
    return path


async def pieces() -> AsyncIterator[bytes]:
    yield b"one "
    yield b""
    yield b"two"


def parts_of(answer: http.ClientResponse) -> list[tuple[str, bytes]]:
    """Head and content of each part, as a foreign parser would cut them."""
    boundary = answer.headers["x-content-type"].partition("boundary=")[2].encode()
    first, *parts, last = answer.content.split(b"--" + boundary)
    assert (first, last) == (b"", b"--\r\n")
    cut = [part.removeprefix(b"\r\n").removesuffix(b"\r\n") for part in parts]
    return [(head.decode(), body) for head, _, body in (one.partition(b"\r\n\r\n") for one in cut)]


class TestForms:
    async def test_fields(self, client: http.Client) -> None:
        answer = await client.post("/", data={"a": "b c", "d": ["1", 2], "e": None, "ü": True})
        assert answer.content == b"a=b+c&d=1&d=2&%C3%BC=true"
        assert answer.headers["x-content-type"] == "application/x-www-form-urlencoded"
        assert (await client.post("/", data=[("a", "1"), ("a", "2")])).content == b"a=1&a=2"
        assert (await client.post("/", data={})).content == b""

    async def test_what_excludes_what(self, client: http.Client) -> None:
        wrong: list[tuple[dict[str, Any], type[Exception]]] = [
            ({"data": {"a": "b"}, "json": 1}, ValueError),
            ({"files": {"a": b"b"}, "content": b"x"}, ValueError),
            ({"data": b"raw"}, TypeError),
            ({"data": "raw"}, TypeError),
            ({"files": {"a": "text"}}, TypeError),
            ({"files": {"a": io.StringIO("text")}}, TypeError),
            ({"files": {"a": Path("/does/not/exist")}}, FileNotFoundError),
            ({"files": {"a": b"b"}, "headers": {"Content-Type": "x/y"}}, ValueError),
            ({"files": {"a": ("n", b"b", "x/y\r\nEvil: 1")}}, ValueError),
            ({"content": Path("/does/not/exist")}, FileNotFoundError),
            ({"contents": b"x"}, TypeError),
        ]
        for options, error in wrong:
            with pytest.raises(error):
                await client.post("/", **options)
        assert client.statistics().idle == client.statistics().active == 0


class TestFiles:
    async def test_each_kind(self, client: http.Client, file: Path) -> None:
        with file.open("rb") as opened:
            opened.seek(15)
            answer = await client.post(
                "/",
                data={"title": "x", "raw": b"\xff"},
                files={
                    "bytes": b"b",
                    "path": file,
                    "open": ("named.png", opened),
                    "trio": (str(file), trio.Path(file), "text/x-y"),
                    "memory": ("m", io.BytesIO(b"memory")),
                    "several": [b"1", ("two", b"2")],
                    "field": (None, '{"a": 1}', "application/json"),
                    "bare": (None, "text"),
                },
            )
        assert answer.headers["x-content-length"] == str(len(answer.content))
        found = [(head.split("\r\n"), body) for head, body in parts_of(answer)]
        disposition = "Content-Disposition: form-data; name="
        octets = "Content-Type: application/octet-stream"
        assert [head[1:] for head, _ in found] == [
            [],
            [],
            [octets],
            ["Content-Type: text/plain"],
            ["Content-Type: image/png"],
            ["Content-Type: text/x-y"],
            [octets],
            [octets],
            [octets],
            ["Content-Type: application/json"],
            [],
        ]
        assert [body for _, body in found] == [
            b"x", b"\xff", b"b", CONTENT, CONTENT[15:], CONTENT, b"memory", b"1", b"2",
            b'{"a": 1}', b"text",
        ]  # fmt: skip
        assert found[0][0] == [f'{disposition}"title"']
        assert found[3][0][0] == f'{disposition}"path"; filename="a %22file%22.txt"'
        assert found[-1][0][0] == f'{disposition}"bare"'
        assert found[2][0][0] == f'{disposition}"bytes"; filename="upload"'

    async def test_pieces_of_unknown_length(self, client: http.Client) -> None:
        answer = await client.post("/", files={"f": ("n", pieces())})
        assert [body for _, body in parts_of(answer)] == [b"one two"]
        assert answer.headers["x-transfer-encoding"] == "chunked"

    async def test_names_are_escaped_as_browsers_do_it(self, client: http.Client) -> None:
        evil = 'a"\r\nX-Evil: 1'
        answer = await client.post("/", data={evil: "1", "ü%": "2"}, files={"f": (evil, b"")})
        heads = [head for head, _ in parts_of(answer)]
        assert heads[0].endswith('name="a%22%0D%0AX-Evil: 1"')
        assert heads[1].endswith('name="ü%"')
        assert heads[2].split("\r\n")[0].endswith('filename="a%22%0D%0AX-Evil: 1"')

    async def test_a_file_as_the_body(self, client: http.Client, file: Path) -> None:
        answer = await client.put("/", content=file)
        assert answer.content == CONTENT
        assert answer.headers["x-content-length"] == str(len(CONTENT))
        with file.open("rb") as opened:
            assert (await client.put("/", content=opened)).content == CONTENT
            assert not opened.closed
        async with await trio.open_file(file, "rb") as asynchronous:
            assert (await client.put("/", content=asynchronous)).content == CONTENT

        class Pipe:
            def __init__(self) -> None:
                self.left = [b"", b"two", b"one "]

            def read(self, size: int) -> bytes:
                return self.left.pop()

        answer = await client.put("/", content=Pipe())
        assert (answer.content, answer.headers["x-transfer-encoding"]) == (b"one two", "chunked")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    async def test_a_named_pipe_is_read_to_its_end(
        self, client: http.Client, tmp_path: Path
    ) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.Path(pipe).write_bytes, CONTENT)
            answer = await client.put("/", content=pipe)
        assert answer.content == CONTENT
        assert answer.headers["x-transfer-encoding"] == "chunked"

    async def test_a_folder_is_no_file(self, client: http.Client, tmp_path: Path) -> None:
        with pytest.raises(IsADirectoryError):
            await client.put("/", content=tmp_path)
        assert client.statistics().active == client.statistics().idle == 0

    async def test_a_file_that_shrinks_is_found_out(self, client: http.Client, file: Path) -> None:
        def shrink(sent: int, total: int | None) -> None:
            file.write_bytes(b"")

        with pytest.raises(errors.LocalProtocolError, match="shorter"):
            await client.put("/", content=file, progress=shrink)
        assert (await client.put("/", content=b"next")).content == b"next"

    async def test_a_file_that_fails_is_the_callers_error(self, client: http.Client) -> None:
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise OSError("the disk is gone")

        with pytest.raises(OSError, match="the disk is gone"):
            await client.put("/", content=Broken(b"xyz"))
        assert (await client.put("/", content=b"next")).content == b"next"


class TestProgress:
    @pytest.mark.parametrize(
        ("make", "total"),
        [
            (lambda: {"content": bytes(200_000)}, 200_000),
            (lambda: {"content": io.BytesIO(bytes(600_000))}, 600_000),
            (lambda: {"json": "x" * 100_000}, 100_002),
            (lambda: {"content": pieces()}, None),
        ],
    )
    async def test_it_is_told(
        self, client: http.Client, make: Callable[[], dict[str, Any]], total: int | None
    ) -> None:
        told: list[tuple[int, int | None]] = []
        answer = await client.post("/", progress=lambda *now: told.append(now), **make())
        assert told[-1][0] == len(answer.content) == (total or 7)
        assert len(told) > 1
        assert {one for _, one in told} == {total}
        assert [sent for sent, _ in told] == sorted({sent for sent, _ in told})

    async def test_what_it_raises_ends_the_call(self, client: http.Client) -> None:
        def stop(sent: int, total: int | None) -> None:
            raise KeyError("enough")

        with pytest.raises(KeyError, match="enough"):
            await client.post("/", content=bytes(1_000_000), progress=stop)
        assert (await client.put("/", content=b"next")).content == b"next"


async def test_servers_of_others_understand_our_multipart(client: http.Client, file: Path) -> None:
    parser = pytest.importorskip("python_multipart", reason="parses forms; extra http")
    answer = await client.post(
        "/", data={"a": "1", "b": ["2", "3"]}, files={"f": file, "g": ("g", b"bytes")}
    )
    fields: list[Any] = []
    files: list[Any] = []
    headers = {"Content-Type": answer.headers["x-content-type"].encode()}
    parser.parse_form(headers, io.BytesIO(answer.content), fields.append, files.append)
    assert [(one.field_name, one.value) for one in fields] == [
        (b"a", b"1"),
        (b"b", b"2"),
        (b"b", b"3"),
    ]
    assert [one.field_name for one in files] == [b"f", b"g"]
    files[0].file_object.seek(0)
    assert files[0].file_object.read() == CONTENT
    for one in files:
        one.close()


@pytest.mark.sweep
def test_cancelled_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(70_000))

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, ECHO, 0)
            async with open_client(server.url) as client:
                answer = await client.post("/", files={"f": path, "g": ("g", pieces())})
                assert len(parts_of(answer)) == 2
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 10
