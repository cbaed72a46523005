"""Redis over TLS: the certificate is verified, and everything works as without."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

import pytest
import trio

from tests.redis.conftest import needs_server
from trio_helianthus import errors, net, redis, testing

trustme = pytest.importorskip("trustme", reason="certificates need the extra 'test'")
pytestmark = needs_server


class Certificates:
    """An authority, what a server has from it, and what its clients have."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert("localhost", "127.0.0.1").configure_cert(self.server)
        self.client = ssl.create_default_context()
        self.authority.configure_trust(self.client)


@pytest.fixture
def certificates() -> Certificates:
    return Certificates()


@pytest.fixture
async def tls_port(
    redis_server: testing.RedisServer, certificates: Certificates, nursery: trio.Nursery
) -> AsyncIterator[int]:
    """A port where TLS ends, before the server."""

    async def pass_on(source: net.ByteStream, sink: net.ByteStream) -> None:
        while data := await source.receive_some():
            await sink.send_all(data)

    async def handle(stream: net.ByteStream) -> None:
        async with (
            await net.connect_tcp("127.0.0.1", redis_server.port) as server,
            trio.open_nursery() as both,
        ):

            async def pass_all(source: net.ByteStream, sink: net.ByteStream) -> None:
                with suppress(errors.NetworkError):  # one may leave without a word
                    await pass_on(source, sink)
                both.cancel_scope.cancel(reason="one of them has left")

            both.start_soon(pass_all, server, stream)
            both.start_soon(pass_all, stream, server)

    proxy = await nursery.start(partial(net.serve_tls, handle, ssl_context=certificates.server))
    yield proxy.port
    nursery.cancel_scope.cancel()


async def test_everything_works_over_tls(tls_port: int, certificates: Certificates) -> None:
    async with redis.open_client(
        f"rediss://localhost:{tls_port}/1", ssl_context=certificates.client
    ) as r:
        assert await r.set("a", b"x" * 1_000_000)
        assert await r.get("a") == b"x" * 1_000_000
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(r.incr, "n")
        assert await r.pipeline(transaction=True).get("n").dbsize().execute() == [b"50", 2]
        with trio.move_on_after(0.05) as scope:
            await r.blpop(["empty"], timeout=10)
        assert scope.cancelled_caught
        async with r.subscribe("news") as messages:
            await r.publish("news", "hello")
            assert (await messages.receive()).data == b"hello"
        async with r.tracking() as tracked:
            assert await tracked.get("n") == await tracked.get("n") == b"50"
            assert tracked.statistics().hits == 1


async def test_an_unknown_authority_is_refused(tls_port: int) -> None:
    with pytest.raises(errors.NetworkError) as caught:
        async with redis.open_client(f"rediss://localhost:{tls_port}"):
            pytest.fail("it was trusted")
    assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value) or "certificate" in str(caught.value)


async def test_a_certificate_for_another_name_is_refused(
    tls_port: int, certificates: Certificates
) -> None:
    with pytest.raises(errors.NetworkError):
        async with redis.open_client(
            f"rediss://127.0.0.1:{tls_port}",
            ssl_context=certificates.client,
            server_hostname="elsewhere.example",
        ):
            pytest.fail("it was trusted")


async def test_plain_text_where_tls_is_spoken_is_told(tls_port: int) -> None:
    timeouts = redis.Timeouts(connect=2)
    with pytest.raises((errors.NetworkError, errors.ProtocolError, errors.OperationTimeout)):
        async with redis.open_client(f"redis://localhost:{tls_port}", timeouts=timeouts):
            pytest.fail("it was understood")


async def test_tls_where_plain_text_is_spoken_is_told(redis_server: testing.RedisServer) -> None:
    with pytest.raises((errors.NetworkError, errors.OperationTimeout)):
        async with redis.open_client(
            f"rediss://localhost:{redis_server.port}", timeouts=redis.Timeouts(connect=2)
        ):
            pytest.fail("it was understood")
