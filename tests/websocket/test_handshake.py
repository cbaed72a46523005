"""The opening handshake, from both sides, good and bad."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio

from tests.http.test_proxies import Proxy
from tests.websocket.conftest import HANDSHAKE, KEY, Serve, echo, ws_url
from trio_helianthus import core, errors, http, net, websocket


async def answer_to(server: http.Server, request: bytes) -> tuple[int, http.Headers]:
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(request)
        head = await stream.receive_until(b"\r\n\r\n", timeout=5)
        status_line, *fields = head[:-4].decode().split("\r\n")
        pairs = [(name, value.strip()) for name, _, value in (f.partition(":") for f in fields)]
        return int(status_line.split()[1]), http.Headers(pairs)


async def test_the_example_of_the_specification(serve: Serve) -> None:
    server = await serve(echo)
    status, headers = await answer_to(server, HANDSHAKE)
    assert status == 101
    assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
    assert headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    ("old", "new", "status", "field"),
    [
        (b"GET", b"POST", 405, ("allow", "GET")),
        (b"Upgrade: websocket\r\n", b"", 426, ("upgrade", "websocket")),
        (b"Connection: Upgrade\r\n", b"", 426, ("upgrade", "websocket")),
        (b"HTTP/1.1", b"HTTP/1.0", 426, ("upgrade", "websocket")),
        (b"Version: 13", b"Version: 8", 426, ("sec-websocket-version", "13")),
        (b"Sec-WebSocket-Version: 13\r\n", b"", 426, ("sec-websocket-version", "13")),
        (b"Sec-WebSocket-Key: " + KEY.encode() + b"\r\n", b"", 400, None),
        (KEY.encode(), b"c2hvcnQ=", 400, None),
        (KEY.encode(), b"not base64 at all!!!!!==", 400, None),
        (b"\r\n\r\n", b"\r\nSec-WebSocket-Key: " + KEY.encode() + b"\r\n\r\n", 400, None),
    ],
)
async def test_a_bad_handshake_is_told_what_is_wrong(
    serve: Serve, old: bytes, new: bytes, status: int, field: tuple[str, str] | None
) -> None:
    server = await serve(echo)
    got, headers = await answer_to(server, HANDSHAKE.replace(old, new, 1))
    assert got == status
    if field is not None:
        assert headers[field[0]].lower() == field[1].lower()


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("https://example.org", 101),
        ("HTTPS://EXAMPLE.ORG", 101),
        ("https://evil.example", 403),
        ("null", 403),
        ("https://example.org.evil.example", 403),
    ],
)
async def test_origins(serve: Serve, origin: str | None, status: int) -> None:
    server = await serve(echo, origins=["https://example.org/"])
    field = b"" if origin is None else f"\r\nOrigin: {origin}".encode()
    got, _ = await answer_to(server, HANDSHAKE.replace(b"\r\n\r\n", field + b"\r\n\r\n"))
    assert got == status


@pytest.mark.parametrize("origin", ["*", "example.org", "https://*.example.org", "https://x/y", ""])
def test_what_is_no_origin_is_refused_when_the_route_is_made(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        websocket.endpoint(echo, origins=["https://example.org", origin])
    websocket.endpoint(echo, origins=["null", "http://[::1]:8000", "tauri://localhost"])


async def test_subprotocols_and_headers(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.send_json(
            [connection.subprotocol, connection.request.headers["x-mine"], connection.request.path]
        )

    server = await serve(handler, subprotocols=["v2", "v1"], headers={"X-Theirs": "yes"})
    for offered, chosen in ((["v1", "v2"], "v2"), (["v1"], "v1"), (["v9"], None), ([], None)):
        async with websocket.open_websocket(
            ws_url(server, "/some/path?q=1"), subprotocols=offered, headers={"X-Mine": "ok"}
        ) as connection:
            assert connection.subprotocol == chosen
            assert connection.response.headers["x-theirs"] == "yes"
            assert await connection.receive_json() == [chosen, "ok", "/some/path"]


async def test_a_route_beside_http(nursery: trio.Nursery) -> None:
    router = http.Router()

    @router.get("/plain")
    async def plain(_: http.Request) -> str:
        return "plain"

    @router.get("/rooms/{name}")
    @websocket.endpoint
    async def room(connection: websocket.ServerConnection) -> None:
        await connection.send(connection.request.path_params["name"])

    @router.get("/private")
    async def private(request: http.Request) -> http.Response:
        if request.query.get("key") != "secret":
            raise http.HTTPError(401)
        return websocket.accept(request, echo)

    decorated = websocket.endpoint(subprotocols=["a"])
    router.add("/echo", decorated(echo))
    server: http.Server = await nursery.start(http.serve, router)
    async with http.open_client(server.url) as client:
        assert (await client.get("/plain")).text == "plain"
        assert (await client.get("/rooms/a")).status == 426
        for path in ("/rooms/lobby", "/private?key=secret", "/echo"):
            async with websocket.open_websocket(path, client=client) as connection:
                if path == "/rooms/lobby":
                    assert await connection.receive() == "lobby"
                else:
                    await connection.send("x")
                    assert await connection.receive() == "x"
        for path, status in (("/private", 401), ("/nowhere", 404), ("/plain", 200)):
            with pytest.raises(http.UpgradeRefused) as caught:
                async with websocket.open_websocket(path, client=client):
                    pass
            assert caught.value.response.status == status


@asynccontextmanager
async def server_that_says(answer: bytes) -> AsyncIterator[str]:
    async def handler(stream: net.ByteStream) -> None:
        await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(answer)
        await stream.receive_some()

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, handler)
        yield f"ws://127.0.0.1:{server.port}/"
        nursery.cancel_scope.cancel()


GOOD = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        GOOD + "\r\n",
        GOOD + "Sec-WebSocket-Accept: AAAA\r\n\r\n",
        GOOD.replace("Upgrade: websocket", "Upgrade: other") + "\r\n",
        GOOD.replace("Connection: Upgrade", "Connection: close") + "\r\n",
        GOOD + "Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: unasked\r\n\r\n",
        GOOD + "Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Extensions: unasked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "no HTTP at all\r\n\r\n",
        "",
    ],
)
async def test_a_bad_answer_is_refused(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trio_helianthus.wire.websocket.make_key", lambda: KEY)
    answer = answer.replace("{}", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    kinds = (http.UpgradeRefused, errors.RemoteProtocolError, errors.NetworkError)
    async with server_that_says(answer.encode()) as url:
        with pytest.raises((*kinds, errors.OperationTimeout)):
            async with websocket.open_websocket(url, timeout=0.5 if not answer else 5):
                pass


@pytest.mark.parametrize(
    "url", ["http2://x/", "ftp://x/", "ws://x/#fragment", "mailto:x", "//x/", "/relative"]
)
async def test_bad_urls(url: str) -> None:
    with pytest.raises(ValueError):
        async with websocket.open_websocket(url):
            pass


@pytest.mark.parametrize(
    "url", ["localhost:8000/chat", "ann:secret@host/chat", "ftp://x:secret@y/"]
)
async def test_who_forgets_the_scheme_is_told_which_ones_there_are(url: str) -> None:
    with pytest.raises(ValueError, match="begins with ws:// or wss://, not with") as caught:
        async with websocket.open_websocket(url):
            pass
    assert "secret" not in str(caught.value)


async def test_what_is_wrong_with_a_url_is_told_without_its_password() -> None:
    with pytest.raises(ValueError, match="has no fragment") as caught:
        async with websocket.open_websocket("ws://ann:secret@x/#fragment"):
            pass
    assert "secret" not in str(caught.value)


async def test_the_url_of_a_server_will_do(serve: Serve) -> None:
    server = await serve(echo)
    assert server.url.startswith("http://")
    async with websocket.open_websocket(f"{server.url}/chat", timeout=5) as connection:
        await connection.send("hello")
        assert await connection.receive(timeout=5) == "hello"


async def test_settings_of_a_client_that_is_given_are_its_own() -> None:
    async with http.open_client() as client:
        with pytest.raises(TypeError, match="trust_env"):
            async with websocket.open_websocket("ws://x/", client=client, trust_env=False):
                pass


async def test_opening_has_a_time_limit_and_a_token() -> None:
    async def silent(stream: net.ByteStream) -> None:
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, silent)
        url = f"ws://127.0.0.1:{server.port}/"
        with pytest.raises(errors.OperationTimeout):
            async with websocket.open_websocket(url, timeout=0.05):
                pass
        token = core.CancelToken()
        token.cancel("no more")
        with pytest.raises(errors.OperationCancelled):
            async with websocket.open_websocket(url, token=token):
                pass
        nursery.cancel_scope.cancel()


async def test_nobody_listens() -> None:
    with pytest.raises(errors.ConnectionRefused):
        async with websocket.open_websocket("ws://127.0.0.1:9/"):
            pass


async def test_a_handler_has_to_be_callable() -> None:
    with pytest.raises(TypeError, match="async function"):
        websocket.endpoint(1)  # type: ignore[call-overload]


async def test_a_handler_that_is_a_plain_function_is_refused_when_the_route_is_made() -> None:
    def shout(connection: websocket.ServerConnection) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match=r"async function \(async def\): shout"):
        websocket.endpoint(shout)  # type: ignore[arg-type]


async def test_over_tls(nursery: trio.Nursery) -> None:
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA()
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    server: Any = await nursery.start(
        partial(websocket.serve_websocket, echo, ssl_context=server_context)
    )
    async with websocket.open_websocket(
        ws_url(server), ssl_context=client_context, timeout=10
    ) as connection:
        assert ws_url(server).startswith("wss://")
        for message in ("hello", b"x" * 300_000, "bye"):
            await connection.send(message)
            assert await connection.receive(timeout=10) == message


async def test_without_sockets() -> None:
    router = http.Router()
    router.add("/echo", websocket.endpoint(echo))
    async with (
        http.in_process(router) as transport,
        http.open_client("http://inside", transport=transport) as client,
        websocket.open_websocket("/echo", client=client) as connection,
    ):
        for message in ("hello", b"x" * 300_000):
            await connection.send(message)
            assert await connection.receive(timeout=5) == message


async def test_one_string_is_no_list_of_names() -> None:
    with pytest.raises(TypeError, match=r"such as \['chat'\]"):
        websocket.endpoint(echo, subprotocols="chat")
    with pytest.raises(TypeError, match="origins"):
        websocket.endpoint(origins="https://example.org")
    with pytest.raises(TypeError, match="subprotocols"):
        async with websocket.open_websocket("ws://x/", subprotocols="chat"):
            pass


async def test_a_message_too_long_over_tls_is_told_so(nursery: trio.Nursery) -> None:
    """What is still coming must not turn the goodbye into a reset."""
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA()
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    server: Any = await nursery.start(
        partial(websocket.serve_websocket, echo, ssl_context=server_context)
    )
    async with websocket.open_websocket(
        ws_url(server), ssl_context=client_context, deflate=None, timeout=10
    ) as connection:
        with pytest.raises(errors.WebSocketBroken) as caught:
            for _ in range(20):
                await connection.send(b"x" * 3_000_000)
            await connection.receive(timeout=10)
        assert caught.value.code == 1009


async def test_a_handler_belongs_to_the_trace_of_its_client(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        trace = core.current_trace()
        await connection.send_json(None if trace is None else f"{trace.trace_id:x}")

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await connection.receive_json() is None
    trace = core.TraceContext.new()
    with core.use_trace(trace):
        async with websocket.open_websocket(ws_url(server)) as connection:
            assert await connection.receive_json() == f"{trace.trace_id:x}"


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_a_drain_in_the_middle_of_a_handshake(serve: Serve, turns: int) -> None:
    """Before its end it is no WebSocket, and behind it one that is closed in good order."""
    server = await serve(echo)
    async with trio.open_nursery() as nursery:

        async def come() -> None:
            try:
                async with websocket.open_websocket(ws_url(server), timeout=5) as connection:
                    with pytest.raises(errors.WebSocketEnded) as caught:
                        await connection.receive(timeout=5)
                    assert caught.value.code == 1001
            except (errors.NetworkError, http.UpgradeRefused, errors.RemoteProtocolError):
                pass

        nursery.start_soon(come)
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        assert (await server.drain(5)).clean


@pytest.mark.parametrize("name", ["", "two words", "a,b", "ü", "twice"])
async def test_names_that_no_subprotocol_can_have(name: str) -> None:
    with pytest.raises(ValueError, match="subprotocol"):
        async with websocket.open_websocket("ws://x/", subprotocols=["twice", name]):
            pass


async def test_with_a_clients_proxy_cookies_and_tls(nursery: trio.Nursery) -> None:
    """Through a tunnel, twice, with what the client knows from its other calls."""
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA()
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    router = http.Router()

    @router.get("/login")
    async def login(_: http.Request) -> http.Response:
        return http.Response.text("in", headers={"Set-Cookie": "session=secret; Path=/; Secure"})

    @router.get("/chat")
    @websocket.endpoint
    async def chat(connection: websocket.ServerConnection) -> None:
        await connection.send(connection.request.cookies["session"])
        await echo(connection)

    server: http.Server = await nursery.start(
        partial(http.serve, router, ssl_context=server_context)
    )
    proxy = Proxy()
    tunnels: net.Server = await nursery.start(net.serve_tcp, proxy, 0)
    async with http.open_client(
        server.url, proxy=f"http://127.0.0.1:{tunnels.port}", ssl_context=client_context
    ) as client:
        assert (await client.get("/login")).text == "in"
        for _ in range(2):
            async with websocket.open_websocket("/chat", client=client) as connection:
                assert await connection.receive(timeout=5) == "secret"
                await connection.send(b"x" * 100_000)
                assert len(await connection.receive(timeout=5)) == 100_000
        assert (await client.get("/login")).text == "in"
    assert {head.split()[0] for head in proxy.heads} == {b"CONNECT"}
