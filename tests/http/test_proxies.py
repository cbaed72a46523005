"""Proxies: what they are told, what they are not, and how they are chosen."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import errors, http, net
from trio_helianthus.testing import cancel_sweep

if TYPE_CHECKING:
    from tests.http.conftest import Serve

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECRET = "Basic dXNlcjpwYXNz"  # user:pass


class Proxy:
    """Forwards, and makes tunnels; remembers what it was asked."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.tunnel_answer = b"HTTP/1.1 200 Connected\r\n\r\n"
        self.url = ""

    async def __call__(self, stream: net.ByteStream) -> None:
        while True:
            try:
                head = await stream.receive_until(b"\r\n\r\n")
            except errors.IncompleteReceive:
                return
            self.heads.append(head)
            if not head.startswith(b"CONNECT "):
                if b"chunked" in head:
                    await stream.receive_until(b"0\r\n\r\n")
                await stream.send_all(OK)
                continue
            await stream.send_all(self.tunnel_answer)
            if b" 200 " not in self.tunnel_answer:
                await stream.receive_all()
                return
            host, _, port = head.split(b" ")[1].decode().rpartition(":")
            async with await net.connect_tcp(host.strip("[]"), int(port)) as server:
                await self._join(stream, server)
            return

    async def _join(self, one: net.ByteStream, other: net.TCPStream) -> None:
        async with trio.open_nursery() as nursery:

            async def pump(source: net.ByteStream, sink: net.ByteStream) -> None:
                try:
                    while data := await source.receive_some():
                        await sink.send_all(data)
                except trio.BrokenResourceError:
                    pass
                nursery.cancel_scope.cancel()

            nursery.start_soon(pump, one, other)
            nursery.start_soon(pump, other, one)


@pytest.fixture
async def proxy(nursery: trio.Nursery) -> Proxy:
    proxy = Proxy()
    server: net.Server = await nursery.start(net.serve_tcp, proxy, 0)
    proxy.url = f"http://user:pass@127.0.0.1:{server.port}"
    return proxy


async def hello(request: http.Request) -> str:
    assert "proxy-authorization" not in request.headers
    return f"hello {request.target}"


class TestForwarding:
    async def test_the_proxy_gets_all_of_the_url_and_our_credentials(self, proxy: Proxy) -> None:
        async with http.open_client("http://example.org", proxy=proxy.url) as client:
            for _ in range(2):
                assert (await client.get("/a?b")).content == b"ok"
            assert (await client.post("/c", content=pieces())).content == b"ok"
            assert client.statistics().idle == 1
        for head in proxy.heads[:2]:
            assert head.startswith(b"GET http://example.org/a?b HTTP/1.1\r\nHost: example.org\r\n")
            assert f"Proxy-Authorization: {SECRET}\r\n".encode() in head
        assert proxy.heads[2].startswith(b"POST http://example.org/c HTTP/1.1\r\n")

    async def test_header_fields_for_the_proxy_alone(self, proxy: Proxy) -> None:
        ours = http.Proxy(proxy.url, headers={"X-Team": "red"})
        assert "pass" not in repr(ours)
        async with http.open_client("http://example.org:81", proxy=ours) as client:
            await client.get("/")
        assert b"X-Team: red\r\n" in proxy.heads[0]
        assert b"GET http://example.org:81/ HTTP/1.1\r\nHost: example.org:81\r\n" in proxy.heads[0]

    async def test_a_refusal_is_an_answer(self, proxy: Proxy) -> None:
        global OK
        before = OK
        OK = b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
        try:
            async with http.open_client("http://example.org", proxy=proxy.url) as client:
                assert (await client.get("/")).status == 407
        finally:
            OK = before


async def pieces() -> AsyncIterator[bytes]:
    yield b"pieces"


