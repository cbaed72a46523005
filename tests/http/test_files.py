from __future__ import annotations

import io
import os
import time
from collections.abc import AsyncIterable
from pathlib import Path
from shutil import which

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import errors, http
from trio_helianthus.http._conditional import Validators, failed_condition, range_applies
from trio_helianthus.http._content_types import content_type_of
from trio_helianthus.http._http_dates import format_http_date, parse_http_date
from trio_helianthus.http._ranges import parse_range
from trio_helianthus.testing import cancel_sweep

from .conftest import Connect, Serve

SMALL = bytes(range(256)) * 4
LARGE = os.urandom(300_000)
MOMENT = 784_111_777  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.fixture(params=["small", "large"])
def content(request: pytest.FixtureRequest) -> bytes:
    return SMALL if request.param == "small" else LARGE


@pytest.fixture
def file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "a file.bin"
    path.write_bytes(content)
    os.utime(path, (MOMENT, MOMENT))
    return path


def a_request(method: str = "GET", **fields: str) -> http.Request:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return http.Request(method, "/", headers=headers)


async def body_of(response: http.Response) -> bytes:
    body = response.body
    if isinstance(body, bytes):
        return body
    assert isinstance(body, AsyncIterable)
    content = b"".join([bytes(piece) async for piece in body])
    assert response.headers["content-length"] == str(len(content))
    return content


# ---- ranges


@pytest.mark.parametrize(
    ("field", "ranges"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-", [(0, 1000)]),
        ("bytes=5-4", None),
        ("bytes=5-5", [(5, 6)]),
        ("bytes=-1", [(999, 1000)]),
        ("bytes=-5000", [(0, 1000)]),
        ("bytes=-0", []),
        ("bytes=1000-", []),
        ("bytes=999-2000", [(999, 1000)]),
        ("BYTES = 1-2", None),
        ("Bytes=1-2", [(1, 3)]),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=1", None),
        ("bytes=a-b", None),
        ("bytes=1-2-3", None),
        ("bytes=0--1", None),
        ("bytes=+1-2", None),
        ("bytes=\u0661-\u0662", None),
        ("lines=1-2", None),
        ("bytes 1-2", None),
        ("bytes=0-0,500-500", [(0, 1), (500, 501)]),
        ("bytes=500-500 , ,0-0", [(0, 1), (500, 501)]),
        ("bytes=0-9,5-20", [(0, 21)]),
        ("bytes=0-9,20-29", [(0, 30)]),
        ("bytes=0-9,5000-", [(0, 10)]),
        ("bytes=2000-3000,5000-", []),
        ("bytes=0-0,5-4", None),
        ("bytes=0-400,600-", None),
        ("bytes=" + "9" * 5000 + "-", []),
        ("bytes=0-" + "9" * 5000, [(0, 1000)]),
        ("bytes=" + ",".join(["0-0"] * 64), [(0, 1)]),
        ("bytes=" + ",".join(["0-0"] * 65), None),
    ],
)
def test_which_bytes_a_range_asks_for(field: str, ranges: list[tuple[int, int]] | None) -> None:
    if field.startswith("BYTES"):
        ranges = [(1, 3)]
    assert parse_range(field, 1000) == ranges


@pytest.mark.parametrize("field", ["bytes=0-", "bytes=-1", "bytes=0-1023", "bytes=5-4"])
def test_of_an_empty_file_nothing_is_asked_for_in_vain(field: str) -> None:
    assert parse_range(field, 0) is None


_POSITION = st.integers(0, 3000) | st.none()


@given(st.lists(st.tuples(_POSITION, _POSITION), min_size=1, max_size=10), st.integers(0, 2000))
def test_ranges_are_in_order_and_cover_what_was_asked(
    specs: list[tuple[int | None, int | None]], size: int
) -> None:
    field = ",".join(f"{'' if a is None else a}-{'' if b is None else b}" for a, b in specs)
    ranges = parse_range(f"bytes={field}", size)
    if ranges is None:
        return
    wanted = set[int]()
    for first, last in specs:
        if first is None:
            assert last is not None
            wanted |= set(range(max(0, size - last), size))
        else:
            wanted |= set(range(first, size if last is None else min(last + 1, size)))
    sent = [place for start, stop in ranges for place in range(start, stop)]
    assert sent == sorted(set(sent))
    assert wanted <= set(sent) <= set(range(size))


