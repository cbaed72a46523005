"""What an app is told about a request is what the specification says."""

from __future__ import annotations

import pytest

from tests.asgi.conftest import ServeApp, get, raw_answer, reply
from trio_helianthus import asgi, http, net


class Listener:
    """An app that keeps the scopes it is called with."""

    def __init__(self) -> None:
        self.scopes: list[asgi.Scope] = []

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["pool"] = ["shared"]
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.scopes.append(scope)
        await reply(send)


async def scope_of(serve_app: ServeApp, request: bytes, **options: object) -> asgi.Scope:
    app = Listener()
    server = await serve_app(app, **options)
    await raw_answer(server, request)
    (scope,) = app.scopes
    return scope


async def test_the_whole_scope(serve_app: ServeApp) -> None:
    app = Listener()
    server = await serve_app(app)
    await raw_answer(server, get("/a%20path/%C3%BC?q=%20&r=1", "X-Two: 1", "x-two: 2"))
    (scope,) = app.scopes
    host, port = scope["client"]
    assert host == "127.0.0.1"
    assert isinstance(port, int)
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a path/ü",
        "raw_path": b"/a%20path/%C3%BC",
        "query_string": b"q=%20&r=1",
        "root_path": "",
        "headers": [
            (b"host", b"test"),
            (b"connection", b"close"),
            (b"x-two", b"1"),
            (b"x-two", b"2"),
        ],
        "client": ("127.0.0.1", port),
        "server": ("127.0.0.1", server.port),
        "state": {"pool": ["shared"]},
        "extensions": {"http.response.pathsend": {}, "http.response.trailers": {}},
    }


async def test_http_1_0_is_told(serve_app: ServeApp) -> None:
    assert (await scope_of(serve_app, get("/", version="1.0")))["http_version"] == "1.0"


async def test_a_target_in_absolute_form_is_a_path_to_the_app(serve_app: ServeApp) -> None:
    scope = await scope_of(serve_app, get("http://test/a%2fb?c"))
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/a/b", b"/a%2fb", b"c")


async def test_the_server_as_a_whole_is_a_star(serve_app: ServeApp) -> None:
    assert (await scope_of(serve_app, get("*", method="OPTIONS")))["path"] == "*"


async def test_a_path_that_is_no_text_is_the_clients_mistake(serve_app: ServeApp) -> None:
    app = Listener()
    server = await serve_app(app)
    assert (await raw_answer(server, get("/%ff"))).startswith(b"HTTP/1.1 400 ")
    assert app.scopes == []


async def test_state_is_each_requests_own_and_what_is_in_it_is_shared(serve_app: ServeApp) -> None:
    app = Listener()
    server = await serve_app(app)
    await raw_answer(server, get("/"))
    await raw_answer(server, get("/"))
    one, other = app.scopes
    assert one["state"] is not other["state"]
    assert one["state"]["pool"] is other["state"]["pool"]
    assert one["headers"] is not other["headers"]


async def test_a_root_path_stands_before_the_paths(serve_app: ServeApp) -> None:
    scope = await scope_of(serve_app, get("/users"), root_path="/api")
    assert scope["root_path"] == "/api"
    assert scope["path"] == "/api/users"
    assert scope["raw_path"] == b"/api/users"


@pytest.mark.parametrize("root_path", ["/", "/api/", "api"])
def test_a_root_path_has_a_slash_in_front_and_none_behind(root_path: str) -> None:
    with pytest.raises(ValueError, match="root_path"):
        asgi.as_handler(Listener(), root_path=root_path)


async def test_a_mounted_app_finds_its_place_in_root_path(
    nursery: object, serve_app: ServeApp
) -> None:
    app = Listener()
    router = http.Router()
    router.mount("/some place", asgi.as_handler(app))
    async with (
        http.in_process(router) as transport,
        http.open_client("http://test", transport=transport) as client,
    ):
        assert (await client.get("/some%20place/x%20y")).status == 200
    (scope,) = app.scopes
    assert scope["root_path"] == "/some place"
    assert scope["path"] == "/some place/x y"
    assert scope["raw_path"] == b"/some%20place/x%20y"


async def test_an_app_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="ASGI app"):
        await asgi.serve("module:app")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ASGI app"):
        asgi.as_handler(None)  # type: ignore[arg-type]


async def test_state_is_what_the_lifespan_has_by_then(serve_app: ServeApp) -> None:
    states: list[dict[str, object]] = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            states.append(scope["state"])
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            states.append(scope["state"])
            await reply(send)

    server = await serve_app(app)
    states[0]["pool"] = "reconnected"
    await raw_answer(server, get("/"))
    assert states[1] == {"pool": "reconnected"}
    assert states[1] is not states[0]


async def test_what_an_app_does_to_its_scope_ends_with_the_request(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        assert "mine" not in scope
        assert "mine" not in scope["extensions"]
        assert len(scope["headers"]) == 1
        scope["mine"] = scope["extensions"]["mine"] = {}
        scope["headers"].append((b"x-mine", b"1"))
        scope["client"] = None
        await reply(send)

    server = await serve_app(app)
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        for _ in range(3):
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            assert (await stream.receive_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_what_middleware_knows_of_the_client_is_what_the_app_is_told() -> None:
    app = Listener()

    async def believe(request: http.Request, call_next: http.CallNext) -> http.Response:
        request.client_address = ("192.0.2.7", 0)
        request.scheme = "https"
        return await call_next(request)

    router = http.Router(middleware=[believe])
    router.mount("/app", asgi.as_handler(app))
    async with (
        http.in_process(router) as transport,
        http.open_client("http://test", transport=transport) as client,
    ):
        await client.get("/app/")
    assert (app.scopes[0]["client"], app.scopes[0]["scheme"]) == (("192.0.2.7", 0), "https")


async def test_the_server_as_a_whole_stands_below_no_root_path(serve_app: ServeApp) -> None:
    scope = await scope_of(serve_app, get("*", method="OPTIONS"), root_path="/api")
    assert (scope["path"], scope["raw_path"], scope["root_path"]) == ("*", b"*", "/api")


HANDSHAKE = ["Upgrade: WebSocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eHh4"]


async def ask_for_an_upgrade(
    serve_app: ServeApp, *fields: str, line: bytes = b"GET / HTTP/1.1"
) -> tuple[bytes, Listener]:
    app = Listener()
    server = await serve_app(app)
    lines = [line, b"Host: test", b"Content-Length: 0", *(field.encode() for field in fields)]
    return await raw_answer(server, b"\r\n".join([*lines, b"", b""])), app


async def test_a_malformed_handshake_is_refused_and_the_app_does_not_hear_of_it(
    serve_app: ServeApp,
) -> None:
    fields = [*HANDSHAKE, "Connection: keep-alive, Upgrade, close"]
    answer, app = await ask_for_an_upgrade(serve_app, *fields)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert app.scopes == []


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"GET / HTTP/1.1", ["Upgrade: h2c", "Connection: Upgrade, close"]),
        (b"GET / HTTP/1.1", [*HANDSHAKE, "Connection: close"]),
        (b"POST / HTTP/1.1", [*HANDSHAKE, "Connection: Upgrade, close"]),
        (b"GET / HTTP/1.0", [*HANDSHAKE, "Connection: Upgrade, close"]),
    ],
)
async def test_what_is_no_handshake_is_an_ordinary_request(
    serve_app: ServeApp, line: bytes, fields: list[str]
) -> None:
    answer, app = await ask_for_an_upgrade(serve_app, *fields, line=line)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(app.scopes) == 1
