from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from trio_helianthus import http
from trio_helianthus.http.middleware import Compression

from .conftest import Through

TEXT = b"sunflowers turn to the sun; " * 100
GZIP = {"Host": "example.com", "Accept-Encoding": "gzip"}


def gunzip(data: Any) -> bytes:
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    inflated = inflater.decompress(data) + inflater.flush()
    assert inflater.eof
    return inflated


def giving(body: Any = TEXT, content_type: str = "text/plain", **fields: str) -> http.Handler:
    async def handler(request: http.Request) -> http.Response:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        return http.Response(body, content_type=content_type, headers=headers)

    return handler


def accepting(value: str | None) -> dict[str, str]:
    return {"Host": "example.com"} | ({} if value is None else {"Accept-Encoding": value})


class Pieces:
    """A body in pieces that knows whether it was closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self.pieces:
            raise StopAsyncIteration
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def aclose(self) -> None:
        self.closed = True


async def test_a_body_is_compressed_and_says_so(through: Through) -> None:
    answer = await through(Compression(), giving(), headers=GZIP)
    assert gunzip(answer.body) == TEXT
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(("coding", "package"), [("br", "brotli"), ("zstd", "zstandard")])
async def test_other_codings_come_with_their_packages(
    through: Through, coding: str, package: str
) -> None:
    module = pytest.importorskip(package, reason=f"{package} makes {coding}")
    handler = giving(Pieces(TEXT, TEXT))
    answer = await through(Compression(), handler, headers=accepting(f"{coding}, gzip;q=0.5"))
    assert answer.headers["content-encoding"] == coding
    data = b"".join([bytes(piece) async for piece in answer.body])  # type: ignore[union-attr]
    if coding == "br":
        assert module.decompress(data) == TEXT * 2
    else:
        assert module.ZstdDecompressor().decompressobj().decompress(data) == TEXT * 2


@pytest.mark.parametrize(
    ("said", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", None),
        ("*;q=0", None),
        ("gzip;q=0.001", "gzip"),
        ("gzip;q=0.5, identity;q=0.8", None),
        ("gzip;q=nonsense", None),
        ("gzip; Q=1.0 , , deflate", "gzip"),
        ("deflate, compress", None),
        ("identity;q=0", None),
        (",".join(f"x{number}" for number in range(1000)), None),
    ],
)
async def test_weights_are_respected(
    through: Through, said: str | None, coding: str | None
) -> None:
    middleware = Compression(codings=["gzip"])
    answer = await through(middleware, giving(), headers=accepting(said))
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_who_refuses_plain_answers_gets_all_compressed(through: Through) -> None:
    handler = giving(b"x", "image/png")
    answer = await through(Compression(), handler, headers=accepting("gzip, identity;q=0"))
    assert gunzip(answer.body) == b"x"


@pytest.mark.parametrize("said", ["gzip;q=0", "gzip, br;q=0.5"])
async def test_who_only_weighs_gets_short_ones_as_they_are(through: Through, said: str) -> None:
    answer = await through(Compression(), giving(b"short"), headers=accepting(said))
    assert (answer.body, "vary" in answer.headers) == (b"short", False)


@pytest.mark.parametrize(
    "handler",
    [
        giving(b"short"),
        giving(content_type="image/png"),
        giving(content_type="text/event-stream"),
        giving(cache_control="public, No-Transform"),
        giving(content_digest="sha-256=:x:"),
        giving(content_encoding="br"),
        giving(Pieces(b"short"), content_length="5"),
    ],
)
async def test_what_should_not_be_compressed_is_not(
    through: Through, handler: http.Handler
) -> None:
    answer = await through(Compression(), handler, headers=GZIP)
    assert answer.headers.get("content-encoding") in {None, "br"}
    assert "vary" not in answer.headers


@pytest.mark.parametrize("status", [204, 206, 304])
async def test_nor_is_what_is_no_whole_body(through: Through, status: int) -> None:
    async def handler(request: http.Request) -> http.Response:
        body = TEXT if status == 206 else b""
        return http.Response(body, status=status, content_type="text/plain")

    answer = await through(Compression(minimum_size=0), handler, headers=GZIP)
    assert "content-encoding" not in answer.headers


async def test_each_piece_can_be_read_when_it_comes(through: Through) -> None:
    pieces = Pieces(b"one ", b"two ", b"")
    middleware = Compression(minimum_size=8)
    answer = await through(middleware, giving(pieces, content_length="8"), headers=GZIP)
    assert "content-length" not in answer.headers
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert not isinstance(answer.body, bytes)
    seen = [inflater.decompress(bytes(piece)) async for piece in answer.body]
    assert seen[:2] == [b"one ", b"two "]
    assert inflater.eof
    await answer.body.aclose()  # type: ignore[attr-defined]
    assert pieces.closed


async def test_a_body_that_fails_or_is_never_read_is_closed(through: Through) -> None:
    for pieces in (Pieces(ValueError("oh")), Pieces(b"x")):
        answer = await through(Compression(), giving(pieces), headers=GZIP)
        body: Any = answer.body
        if isinstance(pieces.pieces[0], ValueError):
            with pytest.raises(ValueError, match="oh"):
                await anext(aiter(body))
        await body.aclose()
        assert pieces.closed


async def test_validators_become_weak_and_ranges_go(through: Through) -> None:
    handler = giving(etag='"abc"', accept_ranges="bytes")
    answer = await through(Compression(), handler, headers=GZIP)
    assert answer.headers["etag"] == 'W/"abc"'
    assert "accept-ranges" not in answer.headers
    answer = await through(Compression(), handler, headers=accepting("identity"))
    assert answer.headers["etag"] == '"abc"'


async def test_head_is_answered_as_get_would_be(through: Through) -> None:
    fields = {"content_length": "5000", "etag": '"abc"', "accept_ranges": "bytes"}
    answer = await through(Compression(), giving(b"", **fields), method="HEAD", headers=GZIP)
    assert (answer.body, "content-length" in answer.headers) == (b"", False)
    assert (answer.headers["content-encoding"], answer.headers["etag"]) == ("gzip", 'W/"abc"')
    assert answer.headers["vary"] == "Accept-Encoding"
    for handler in (giving(b"", content_length="50"), giving(b"")):
        answer = await through(Compression(), handler, method="HEAD", headers=GZIP)
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "etag"), [('W/"abc"', 'W/"abc"'), ('"abc"', '"abc"'), ('W/"abcd"', '"abc"')]
)
async def test_what_has_not_changed_is_called_what_the_client_calls_it(
    through: Through, asked: str, etag: str
) -> None:
    async def handler(request: http.Request) -> http.Response:
        return http.Response(status=304, headers={"ETag": '"abc"'})

    headers = {**GZIP, "If-None-Match": f'"x", {asked}'}
    answer = await through(Compression(), handler, headers=headers)
    assert answer.headers["etag"] == etag
    assert ("vary" in answer.headers) is (etag == 'W/"abc"')


async def test_a_large_body_is_compressed_in_a_thread(through: Through) -> None:
    large = TEXT * 100
    answer = await through(Compression(), giving(large), headers=GZIP)
    assert gunzip(answer.body) == large


def test_only_codings_that_there_are() -> None:
    with pytest.raises(ValueError, match="unknown coding 'deflate'"):
        Compression(codings=["deflate"])
