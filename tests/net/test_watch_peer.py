"""What is known of a peer while nobody receives, sending at once, and bytes that are put back."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import net
from trio_helianthus.errors import ConnectionBroken, NetworkError, ResourceBusy, ResourceClosed
from trio_helianthus.net import PeerState, _hub
from trio_helianthus.net._hub import HubMode

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
needs_epoll = pytest.mark.skipif(sys.platform != "linux", reason="the hub needs epoll")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hub, "DEFAULT_MODE", HubMode.ALWAYS)


async def receive_once(one: net.ByteStream, other: net.ByteStream) -> None:
    """Have a stream waited for, so that the hub knows its socket."""
    await other.send_all(b"x")
    assert await one.receive_some() == b"x"


class Watch:
    """Remembers what it is told, and when it is told something."""

    def __init__(self) -> None:
        self.told: list[PeerState] = []
        self._event = trio.Event()

    def __call__(self, state: PeerState) -> None:
        self.told.append(state)
        self._event.set()

    async def wait(self) -> list[PeerState]:
        with trio.fail_after(5):
            await self._event.wait()
        return self.told


@needs_epoll
async def test_the_hub_tells_of_an_end_that_nobody_receives(
    hub: None, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        watch = Watch()
        one.watch_peer(watch)
        await receive_once(one, other)
        assert one.watches_peer
        assert not one.peer_state
        await other.send_all(b"the last words")
        await other.send_eof()
        assert await watch.wait() == [PeerState.ENDED]
        assert one.peer_state is PeerState.ENDED
        assert await one.receive_some() == b"the last words"
        assert await one.receive_some() == b""


@needs_epoll
async def test_the_hub_tells_of_a_reset_that_nobody_receives(
    hub: None, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        watch = Watch()
        one.watch_peer(watch)
        await receive_once(one, other)
        other.reset()
        assert await watch.wait() == [PeerState.GONE]
        with pytest.raises(NetworkError):
            await one.receive_some()


@needs_epoll
async def test_an_end_and_then_a_reset_are_told_one_after_the_other(
    hub: None, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        watch = Watch()
        one.watch_peer(watch)
        await receive_once(one, other)
        await other.send_eof()
        await watch.wait()
        other.reset()
        with trio.fail_after(5):
            while one.peer_state is not PeerState.GONE:  # noqa: ASYNC110 - it wakes nobody
                await trio.lowlevel.checkpoint()
        assert watch.told == [PeerState.ENDED, PeerState.GONE]


@needs_epoll
async def test_a_watcher_that_was_taken_away_is_told_nothing(
    hub: None, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        watch = Watch()
        one.watch_peer(watch)
        await receive_once(one, other)
        one.watch_peer(None)
        await other.send_eof()
        with trio.fail_after(5):
            while one.peer_state is PeerState.PRESENT:  # noqa: ASYNC110 - nobody is told
                await trio.lowlevel.checkpoint()
        assert watch.told == []


async def test_outside_of_the_hub_nobody_tells(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_hub, "DEFAULT_MODE", HubMode.NEVER)
    one, other = await make_tcp_pair()
    async with one, other:
        one.watch_peer(Watch())
        await receive_once(one, other)
        assert not one.watches_peer
        assert one.peer_state is PeerState.PRESENT


@needs_epoll
async def test_a_tls_stream_knows_what_its_transport_knows(
    hub: None, make_tls_pair: Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]
) -> None:
    one, other = await make_tls_pair()
    async with one, other:
        watch = Watch()
        one.watch_peer(watch)
        await receive_once(one, other)
        assert one.watches_peer
        assert one.send_nowait(b"never at once") == 0
        other.reset()
        assert await watch.wait() == [PeerState.GONE]
        assert one.peer_state is PeerState.GONE


async def test_sending_at_once_takes_what_the_system_takes(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other:
        data = bytes(8 * 1024 * 1024)
        sent = one.send_nowait(data)
        assert 0 < sent < len(data)
        while more := one.send_nowait(data):
            sent += more
        assert one.bytes_sent == sent
        assert len(await other.receive_exactly(sent)) == sent


async def test_sending_at_once_is_refused_where_sending_is(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one.send_all, bytes(8 * 1024 * 1024))
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(ResourceBusy):
                one.send_nowait(b"x")
            nursery.cancel_scope.cancel()
        with pytest.raises(ConnectionBroken):
            one.send_nowait(b"behind a part")
    with pytest.raises(ResourceClosed):
        one.send_nowait(b"x")


async def test_nothing_is_sent_behind_an_end(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_eof()
        with pytest.raises(ResourceClosed):
            one.send_nowait(b"x")


async def test_what_is_put_back_is_received_first(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await other.send_all(b"world")
        one.push_back(b"hello, ")
        assert await one.receive_exactly(12) == b"hello, world"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one.receive_some)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(ResourceBusy):
                one.push_back(b"too late")
            nursery.cancel_scope.cancel()