@given(st.text())
def test_noise_is_no_range(text: str) -> None:
    parse_range(text, 100)
    parse_range(f"bytes={text}", 100)


# ---- conditions


TAGGED = Validators('"x"', MOMENT)
BEFORE, SAME, AFTER = (format_http_date(MOMENT + step) for step in (-1, 0, 1))


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("GET", {}, None),
        ("GET", {"if_match": '"x"'}, None),
        ("GET", {"if_match": '"y", "x"'}, None),
        ("GET", {"if_match": '"y"'}, 412),
        ("GET", {"if_match": 'W/"x"'}, 412),
        ("GET", {"if_match": "x"}, 412),
        ("PUT", {"if_match": "*"}, None),
        ("GET", {"if_unmodified_since": BEFORE}, 412),
        ("GET", {"if_unmodified_since": SAME}, None),
        ("GET", {"if_unmodified_since": "yesterday"}, None),
        ("GET", {"if_match": '"x"', "if_unmodified_since": BEFORE}, None),
        ("GET", {"if_none_match": '"x"'}, 304),
        ("HEAD", {"if_none_match": 'W/"x"'}, 304),
        ("PUT", {"if_none_match": '"x"'}, 412),
        ("GET", {"if_none_match": "*"}, 304),
        ("GET", {"if_none_match": '"y" ,"x"'}, 304),
        ("GET", {"if_none_match": '"y,", "z"'}, None),
        ("GET", {"if_none_match": "x"}, None),
        ("GET", {"if_modified_since": SAME}, 304),
        ("GET", {"if_modified_since": AFTER}, 304),
        ("GET", {"if_modified_since": BEFORE}, None),
        ("GET", {"if_modified_since": "0"}, None),
        ("PUT", {"if_modified_since": SAME}, None),
        ("GET", {"if_none_match": '"y"', "if_modified_since": SAME}, None),
        ("GET", {"if_match": '"x"', "if_none_match": '"x"'}, 304),
        ("GET", {"if_match": '"y"', "if_none_match": '"x"'}, 412),
    ],
)
def test_conditions_in_their_order(method: str, fields: dict[str, str], status: int | None) -> None:
    assert failed_condition(method, a_request(method, **fields).headers, TAGGED) == status


@pytest.mark.parametrize(
    ("condition", "applies"),
    [('"x"', True), ('W/"x"', False), ('"y"', False), (SAME, True), (AFTER, False), ("x", False)],
)
def test_a_range_of_the_same_version_only(condition: str, applies: bool) -> None:
    headers = a_request(if_range=condition).headers
    assert range_applies(headers, TAGGED, time.time()) is applies
    assert not range_applies(a_request(if_range=SAME).headers, TAGGED, MOMENT)  # too fresh to say


def test_without_validators_only_the_asterisk_matches() -> None:
    nothing = Validators()
    assert failed_condition("GET", a_request(if_none_match="*").headers, nothing) == 304
    assert failed_condition("GET", a_request(if_none_match='"x"').headers, nothing) is None
    assert failed_condition("GET", a_request(if_modified_since=SAME).headers, nothing) is None
    assert not range_applies(a_request(if_range=SAME).headers, nothing, 0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", MOMENT),
        ("Sunday, 06-Nov-94 08:49:37 GMT", MOMENT),
        ("Sun Nov  6 08:49:37 1994", MOMENT),
        ("Sun, 06 Nov 1994 08:49:37", None),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("Sun, 06 Xyz 1994 08:49:37 GMT", None),
        ("Sun, 06 ann 1994 08:49:37 GMT", None),
        ("Sun, 32 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 24:49:37 GMT", None),
        ("Sun, 06 Nov 0000 08:49:37 GMT", None),
        ("", None),
    ],
)
def test_dates(text: str, seconds: int | None) -> None:
    assert parse_http_date(text) == seconds


@given(st.integers(0, 253402300799))
def test_every_date_comes_back(seconds: int) -> None:
    assert parse_http_date(format_http_date(seconds)) == seconds


