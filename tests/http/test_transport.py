"""Ways to a server: unix sockets, its own process, TLS of each kind, one's own transport."""

from __future__ import annotations

import math
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from trio_helianthus import core, errors, http, net
from trio_helianthus.http._tls_options import start_tls

if TYPE_CHECKING:
    from tests.http.conftest import Serve


async def hello(request: http.Request) -> str:
    return f"{request.headers['host']}{request.target}"


class TestInProcess:
    async def test_everything_works_without_a_socket(self) -> None:
        router = http.Router()

        @router.post("/echo")
        async def echo(request: http.Request) -> http.Response:
            async def reply() -> AsyncIterator[bytes]:
                async for piece in request.body:
                    yield piece

            return http.Response(reply())

        async def content() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield bytes(10_000)

        async with (
            http.in_process(router) as transport,
            http.open_client("http://service", transport=transport) as client,
        ):
            assert (await client.post("/echo", content=content())).content == bytes(1_000_000)
            assert (await client.post("/echo", content=bytes(200_000))).status == 200
            assert (await client.get("/nowhere")).status == 404
            async with client.stream("POST", "/echo", content=b"abc") as response:
                assert await response.read() == b"abc"
            assert client.statistics().idle == 1

    async def test_a_call_that_is_given_up_cancels_its_handler(self) -> None:
        began, ended = trio.Event(), trio.Event()

        async def handler(request: http.Request) -> str:
            began.set()
            try:
                await trio.sleep_forever()
            finally:
                ended.set()
            return ""

        limits = http.ServerLimits(half_close_grace=math.inf)  # so that an end alone ends nothing
        async with (
            http.in_process(handler, limits=limits) as transport,
            http.open_client("https://service", transport=transport) as client,
        ):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.get, "/")
                await began.wait()
                nursery.cancel_scope.cancel()
            with trio.fail_after(30):
                await ended.wait()

    async def test_leaving_cancels_handlers(self) -> None:
        ended = trio.Event()

        async def handler(request: http.Request) -> str:
            try:
                await trio.sleep_forever()
            finally:
                ended.set()
            return ""

        async with trio.open_nursery() as nursery:
            async with http.open_client("http://x", transport=None) as _:
                pass
            async with http.in_process(handler) as transport:
                client = http.open_client("http://service", transport=transport)

                async def call() -> None:
                    async with client as opened:
                        with pytest.raises(errors.NetworkError):
                            await opened.get("/")

                nursery.start_soon(call)
                await trio.testing.wait_all_tasks_blocked()
        assert ended.is_set()


@pytest.mark.skipif(sys.platform == "win32", reason="Python has no unix sockets there")
class TestUnixSockets:
    async def test_the_url_says_only_the_host(self, serve: Serve, socket_folder: Path) -> None:
        path = socket_folder / "http"
        await serve(hello, listeners=[await net.listen_unix(path)])
        transport = http.UnixTransport(path)
        async with http.open_client("http://service", transport=transport) as client:
            for _ in range(2):
                assert (await client.get("/x")).text == "service/x"
            assert client.statistics().idle == 1

    async def test_nobody_listens(self, socket_folder: Path) -> None:
        transport = http.UnixTransport(socket_folder / "nobody")
        async with http.open_client("http://service", transport=transport) as client:
            with pytest.raises(errors.NetworkError) as caught:
                await client.get("/")
        assert caught.value.code is errors.ErrorCode.NOT_FOUND

    async def test_with_tls(
        self,
        serve: Serve,
        socket_folder: Path,
        tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    ) -> None:
        ours, theirs = tls_contexts
        path = socket_folder / "https"
        await serve(hello, listeners=[await net.listen_unix(path)], ssl_context=ours)
        transport = http.UnixTransport(path, ssl_context=theirs)
        async with http.open_client("https://127.0.0.1", transport=transport) as client:
            assert (await client.get("/")).text == "127.0.0.1/"


class TestTLS:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> Path:
        trustme = pytest.importorskip("trustme", reason="TLS needs a certificate authority")
        authority = trustme.CA()
        self.server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("service.test").configure_cert(self.server_context)
        authority.configure_trust(self.server_context)
        self.server_context.set_alpn_protocols(["http/1.1"])
        client = authority.issue_cert("client@example.org")
        client.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        return tmp_path

    async def test_trust_name_and_version(self, serve: Serve, authority: Path) -> None:
        server = await serve(hello, ssl_context=self.server_context)
        url = f"https://127.0.0.1:{server.port}"
        tls = http.TLSOptions(
            verify=authority / "authority.pem",
            server_hostname="service.test",
            minimum_version=ssl.TLSVersion.TLSv1_3,
        )
        async with http.open_client(url, tls=tls) as client:
            assert (await client.get("/")).status == 200
        for wrong in (None, http.TLSOptions(verify=authority / "authority.pem")):
            async with http.open_client(url, tls=wrong) as client:
                with pytest.raises(errors.CertificateInvalid):
                    await client.get("/")
        async with http.open_client(url, tls=http.TLSOptions(verify=False)) as client:
            assert (await client.get("/")).status == 200

    async def test_the_dot_at_the_end_of_a_name_is_not_asked_for(
        self, serve: Serve, authority: Path
    ) -> None:
        server = await serve(hello, ssl_context=self.server_context)

        class There:
            async def connect(self, origin: http.Origin, **_: Any) -> net.ByteStream:
                stream = await net.connect_tcp("127.0.0.1", server.port)
                context = http.TLSOptions(verify=authority / "authority.pem").context()
                return await start_tls(stream, origin, context, None)

        async with http.open_client("https://service.test.", transport=There()) as client:
            assert (await client.get("/")).status == 200

    async def test_a_certificate_of_our_own(self, serve: Serve, authority: Path) -> None:
        self.server_context.verify_mode = ssl.CERT_REQUIRED
        server = await serve(hello, ssl_context=self.server_context)
        url = f"https://127.0.0.1:{server.port}"
        without = http.TLSOptions(
            verify=authority / "authority.pem", server_hostname="service.test"
        )
        async with http.open_client(url, tls=without) as client:
            with pytest.raises(errors.NetworkError):
                await client.get("/")
        tls = http.TLSOptions(
            verify=authority / "authority.pem",
            server_hostname="service.test",
            certfile=authority / "client.pem",
        )
        assert tls.context() is tls.context()
        async with http.open_client(url, tls=tls) as client:
            assert (await client.get("/")).status == 200

    async def test_contradictions(self) -> None:
        context = ssl.create_default_context()
        contradictions: list[dict[str, Any]] = [
            {"ssl_context": context, "tls": http.TLSOptions()},
            {"transport": http.TCPTransport(), "tls": http.TLSOptions()},
            {"transport": http.TCPTransport(), "proxy": "http://proxy"},
        ]
        for options in contradictions:
            with pytest.raises(ValueError, match="tls"):
                async with http.open_client("https://x", **options):
                    raise AssertionError


async def test_a_transport_of_ones_own(serve: Serve) -> None:
    class Everywhere:
        """All names lead to one server."""

        async def connect(
            self,
            origin: http.Origin,
            *,
            timeout: float | None = None,
            token: core.CancelToken | None = None,
        ) -> net.ByteStream:
            return await net.connect_tcp("127.0.0.1", port, timeout=timeout, token=token)

    port = (await serve(hello)).port
    async with http.open_client(transport=Everywhere()) as client:
        for host in ("a.test", "b.test:81"):
            assert (await client.get(f"http://{host}/")).text == f"{host}/"