class TestTunnels:
    async def test_to_a_tls_server(
        self, proxy: Proxy, serve: Serve, tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        ours, theirs = tls_contexts
        server = await serve(hello, ssl_context=ours)
        async with http.open_client(server.url, proxy=proxy.url, ssl_context=theirs) as client:
            for _ in range(2):
                assert (await client.get("/x")).text == "hello /x"
        (head,) = proxy.heads
        authority = f"127.0.0.1:{server.port}"
        assert head.startswith(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n".encode())
        assert f"Proxy-Authorization: {SECRET}\r\n".encode() in head

    async def test_to_a_plain_server_if_wanted(self, proxy: Proxy, serve: Serve) -> None:
        server = await serve(hello)
        tunnel = http.Proxy(proxy.url, tunnel=True)
        async with http.open_client(server.url, proxy=tunnel) as client:
            assert (await client.get("/x")).text == "hello /x"
        assert proxy.heads[0].startswith(b"CONNECT ")

    async def test_for_what_changes_to_another_protocol(self, proxy: Proxy, serve: Serve) -> None:
        async def echo(stream: net.ByteStream) -> None:
            await stream.send_all(await stream.receive_some())

        async def offer(request: http.Request) -> http.Response:
            assert request.target == "/socket"
            return http.Response.upgrade("echo", echo)

        server = await serve(offer)
        async with http.open_client(server.url, proxy=proxy.url) as client:
            await client.get("/x")  # is forwarded
            async with client.upgrade("echo", "/socket") as upgraded:
                assert client.statistics().active == 1
                await upgraded.stream.send_all(b"hello")
                assert await upgraded.stream.receive_some() == b"hello"
            proxy.tunnel_answer = b"HTTP/1.1 403 Forbidden\r\n\r\n"
            with pytest.raises(http.ProxyRefused):
                async with client.upgrade("echo", "/socket"):
                    pass
        assert [head.split()[0] for head in proxy.heads] == [b"GET", b"CONNECT", b"CONNECT"]

    async def test_by_a_proxy_that_speaks_tls(
        self,
        nursery: trio.Nursery,
        serve: Serve,
        tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    ) -> None:
        ours, theirs = tls_contexts
        proxy = Proxy()
        listening = await nursery.start(partial(net.serve_tls, proxy, 0, ssl_context=ours))
        server = await serve(hello, ssl_context=ours)
        secure = http.Proxy(
            f"https://127.0.0.1:{listening.port}", tls=http.TLSOptions(verify=False)
        )
        async with http.open_client(server.url, proxy=secure, ssl_context=theirs) as client:
            assert (await client.get("/x")).text == "hello /x"

    @pytest.mark.parametrize("status", [407, 403, 502])
    async def test_one_that_is_refused_is_a_clear_error(self, proxy: Proxy, status: int) -> None:
        proxy.tunnel_answer = (
            b"HTTP/1.1 %d No\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nsorry"
            % status
        )
        async with http.open_client("https://example.org", proxy=proxy.url) as client:
            with pytest.raises(http.ProxyRefused, match=f"answered {status} No") as caught:
                await client.get("/")
            assert caught.value.status == status
            assert caught.value.headers["proxy-authenticate"] == "Basic"
            assert "pass" not in str(caught.value)
            assert client.statistics() == http.ClientStatistics(0, 0, 0)

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (b"", errors.IncompleteReceive),
            (b"SSH-2.0\r\n\r\n", errors.RemoteProtocolError),
            (b"HTTP/1.1 103 Hm\r\n\r\n" * 99, errors.LimitExceeded),
        ],
    )
    async def test_bad_proxies(
        self, nursery: trio.Nursery, answer: bytes, error: type[Exception]
    ) -> None:
        async def bad(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(answer)

        server = await nursery.start(net.serve_tcp, bad, 0)
        proxy = f"http://127.0.0.1:{server.port}"
        async with http.open_client("https://example.org", proxy=proxy) as client:
            with pytest.raises(error):
                await client.get("/")

    async def test_a_proxy_that_never_answers(
        self, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def silent(stream: net.ByteStream) -> None:
            await stream.receive_all()

        server = await nursery.start(net.serve_tcp, silent, 0)
        proxy = f"http://127.0.0.1:{server.port}"
        timeouts = http.Timeouts(60, connect=3)
        async with http.open_client("https://x.test", proxy=proxy, timeouts=timeouts) as client:
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.get("/")
            assert trio.current_time() - began == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("url", ["socks5://127.0.0.1", "ftp://x", "http://", "http://a:b:c"])
def test_proxies_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"supported|invalid"):
        http.Proxy(url)


class TestEnvironment:
    @staticmethod
    def chosen(environ: dict[str, str], scheme: str, host: str, port: int = 80) -> str | None:
        proxy = http.ProxyEnvironment(environ)(http.Origin(scheme, host, port))
        return None if proxy is None else proxy.origin.host

    def test_each_scheme_has_its_own_and_one_is_for_the_rest(self) -> None:
        environ = {"http_proxy": "http://one:81", "HTTPS_PROXY": "https://two", "ALL_PROXY": "all"}
        assert self.chosen(environ, "http", "x.test") == "one"
        assert self.chosen(environ, "https", "x.test") == "two"
        del environ["HTTPS_PROXY"]
        assert self.chosen(environ, "https", "x.test") == "all"
        assert self.chosen({}, "http", "x.test") is None
        assert self.chosen({"http_proxy": "", "HTTP_PROXY": "upper"}, "http", "x") == "upper"

    def test_a_cgi_program_does_not_believe_its_client(self) -> None:
        environ = {"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"}
        assert self.chosen(environ, "http", "x.test") is None
        assert self.chosen({**environ, "HTTPS_PROXY": "two"}, "https", "x.test") == "two"

    @pytest.mark.parametrize(
        ("no_proxy", "host", "port", "without"),
        [
            ("*", "x.test", 80, True),
            ("x.test", "x.test", 80, True),
            ("x.test", "a.x.test", 80, True),
            (".x.test", "a.x.test", 80, True),
            (".x.test", "x.test", 80, True),
            ("*.x.test", "a.x.test", 80, True),
            ("*.x.test:81", "a.x.test", 81, True),
            ("*x.test", "ax.test", 80, False),
            ("x.test", "ax.test", 80, False),
            ("X.TEST.", "x.test", 80, True),
            ("x.test:81", "x.test", 81, True),
            ("x.test:81", "x.test", 80, False),
            ("a, b ,x.test", "x.test", 80, True),
            ("10.0.0.0/8", "10.1.2.3", 80, True),
            ("10.0.0.0/8", "11.1.2.3", 80, False),
            ("127.0.0.1", "127.0.0.1", 80, True),
            ("127.0.0.1:81", "127.0.0.1", 80, False),
            ("::1", "::1", 80, True),
            ("[::1]", "::1", 80, True),
            ("[::1]:81", "::1", 81, True),
            ("[::1]:81", "::1", 80, False),
            ("fe80::/10", "fe80::1", 80, True),
            ("fe80::/10", "10.0.0.1", 80, False),
            ("0.0.1", "127.0.0.1", 80, False),
            ("", "x.test", 80, False),
            (",.,/,[,:", "x.test", 80, False),
        ],
    )
    def test_who_goes_without(self, no_proxy: str, host: str, port: int, without: bool) -> None:
        environ = {"all_proxy": "http://proxy", "no_proxy": no_proxy}
        assert (self.chosen(environ, "http", host, port) is None) is without

    def test_what_is_not_supported_says_where_it_comes_from(self) -> None:
        environ = {"all_proxy": "socks5://proxy"}
        with pytest.raises(ValueError, match="trust_env=False"):
            self.chosen(environ, "http", "x.test")
        assert self.chosen({**environ, "http_proxy": "one"}, "http", "x.test") == "one"

    async def test_a_client_trusts_it_unless_told_not_to(
        self, proxy: Proxy, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = await serve(hello)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        async with http.open_client(server.url) as client:
            assert (await client.get("/")).content == b"ok"
        async with http.open_client(server.url, trust_env=False) as client:
            assert (await client.get("/")).text == "hello /"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with http.open_client(server.url) as client:
            assert (await client.get("/")).text == "hello /"


@pytest.mark.sweep
def test_tunnels_and_forwarding_cancelled_anywhere(
    tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    ours, theirs = tls_contexts

    async def scenario(scope: trio.CancelScope) -> None:
        proxy = Proxy()
        limits = http.ClientLimits(max_connections=1)
        async with trio.open_nursery() as nursery:
            listening = await nursery.start(net.serve_tcp, proxy, 0)
            server = await nursery.start(partial(http.serve, hello, 0, ssl_context=ours))
            proxy.url = f"http://127.0.0.1:{listening.port}"
            async with http.open_client(
                proxy=proxy.url, ssl_context=theirs, limits=limits
            ) as client:
                with scope:
                    for _ in range(2):
                        assert (await client.get(f"{server.url}/x")).text == "hello /x"
                    assert (await client.get("http://example.org/")).content == b"ok"
                assert client.statistics().active == client.statistics().waiting == 0
                assert (await client.get(f"{server.url}/y", timeout=5)).text == "hello /y"
            nursery.cancel_scope.cancel()

    assert cancel_sweep(scenario).points > 20
