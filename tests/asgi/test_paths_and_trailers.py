"""The extensions of ASGI for answers: files by their paths, and fields behind the body."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.asgi.conftest import Reports, ServeApp, get, raw_answer
from trio_helianthus import asgi


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


class SendingPath:
    """An app that answers with a file."""

    def __init__(self, path: object, *headers: tuple[bytes, bytes]) -> None:
        self._path = path
        self._headers = headers

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        assert "http.response.pathsend" in scope["extensions"]
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.pathsend", "path": self._path})


@pytest.mark.usefixtures("no_errors")
async def test_a_path_is_sent_as_a_file(serve_app: ServeApp, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1_000_000)
    app = SendingPath(str(file), (b"content-length", b"1000000"))
    server = await serve_app(app, lifespan="off")
    assert body_of(await raw_answer(server, get("/"))) == file.read_bytes()
    assert body_of(await raw_answer(server, get("/", method="HEAD"))) == b""


@pytest.mark.usefixtures("no_errors")
async def test_a_file_without_a_length_goes_in_chunks(serve_app: ServeApp, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")
    server = await serve_app(SendingPath(str(file)), lifespan="off")
    assert body_of(await raw_answer(server, get("/"))) == b"7\r\ncontent\r\n0\r\n\r\n"


@pytest.mark.usefixtures("no_errors")
async def test_of_a_file_that_has_grown_goes_what_the_app_has_said(
    serve_app: ServeApp, tmp_path: Path
) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"line\nline\n")
    app = SendingPath(str(file), (b"content-length", b"5"))
    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert body_of(answer) == b"line\n"


async def test_a_file_that_is_missing_is_500_and_no_half_answer(
    serve_app: ServeApp, reports: Reports, tmp_path: Path
) -> None:
    server = await serve_app(SendingPath(str(tmp_path / "missing")), lifespan="off")
    assert (await raw_answer(server, get("/"))).startswith(b"HTTP/1.1 500 ")
    (error,) = reports.errors
    assert isinstance(error, FileNotFoundError)


async def test_a_path_is_a_string(serve_app: ServeApp, reports: Reports, tmp_path: Path) -> None:
    server = await serve_app(SendingPath(tmp_path), lifespan="off")
    assert (await raw_answer(server, get("/"))).startswith(b"HTTP/1.1 500 ")
    (error,) = reports.errors
    assert isinstance(error, asgi.AppError)


async def trailing(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    assert "http.response.trailers" in scope["extensions"]
    await send({"type": "http.response.start", "status": 200, "trailers": True})
    await send({"type": "http.response.body", "body": b"body"})
    trailers = "http.response.trailers"
    await send({"type": trailers, "headers": [(b"x-sum", b"1")], "more_trailers": True})
    await send({"type": trailers, "headers": [(b"x-end", b"2")]})


@pytest.mark.usefixtures("no_errors")
@pytest.mark.parametrize("wish", ["TE: trailers", "TE: gzip;q=0.5 , Trailers"])
async def test_trailers_come_behind_the_body_for_a_client_that_takes_them(
    serve_app: ServeApp, wish: str
) -> None:
    answer = await raw_answer(await serve_app(trailing, lifespan="off"), get("/", wish))
    assert body_of(answer).lower() == b"4\r\nbody\r\n0\r\nx-sum: 1\r\nx-end: 2\r\n\r\n"


@pytest.mark.usefixtures("no_errors")
@pytest.mark.parametrize("wish", ["Accept: */*", "TE: gzip"])
async def test_another_client_gets_no_trailers(serve_app: ServeApp, wish: str) -> None:
    answer = await raw_answer(await serve_app(trailing, lifespan="off"), get("/", wish))
    assert body_of(answer) == b"4\r\nbody\r\n0\r\n\r\n"


@pytest.mark.usefixtures("no_errors")
@pytest.mark.parametrize("field", [("x-sum", "1"), (b"x-sum", b"1\r\nx: y"), (b"x sum", b"1"), 5])
async def test_trailers_that_cannot_be_sent_are_an_error_in_the_app(
    serve_app: ServeApp, field: object
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body", "body": b"body"})
        with pytest.raises(asgi.AppError, match="trailers"):
            await send({"type": "http.response.trailers", "headers": [field]})
        await send({"type": "http.response.trailers"})

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/", "TE: trailers"))
    assert body_of(answer) == b"4\r\nbody\r\n0\r\n\r\n"
