"""A corpus of opening handshakes, good and bad, from clients and from servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from tests.websocket.conftest import HANDSHAKE, KEY, Serve, echo, running, ws_url
from trio_helianthus import errors, http, net, websocket
from trio_helianthus.wire import websocket as wire

SECONDS: Final = 10.0
FIELDS: Final = {
    "Host": "test",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def ask(
    *more: str,
    line: str = "GET / HTTP/1.1",
    without: str = "",
    body: bytes = b"",
    **changed: str,
) -> bytes:
    """A handshake's request; words with underscores change the field with hyphens."""
    changes = {f"sec-websocket-{name}".replace("_", "-"): value for name, value in changed.items()}
    changes |= {name: value for name, value in changed.items() if name in {"upgrade", "connection"}}
    fields = [
        f"{name}: {changes.get(name.lower(), value)}"
        for name, value in FIELDS.items()
        if name.lower() != without
    ]
    return "\r\n".join([line, *fields, *more, "", ""]).encode("latin-1") + body


@asynccontextmanager
async def asked(server: http.Server, request: bytes) -> AsyncIterator[tuple[str, net.ByteStream]]:
    """Tell the head of the answer, and the stream behind it."""
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(request)
        head = await stream.receive_until(b"\r\n\r\n", timeout=SECONDS)
        yield head.decode("latin-1"), stream


def status(head: str) -> int:
    return int(head.split()[1])


# ---------------------------------------------------------------- clients


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(HANDSHAKE, id="plain"),
        pytest.param(ask(upgrade="WebSocket", connection="upgrade"), id="other case"),
        pytest.param(ask(connection="keep-alive, Upgrade"), id="more of Connection"),
        pytest.param(ask("Connection: keep-alive"), id="Connection twice"),
        pytest.param(ask(upgrade="h2c, websocket"), id="more to upgrade to"),
        pytest.param(ask(key=f"  {KEY}\t"), id="spaces around the key"),
        pytest.param(ask("Sec-WebSocket-Extensions: x-unknown; a=1"), id="unknown extension"),
        pytest.param(ask("Sec-WebSocket-Extensions: ;;=,,\x80"), id="no extension at all"),
        pytest.param(ask("Sec-WebSocket-Extensions:"), id="empty extensions"),
        pytest.param(ask("Sec-WebSocket-Protocol: unknown, a b"), id="unknown subprotocol"),
        pytest.param(ask("Content-Length: 0"), id="a body of nothing"),
        pytest.param(ask("Cookie: a=b", "X-Long: " + "x" * 4000), id="more fields"),
        pytest.param(ask(line="GET /?a=%FF HTTP/1.1"), id="a query"),
    ],
)
async def test_a_client_is_let_in(serve: Serve, request_: bytes) -> None:
    server = await serve(echo)
    async with asked(server, request_) as (head, stream):
        assert status(head) == 101
        assert f"Sec-WebSocket-Accept: {wire.accept_token(KEY)}".lower() in head.lower()
        assert "sec-websocket-protocol" not in head.lower()
        assert "x-unknown" not in head
        client = wire.client_connection()
        await stream.send_all(client.send_text("hello"))
        client.receive_data(await stream.receive_some())
        assert client.next_event() == wire.Text("hello")


async def test_what_a_client_sends_with_its_handshake_is_a_message(serve: Serve) -> None:
    server = await serve(echo)
    client = wire.client_connection()
    async with asked(server, HANDSHAKE + client.send_text("at once")) as (head, stream):
        assert status(head) == 101
        client.receive_data(await stream.receive_some())
        assert client.next_event() == wire.Text("at once")


