"""Answers with a ``Content-Encoding``: undone as they come, several in a row, and no bombs."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import errors, http
from trio_helianthus.http import ClientLimits, Request, Response, open_client
from trio_helianthus.http import _decoding as decoding
from trio_helianthus.http._answer_decoding import decode_whole
from trio_helianthus.http._decoding import Decoder, accept_encoding, codings_of
from trio_helianthus.testing import cancel_sweep

if TYPE_CHECKING:
    from tests.http.conftest import Serve

PLAIN = b"a line of text, again and again\n" * 5000 + bytes(range(256)) * 100


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def brotli(data: bytes) -> bytes:
    package = pytest.importorskip("brotli", reason="br comes with the extra http")
    return bytes(package.compress(data, quality=4))


def zstd(data: bytes) -> bytes:
    package = pytest.importorskip("zstandard", reason="zstd comes with the extra http")
    return bytes(package.ZstdCompressor().compress(data))


def two_members(compress: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: compress(data[:100]) + compress(b"") + compress(data[100:])


CODINGS: list[Any] = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("x-gzip", two_members(gzip.compress), id="gzip in members"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("Deflate", raw_deflate, id="deflate without its wrapper"),
    pytest.param("br", brotli, id="br"),
    pytest.param("zstd", zstd, id="zstd"),
    pytest.param("zstd", two_members(zstd), id="zstd in frames"),
    pytest.param("gzip, br", lambda data: brotli(gzip.compress(data)), id="two"),
    pytest.param("identity", bytes, id="identity"),
    pytest.param("gzip,, identity", gzip.compress, id="gzip and nothing"),
]


def coded(body: bytes, coding: str, **headers: str) -> http.Handler:
    async def handler(request: Request) -> Response:
        return Response(body, headers={"Content-Encoding": coding, **headers})

    return handler


def decode(data: bytes, codings: Sequence[str], size: int = 1000) -> bytes:
    decoder = Decoder(codings, max_ratio=250)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    decoded = b"".join(part for piece in pieces for part in decoder.feed(piece))
    decoder.finish()
    return decoded


@pytest.mark.parametrize(("coding", "encode"), CODINGS)
async def test_codings(serve: Serve, coding: str, encode: Callable[[bytes], bytes]) -> None:
    body = encode(PLAIN)
    server = await serve(coded(body, coding))
    async with open_client(server.url) as client:
        answer = await client.get("/")
        assert answer.content == PLAIN
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["content-length"] == str(len(body))
        assert (await client.head("/")).content == b""
        async with client.stream("GET", "/") as response:
            assert b"".join([piece async for piece in response.body]) == PLAIN
        async with client.stream("GET", "/") as response:
            assert await response.body.receive_some(6) == b"a line"
        async with client.stream("GET", "/") as response:
            assert await response.read(max_bytes=len(PLAIN)) == PLAIN
        async with client.stream("GET", "/") as response:
            assert b"".join([piece async for piece in response.raw_body]) == body
    async with open_client(server.url, decode=False) as client:
        assert (await client.get("/")).content == body
        async with client.stream("GET", "/") as response:
            assert await response.read() == body


@given(data=st.binary(max_size=300), size=st.integers(1, 50), repeat=st.integers(1, 500))
def test_pieces_of_any_size_give_the_same(data: bytes, size: int, repeat: int) -> None:
    plain = data * repeat
    assert decode(gzip.compress(plain), ["gzip"], size) == plain
    assert decode(zlib.compress(plain), ["deflate"], size) == plain
    assert decode(raw_deflate(plain), ["deflate"], size) == plain
    assert decode(gzip.compress(zlib.compress(plain)), ["gzip", "deflate"][::-1], size) == plain


@given(data=st.binary(max_size=200))
def test_garbage_is_refused_or_gives_bytes(data: bytes) -> None:
    for coding in ("gzip", "deflate", *accept_encoding().split(", ")[2:]):
        try:
            decode(data, [coding], 7)
        except errors.RemoteProtocolError:
            pass


class TestBrokenBodies:
    @pytest.mark.parametrize(("coding", "encode"), CODINGS[:8])
    async def test_the_end_is_missing(
        self, serve: Serve, coding: str, encode: Callable[[bytes], bytes]
    ) -> None:
        server = await serve(coded(encode(PLAIN)[:-4], coding))
        async with open_client(server.url) as client:
            with pytest.raises(errors.RemoteProtocolError, match="in the middle of its"):
                await client.get("/")
            async with client.stream("GET", "/") as response:
                with pytest.raises(errors.RemoteProtocolError, match="in the middle of its"):
                    await response.read()

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
    async def test_it_is_something_else(self, serve: Serve, coding: str) -> None:
        if coding not in accept_encoding():
            pytest.skip(f"{coding} comes with the extra http")
        server = await serve(coded(b"<html>no coding at all</html>", coding))
        async with open_client(server.url) as client:
            with pytest.raises(errors.RemoteProtocolError, match=f"not valid {coding}"):
                await client.get("/")
            async with client.stream("GET", "/") as response:
                for _ in range(2):
                    with pytest.raises(errors.RemoteProtocolError, match=f"not valid {coding}"):
                        await response.body.receive_some()
            assert client.statistics().active == 0

    async def test_something_follows(self, serve: Serve) -> None:
        for coding, body in (
            ("gzip", gzip.compress(b"x") + b"junk"),
            ("deflate", zlib.compress(b"x") + b"junk"),
        ):
            server = await serve(coded(body, coding))
            async with open_client(server.url) as client:
                with pytest.raises(errors.RemoteProtocolError):
                    await client.get("/")

    async def test_an_empty_body_is_empty(self, serve: Serve) -> None:
        server = await serve(coded(b"", "gzip"))
        async with open_client(server.url) as client:
            assert (await client.get("/")).content == b""
            async with client.stream("GET", "/") as response:
                assert await response.read() == b""

    async def test_a_coding_nobody_knows(self, serve: Serve) -> None:
        server = await serve(coded(b"x", "rot13"))
        async with open_client(server.url) as client:
            with pytest.raises(errors.RemoteProtocolError, match="'rot13' is not known"):
                await client.get("/")
        async with open_client(server.url, decode=False) as client:
            assert (await client.get("/")).content == b"x"

    async def test_a_coding_whose_package_is_missing(
        self, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(decoding, "_brotli", lambda: None)
        monkeypatch.setattr(decoding, "_zstandard", lambda: None)
        accept_encoding.cache_clear()
        try:
            for coding, package in (("br", "brotli"), ("zstd", "zstandard")):
                server = await serve(coded(b"x", coding))
                async with open_client(server.url) as client:
                    with pytest.raises(errors.MissingExtraError, match=package):
                        await client.get("/")
            assert accept_encoding() == "gzip, deflate"
        finally:
            accept_encoding.cache_clear()


class TestBombs:
    async def test_a_whole_answer_has_a_limit(self, serve: Serve) -> None:
        server = await serve(coded(gzip.compress(bytes(200_000)), "gzip"))
        limits = ClientLimits(max_response_bytes=100_000)
        async with open_client(server.url, limits=limits) as client:
            with pytest.raises(errors.LimitExceeded) as caught:
                await client.get("/")
            assert caught.value.limit_name == "max_response_bytes"
            async with client.stream("GET", "/") as response:
                with pytest.raises(errors.LimitExceeded):
                    await response.read()

    @pytest.mark.parametrize(
        ("coding", "bomb"),
        [
            ("gzip", lambda: gzip.compress(bytes(50_000_000))),
            ("br", lambda: brotli(bytes(50_000_000))),
            ("zstd", lambda: zstd(bytes(50_000_000))),
            ("gzip, gzip", lambda: gzip.compress(gzip.compress(bytes(200_000_000), 1))),
        ],
    )
    async def test_a_stream_has_a_ratio(
        self, serve: Serve, coding: str, bomb: Callable[[], bytes]
    ) -> None:
        server = await serve(coded(bomb(), coding))
        received = 0
        async with open_client(server.url) as client, client.stream("GET", "/") as response:
            with pytest.raises(errors.LimitExceeded) as caught:
                async for piece in response.body:
                    received += len(piece)
        assert caught.value.limit_name == "max_decoded_ratio"
        assert received < 17_000_000
        limits = ClientLimits(max_decoded_ratio=1_000_000)
        if coding == "gzip":
            async with open_client(server.url, limits=limits) as client:
                assert len((await client.get("/")).content) == 50_000_000

    def test_many_tiny_members_take_no_quadratic_time(self) -> None:
        members = gzip.compress(b"") * 20_000
        assert decode(members, ["gzip"], size=len(members)) == b""
        assert decode(gzip.compress(members), ["gzip", "gzip"], size=len(members)) == b""

    def test_what_is_decoded_on_the_way_counts_and_so_do_empty_members(self) -> None:
        empty = gzip.compress(b"")
        frames = zstd(b"") * 1_000_000
        for coding, inner in (("gzip", empty * 1_000_000), ("zstd", frames)):
            bomb = gzip.compress(gzip.compress(inner, 1))
            decoder = Decoder([coding, "gzip", "gzip"], max_ratio=250)
            with pytest.raises(errors.LimitExceeded) as caught:
                list(decoder.feed(bomb))
            assert caught.value.limit_name == "max_decoded_ratio"
        members = gzip.compress(b"x") * 100_000  # of which each one was received
        decoder = Decoder(["gzip"], max_ratio=250)
        assert b"".join(decoder.feed(members)) == b"x" * 100_000

    def test_no_more_than_four_codings(self) -> None:
        names = codings_of("gzip, " * 5)
        with pytest.raises(errors.LimitExceeded) as caught:
            Decoder(names, max_ratio=250)
        assert (caught.value.limit_name, caught.value.limit) == ("max_codings", 4)


async def test_a_part_is_asked_for_without_coding(serve: Serve) -> None:
    async def handler(request: Request) -> str:
        return request.headers["accept-encoding"]

    server = await serve(handler)
    async with open_client(server.url) as client:
        assert (await client.get("/")).text == accept_encoding()
        assert (await client.get("/", headers=iter([("Range", "bytes=0-9")]))).text == "identity"
        both = {"Range": "bytes=0-9", "Accept-Encoding": "gzip"}
        assert (await client.get("/", headers=both)).text == "gzip"


async def test_decoding_much_lets_others_run(serve: Serve) -> None:
    noise = random.Random(1).randbytes(2_000_000)
    server = await serve(coded(gzip.compress(noise, 1), "gzip"))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with open_client(server.url) as client:
        await client.get("/")
        turns = 0
        response = await client._exchanges.ask(client._calls.plain("GET", "/"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            await decode_whole(response, ClientLimits())
            nursery.cancel_scope.cancel()
    assert turns > 2


@pytest.mark.sweep
def test_cancelled_anywhere() -> None:
    async def pieces(request: Request) -> Response:
        async def produce() -> AsyncIterator[bytes]:
            body = gzip.compress(b"some text" * 100)
            yield body[:20]
            yield body[20:]

        return Response(produce(), headers={"Content-Encoding": "gzip"})

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, pieces, 0)
            async with open_client(server.url) as client:
                assert len((await client.get("/")).content) == 900
                async with client.stream("GET", "/") as response:
                    assert len(await response.read()) == 900
                async with client.stream("GET", "/") as response:
                    lines = [line async for line in response.iter_lines()]
                    assert len(lines) == 1
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 20