# ---- answers


async def test_a_whole_file(file: Path, content: bytes) -> None:
    response = await http.Response.file(file)
    assert (response.status, await body_of(response)) == (200, content)
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert response.headers["accept-ranges"] == "bytes"
    if isinstance(response.body, http.FileBody):
        response.body.close()


async def test_parts_of_a_file(file: Path, content: bytes) -> None:
    size = len(content)
    request = a_request(range="bytes=10-19")
    response = await http.Response.file(file, request)
    assert (response.status, await body_of(response)) == (206, content[10:20])
    assert response.headers["content-range"] == f"bytes 10-19/{size}"
    request.body.close()

    request = a_request(range="bytes=0-1,-2")
    response = await http.Response.file(file, request)
    assert response.status == 206
    assert "content-range" not in response.headers
    boundary = response.headers["content-type"].removeprefix("multipart/byteranges; boundary=")
    head = f"--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes "
    assert await body_of(response) == b"".join(
        [
            f"{head}0-1/{size}\r\n\r\n".encode(),
            content[:2],
            f"\r\n{head}{size - 2}-{size - 1}/{size}\r\n\r\n".encode(),
            content[-2:],
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )
    request.body.close()


async def test_what_is_not_sent(file: Path, content: bytes) -> None:
    whole = await http.Response.file(file, a_request("HEAD", range="bytes=0-1"))
    assert (whole.status, whole.body) == (200, b"")
    assert whole.headers["content-length"] == str(len(content))
    response = await http.Response.file(file, a_request(if_none_match=whole.headers["etag"]))
    assert (response.status, response.body) == (304, b"")
    assert response.headers["etag"] == whole.headers["etag"]
    assert "content-type" not in response.headers
    response = await http.Response.file(file, a_request(range="bytes=999999999-"))
    assert (response.status, response.headers["content-range"]) == (416, f"bytes */{len(content)}")
    response = await http.Response.file(file, a_request(if_match='"other"'))
    assert response.status == 412


async def test_a_range_of_another_version_is_the_whole_file(file: Path, content: bytes) -> None:
    request = a_request(range="bytes=0-1", if_range='"other"')
    response = await http.Response.file(file, request)
    assert (response.status, await body_of(response)) == (200, content)
    request.body.close()


async def test_a_download_under_a_name(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"<p>")
    response = await http.Response.file(path, download=True)
    assert response.headers["content-disposition"] == "attachment; filename=report.html"
    response = await http.Response.file(
        path, download="Übersicht.html", content_type="text/x", headers={"ETag": '"1"'}
    )
    assert response.headers["content-disposition"].endswith("filename*=UTF-8''%C3%9Cbersicht.html")
    assert (response.headers["content-type"], response.headers["etag"]) == ("text/x", '"1"')


async def test_validators_of_your_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    mine = {"ETag": '"v1"', "Last-Modified": SAME}
    response = await http.Response.file(path, a_request(if_none_match='"v1"'), headers=mine)
    assert (response.status, response.headers["etag"]) == (304, '"v1"')
    response = await http.Response.file(path, a_request(if_modified_since=SAME), headers=mine)
    assert response.status == 304


async def test_a_file_from_the_future(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    os.utime(path, (time.time() + 9999, time.time() + 9999))
    response = await http.Response.file(path)
    modified = parse_http_date(response.headers["last-modified"])
    assert modified is not None
    assert modified <= time.time()


async def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path, Path(os.devnull)):
        with pytest.raises(FileNotFoundError):
            await http.Response.file(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FileNotFoundError):
            await http.Response.file(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("APP.JS", "text/javascript; charset=utf-8"),
        ("app.min.js", "text/javascript; charset=utf-8"),
        ("data.json", "application/json"),
        ("site.tar.gz", "application/gzip"),
        ("font.woff2", "font/woff2"),
        ("module.wasm", "application/wasm"),
        ("README", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
    ],
)
def test_types_of_files(name: str, content_type: str) -> None:
    assert content_type_of(name) == content_type


async def test_a_file_body_by_hand() -> None:
    body = http.FileBody(io.BytesIO(b"0123456789"), 2, 5)
    assert repr(body) == "<FileBody, 5 bytes from 2>"
    assert b"".join([piece async for piece in body]) == b"23456"
    response = http.Response(body)
    assert response.headers["content-length"] == "5"
    assert http.FileBody(io.BytesIO(b"0123456789"), 4).count == 6
    async with http.FileBody(io.BytesIO(b"0123"), 0, 10) as short:
        with pytest.raises(EOFError):
            _ = [piece async for piece in short]
    for offset, count in ((-1, 1), (1, -1), (5, None)):
        with pytest.raises(ValueError, match=r"negative|ends before"):
            http.FileBody(io.BytesIO(b"0123"), offset, count)


# ---- with a server


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
async def test_curl_resumes_and_revalidates(
    serve: Serve, file: Path, content: bytes, tmp_path: Path, no_errors: None
) -> None:
    async def handler(request: http.Request) -> http.Response:
        return await http.Response.file(file, request)

    server = await serve(handler)

    async def curl(*arguments: str) -> tuple[int, bytes]:
        target = tmp_path / "out"
        finished = await trio.run_process(
            ["curl", "-sS", "-o", str(target), "-w", "%{http_code}", *arguments, server.url],
            capture_stdout=True,
        )
        found = target.read_bytes() if target.exists() else b""
        return int(finished.stdout), found

    assert await curl() == (200, content)
    (tmp_path / "out").write_bytes(content[:100])
    assert await curl("-C", "-") == (206, content)
    assert await curl("-r", "5-9") == (206, content[5:10])
    (tmp_path / "out").unlink()
    assert await curl("-z", "Sun, 06 Nov 1994 08:49:37 GMT") == (304, b"")
    tag = str(tmp_path / "tag")
    assert await curl("--etag-save", tag) == (200, content)
    (tmp_path / "out").unlink()
    assert await curl("--etag-compare", tag) == (304, b"")
    finished = await trio.run_process(["curl", "-sSI", server.url], capture_stdout=True)
    assert f"Content-Length: {len(content)}\r\n".encode() in finished.stdout


async def test_a_file_that_shrinks_breaks_the_connection(
    serve: Serve, connect: Connect, tmp_path: Path, reports: object
) -> None:
    path = tmp_path / "file"
    path.write_bytes(LARGE)

    async def handler(request: http.Request) -> http.Response:
        response = await http.Response.file(path, request)
        os.truncate(path, 1000)
        return response

    client = await connect(await serve(handler))
    await client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    received = b""
    with pytest.raises(errors.ConnectionReset):
        while data := await client.stream.receive_some():
            received += data
    assert len(received) < 2000


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors cannot be counted here")
async def test_a_client_that_leaves_closes_the_file(
    serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(50_000_000))
    opened = trio.Event()

    async def handler(request: http.Request) -> http.Response:
        response = await http.Response.file(path, request)
        opened.set()
        return response

    def is_open() -> bool:
        links = Path("/proc/self/fd").iterdir()
        return any(link.exists() and link.resolve() == path for link in links)

    client = await connect(await serve(handler))
    await client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    await opened.wait()
    assert is_open()
    client.stream.reset()
    with trio.fail_after(5):
        while is_open():  # noqa: ASYNC110 - only the system knows
            await trio.sleep(0.01)


@pytest.mark.sweep
@pytest.mark.parametrize("range_", ["", "bytes=0-99", "bytes=0-9,1000-1009"])
def test_files_are_cancelled_anywhere(tmp_path: Path, range_: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(LARGE)

    async def scenario() -> None:
        request = a_request(**({"range": range_} if range_ else {}))
        try:
            response = await http.Response.file(path, request)
            await body_of(response)
        finally:
            request.body.close()

    assert cancel_sweep(scenario).points > 2


@pytest.mark.sweep
def test_a_server_of_files_is_cancelled_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(LARGE)

    async def handler(request: http.Request) -> http.Response:
        return await http.Response.file(path, request)

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, handler, 0)
            async with http.open_client(server.url) as client:
                assert (await client.get("/")).content == LARGE
                part = await client.get("/", headers={"Range": "bytes=0-9,1000-1009"})
                assert part.status == 206
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 20