@pytest.mark.parametrize(
    ("request_", "refusal", "said"),
    [
        pytest.param(ask(line="POST / HTTP/1.1"), 405, "allow: get", id="POST"),
        pytest.param(ask(line="HEAD / HTTP/1.1"), 405, "allow: get", id="HEAD"),
        pytest.param(ask(line="get / HTTP/1.1"), 405, "allow: get", id="get"),
        pytest.param(ask(line="GET / HTTP/1.0"), 426, "upgrade: websocket", id="HTTP/1.0"),
        pytest.param(ask(without="upgrade"), 426, "upgrade: websocket", id="no Upgrade"),
        pytest.param(ask(upgrade="h2c"), 426, "upgrade: websocket", id="another Upgrade"),
        pytest.param(ask(upgrade="websockets"), 426, "upgrade: websocket", id="nearly"),
        pytest.param(ask(without="connection"), 426, "upgrade: websocket", id="no Connection"),
        pytest.param(ask(connection="close"), 426, "upgrade: websocket", id="another Connection"),
        *(
            pytest.param(
                ask(version=version), 426, "sec-websocket-version: 13", id=f"version {version}"
            )
            for version in ("8", "14", "013", "13, 8", "", "thirteen", "-13", "13;")
        ),
        pytest.param(
            ask(without="sec-websocket-version"), 426, "sec-websocket-version: 13", id="no version"
        ),
        pytest.param(
            ask("Sec-WebSocket-Version: 8"), 426, "sec-websocket-version: 13", id="two versions"
        ),
        pytest.param(ask(without="sec-websocket-key"), 400, "", id="no key"),
        pytest.param(ask(f"Sec-WebSocket-Key: {KEY}"), 400, "", id="the key twice"),
        pytest.param(ask("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), 400, "", id="two keys"),
        *(
            pytest.param(ask(key=key), 400, "", id=f"key {number}")
            for number, key in enumerate(
                [
                    "",
                    "=",
                    "c2hvcnQ=",
                    KEY + KEY,
                    KEY[:-1],
                    KEY[:-2],
                    f"{KEY}, {KEY}",
                    KEY[:-3] + "\xe9==",
                ]
            )
        ),
        pytest.param(ask(without="host"), 400, "", id="no Host"),
        pytest.param(ask("Host: other"), 400, "", id="two Hosts"),
        pytest.param(ask("bad field"), 400, "", id="no field"),
        pytest.param(ask("X-Long: " + "x" * 100_000), 431, "", id="too long a field"),
    ],
)
async def test_a_client_is_refused(serve: Serve, request_: bytes, refusal: int, said: str) -> None:
    server = await serve(echo)
    async with asked(server, request_) as (head, _):
        assert status(head) == refusal
        assert said in head.lower()
        assert "sec-websocket-accept" not in head.lower()
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send("still here")
        assert await connection.receive() == "still here"


@pytest.mark.parametrize(
    "request_",
    [
        ask("Content-Length: 5", body=b"hello"),
        ask("Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"),
    ],
    ids=["with a length", "in chunks"],
)
async def test_a_body_is_refused(serve: Serve, request_: bytes) -> None:
    server = await serve(echo)
    async with asked(server, request_) as (head, _):
        assert status(head) == 400


LINES: Final = HANDSHAKE.split(b"\r\n")[:-2]


@given(
    lines=st.lists(
        st.one_of(
            st.sampled_from(LINES),
            st.builds(
                lambda line, at, new: line[:at] + new + line[at:],
                st.sampled_from(LINES),
                st.integers(0, 60),
                st.binary(max_size=3),
            ),
        ),
        max_size=8,
    )
)
async def test_a_mangled_handshake_is_refused_or_taken(lines: list[bytes]) -> None:
    async with running(echo) as server, await net.connect_tcp("127.0.0.1", server.port) as stream:
        with trio.fail_after(SECONDS):
            await stream.send_all(b"\r\n".join([LINES[0], *lines, b"", b""]))
            await stream.send_eof()
            answer = await stream.receive_all()
    assert not answer or answer.startswith((b"HTTP/1.1 101", b"HTTP/1.1 4", b"HTTP/1.1 505"))


# ---------------------------------------------------------------- servers

GOOD: Final = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: {accept}\r\n"
)


@asynccontextmanager
async def server_that_says(answer: str, then: bytes = b"") -> AsyncIterator[str]:
    """A server's URL, whose every answer is that, with ``{accept}`` as it should be."""

    async def handler(stream: net.ByteStream) -> None:
        head = (await stream.receive_until(b"\r\n\r\n")).decode()
        fields = [line.partition(": ") for line in head.split("\r\n")]
        (key,) = [value for name, _, value in fields if name.lower() == "sec-websocket-key"]
        said = answer.replace("{accept}", wire.accept_token(key))
        await stream.send_all(said.encode("latin-1") + then)

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, handler)
        yield f"ws://127.0.0.1:{server.port}/"
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(GOOD, id="plain"),
        pytest.param(GOOD.replace(": websocket", ": WebSocket"), id="other case"),
        pytest.param(GOOD.replace(": Upgrade", ": keep-alive, UPGRADE"), id="more of Connection"),
        pytest.param(GOOD.replace("{accept}", "  {accept} "), id="spaces"),
        pytest.param(GOOD.replace(" Switching Protocols", " "), id="no phrase"),
        pytest.param(GOOD + "Sec-WebSocket-Extensions: \r\n", id="empty extensions"),
        pytest.param(GOOD + "Sec-WebSocket-Protocol: mine\r\n", id="a subprotocol"),
        pytest.param("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + GOOD, id="hints before"),
    ],
)
async def test_a_server_is_believed(answer: str) -> None:
    server = wire.server_connection()
    frames = server.send_text("at once") + server.send(wire.Close(1000))
    async with (
        server_that_says(answer + "\r\n", frames) as url,
        websocket.open_websocket(url, subprotocols=["mine"], timeout=SECONDS) as connection,
    ):
        assert [message async for message in connection] == ["at once"]


