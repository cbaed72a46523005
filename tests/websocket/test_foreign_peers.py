"""Our server with the clients of others, and our client with their servers."""

from __future__ import annotations

from typing import Final

import pytest
import trio

from tests.websocket import _websockets_peers as websockets_peers
from tests.websocket._aiohttp_peer import AIOHTTP
from tests.websocket._peers import (
    OURS,
    PATIENCE_SECONDS,
    Compression,
    Kind,
    Options,
    Ours,
    Peer,
    Refused,
    answer,
)
from tests.websocket._picows_peer import PICOWS
from tests.websocket._trio_websocket_peer import TRIO_WEBSOCKET

FOREIGN: Final = (
    websockets_peers.ON_ASYNCIO,
    websockets_peers.ON_TRIO,
    TRIO_WEBSOCKET,
    AIOHTTP,
    PICOWS,
)
PAIRS: Final = [pair for kind in FOREIGN for pair in ((kind, OURS), (OURS, kind))]
"""Clients, each with a server."""
MESSAGES: Final = (
    *("", "hello", "\N{SUNFLOWER} \xe9\x00" * 1000),
    *(b"", b"\x00\xff\r\n", bytes(range(256)) * 300),
    *("the same again and again, " * 10,) * 20,
    *("y" * 1024 * 1024, b"\x00\xff" * 512 * 1024),
)


def names(pair: tuple[Kind, Kind]) -> str:
    return f"{pair[0]} to {pair[1]}"


@pytest.fixture(params=PAIRS, ids=names)
def pair(request: pytest.FixtureRequest) -> tuple[Kind, Kind]:
    client, server = request.param
    for kind in {client, server} - {OURS}:
        pytest.importorskip(kind.name, reason="it is the peer")
    return client, server


async def talk_about_everything(peer: Peer) -> None:
    for message in MESSAGES:
        await peer.send(message)
        assert await peer.receive() == message
    await peer.send_fragments(["f", "", "rag", "m\xe9nts", ""])
    assert await peer.receive() == "fragm\xe9nts"
    await peer.send("fragments")
    assert await peer.receive() == "one, t\xa2, three"
    await peer.ping()
    await peer.send("ping")
    assert await peer.receive() == "pong"


async def test_messages_fragments_and_pings(pair: tuple[Kind, Kind]) -> None:
    client, server = pair
    async with server.serving(Options()) as url:
        await client.run(url, Options(), talk_about_everything)


@pytest.mark.parametrize(
    "pair",
    [pair for pair in PAIRS if all(kind.compresses for kind in pair)],
    ids=names,
    indirect=True,
)
@pytest.mark.parametrize("window_bits", [9, 12, 15])
@pytest.mark.parametrize("without_context", [False, True])
async def test_compressed(
    pair: tuple[Kind, Kind], window_bits: int, *, without_context: bool
) -> None:
    client, server = pair
    wanted = Compression(without_context=without_context, window_bits=window_bits)
    connections = list[Ours]()

    async def talk(peer: Peer) -> None:
        if isinstance(peer, Ours):
            connections.append(peer)
        await talk_about_everything(peer)

    async def serve(peer: Peer) -> None:
        if isinstance(peer, Ours):
            connections.append(peer)
        await answer(peer)

    async with server.serving(Options(compression=wanted), serve) as url:
        await client.run(url, Options(compression=wanted), talk)

    agreed = connections[0].connection.deflate
    assert agreed is not None
    if client.sets_windows and server.sets_windows:
        assert agreed.server_max_window_bits == window_bits
        assert agreed.client_max_window_bits == window_bits
        assert agreed.server_no_context_takeover == without_context
        assert agreed.client_no_context_takeover == without_context


@pytest.mark.parametrize("asks", ["client", "server"])
async def test_only_one_side_compresses(pair: tuple[Kind, Kind], asks: str) -> None:
    client, server = pair
    compressing, plain = Options(compression=Compression()), Options()
    options = (compressing, plain) if asks == "client" else (plain, compressing)
    async with server.serving(options[1]) as url:
        await client.run(url, options[0], talk_about_everything)


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3001, 4999])
async def test_the_client_closes(pair: tuple[Kind, Kind], code: int) -> None:
    client, server = pair
    ended = list[int | None]()
    noticed, token = trio.Event(), trio.lowlevel.current_trio_token()

    async def serve(peer: Peer) -> None:
        await answer(peer)
        ended.append(peer.close_code)
        token.run_sync_soon(noticed.set)  # from whatever thread

    async def talk(peer: Peer) -> None:
        await peer.send("hello")
        assert await peer.receive() == "hello"
        await peer.close(code, "that was \xe9nough")

    async with server.serving(Options(), serve) as url:
        await client.run(url, Options(), talk)
        with trio.fail_after(PATIENCE_SECONDS):
            await noticed.wait()
    assert ended == [code]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3001, 4999])
async def test_the_server_closes(pair: tuple[Kind, Kind], code: int) -> None:
    client, server = pair
    ended = list[int | None]()

    async def talk(peer: Peer) -> None:
        await peer.send(f"close {code}")
        assert await peer.receive() is None
        ended.append(peer.close_code)

    async with server.serving(Options()) as url:
        await client.run(url, Options(), talk)
    assert ended == [code]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(("chat.v2",), "chat.v2"), (("other", "chat.v1"), "chat.v1"), ((), None)],
)
async def test_subprotocols(
    pair: tuple[Kind, Kind], offered: tuple[str, ...], chosen: str | None
) -> None:
    client, server = pair
    options = Options(subprotocols=("chat.v2", "chat.v1"))
    if not offered and server.insists_on_subprotocol:
        options = Options()

    async def talk(peer: Peer) -> None:
        assert peer.subprotocol == chosen
        await peer.send("subprotocol")
        assert await peer.receive() == repr(chosen)

    async with server.serving(options) as url:
        await client.run(url, Options(subprotocols=offered), talk)


@pytest.mark.parametrize(
    ("origin", "enters"), [("https://example.org", True), ("https://evil.example", False)]
)
async def test_origins(pair: tuple[Kind, Kind], origin: str, *, enters: bool) -> None:
    client, server = pair
    entered = list[Peer]()

    async def talk(peer: Peer) -> None:
        entered.append(peer)

    async with server.serving(Options(origin="https://example.org")) as url:
        if enters:
            await client.run(url, Options(origin=origin), talk)
        else:
            with pytest.raises(Refused) as caught:
                await client.run(url, Options(origin=origin), talk)
            assert caught.value.status == 403
    assert bool(entered) == enters