EXTENSIONS: Final = GOOD + "Sec-WebSocket-Extensions: "


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(GOOD.replace("Upgrade: websocket\r\n", ""), id="no Upgrade"),
        pytest.param(GOOD.replace("Upgrade: websocket", "Upgrade: h2c"), id="another Upgrade"),
        pytest.param(GOOD.replace("Connection: Upgrade\r\n", ""), id="no Connection"),
        pytest.param(GOOD.replace(": Upgrade", ": close"), id="another Connection"),
        pytest.param(GOOD.replace("Sec-WebSocket-Accept: {accept}\r\n", ""), id="no accept"),
        pytest.param(GOOD.replace("{accept}", ""), id="empty accept"),
        pytest.param(GOOD.replace("{accept}", KEY), id="wrong accept"),
        pytest.param(GOOD.replace("{accept}", "{accept}="), id="nearly"),
        pytest.param(GOOD + "Sec-WebSocket-Accept: {accept}\r\n", id="accept twice"),
        pytest.param(GOOD + "Sec-WebSocket-Protocol: theirs\r\n", id="subprotocol of its own"),
        pytest.param(GOOD + "Sec-WebSocket-Protocol: MINE\r\n", id="subprotocol in capitals"),
        pytest.param(GOOD + "Sec-WebSocket-Protocol: \r\n", id="empty subprotocol"),
        pytest.param(GOOD + "Sec-WebSocket-Protocol: mine, mine2\r\n", id="two subprotocols"),
        pytest.param(GOOD + "Sec-WebSocket-Protocol: mine\r\n" * 2, id="subprotocol twice"),
        pytest.param(EXTENSIONS + "x-unknown\r\n", id="extension of its own"),
        pytest.param(EXTENSIONS + "permessage-deflate\r\n", id="our window forgotten"),
        pytest.param(
            EXTENSIONS + "permessage-deflate; server_max_window_bits=7\r\n", id="too small a window"
        ),
        pytest.param(
            EXTENSIONS + "permessage-deflate; server_max_window_bits=12; a=b\r\n", id="parameter"
        ),
        pytest.param(
            EXTENSIONS + ", ".join(["permessage-deflate; server_max_window_bits=12"] * 2) + "\r\n",
            id="extension twice",
        ),
        pytest.param("HTTP/1.1 101\r\nno field\r\n", id="no field"),
        pytest.param("no HTTP at all\r\n", id="no HTTP"),
        pytest.param("\x00" * 100, id="zeros"),
        pytest.param(GOOD + "X-Long: " + "x" * 500_000 + "\r\n", id="too long a head"),
    ],
)
async def test_a_server_breaks_the_rules(answer: str) -> None:
    async with server_that_says(answer + "\r\n") as url:
        with pytest.raises((errors.RemoteProtocolError, errors.LimitExceeded)):
            async with websocket.open_websocket(url, subprotocols=["mine"], timeout=SECONDS):
                pass


@pytest.mark.parametrize("answer", ["", "HTTP/1.1 101 Sw", GOOD])
async def test_a_server_leaves_in_its_answer(answer: str) -> None:
    async with server_that_says(answer) as url:
        with pytest.raises((errors.NetworkError, errors.RemoteProtocolError)):
            async with websocket.open_websocket(url, timeout=SECONDS):
                pass


@pytest.mark.parametrize("code", [200, 204, 304, 400, 401, 403, 404, 426, 429, 500, 503])
async def test_a_server_refuses(code: int) -> None:
    answer = f"HTTP/1.1 {code} So\r\nContent-Length: 0\r\nX-Why: because\r\n\r\n"
    async with server_that_says(answer) as url:
        with pytest.raises(http.UpgradeRefused) as caught:
            async with websocket.open_websocket(url, timeout=SECONDS):
                pass
    assert caught.value.response.status == code
    assert caught.value.response.headers["x-why"] == "because"
