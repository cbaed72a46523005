"""The hub: many sockets, one waiting task; it comes where it helps, and goes with its last user."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import net
from trio_helianthus.errors import ConnectionReset, ResourceBusy, ResourceClosed
from trio_helianthus.net import _hub
from trio_helianthus.net._hub import HubMode, current_hub

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the hub needs epoll")


async def echo(stream: net.TCPStream) -> None:
    async with stream:
        while data := await stream.receive_some():
            await stream.send_all(data)


async def ask(stream: net.TCPStream, times: int = 1) -> None:
    for _ in range(times):
        await stream.send_all(b"ping")
        assert await stream.receive_some() == b"ping"


async def ask_and_close(stream: net.TCPStream, times: int) -> None:
    async with stream:
        await ask(stream, times)


def epolls() -> int:
    """How many epoll descriptors this process has; trio's own is one."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists the folder
            found += "eventpoll" in str(entry.readlink())
    return found


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hub, "DEFAULT_MODE", HubMode.ALWAYS)


async def test_one_connection_is_left_to_trio(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, trio.open_nursery() as nursery:
        nursery.start_soon(echo, other)
        await ask(one, 300)
        await one.send_eof()
    assert not current_hub().batching
    assert current_hub().statistics().registered == 0


async def test_many_at_a_time_are_waited_for_in_the_hub_and_a_single_one_no_more(
    make_tcp_pair: MakeTCPPair,
) -> None:
    pairs = [await make_tcp_pair() for _ in range(20)]
    hub = current_hub()
    async with trio.open_nursery() as nursery:
        for _, other in pairs:
            nursery.start_soon(echo, other)
        async with trio.open_nursery() as askers:
            for one, _ in pairs:
                askers.start_soon(ask, one, 50)
        statistics = hub.statistics()
        assert statistics.batching
        assert statistics.registered > 20
        assert statistics.events > 2 * statistics.wakes > 0
        # From now on only one of them is busy.
        await ask(pairs[0][0], 500)
        assert not hub.batching
        assert hub.statistics().registered < statistics.registered
        for one, _ in pairs:  # and the others, who are still parked in the hub, get theirs
            await ask(one)
        for one, _ in pairs:
            await one.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert hub.statistics().registered == 0


async def test_after_a_crowd_one_connection_after_the_other_is_left_to_trio(
    make_tcp_pair: MakeTCPPair,
) -> None:
    hub = current_hub()
    pairs = [await make_tcp_pair() for _ in range(10)]
    async with trio.open_nursery() as nursery:
        for one, other in pairs:
            nursery.start_soon(echo, other)
            nursery.start_soon(ask_and_close, one, 50)
        await trio.testing.wait_all_tasks_blocked()
        assert hub.statistics().wakes > 0
    assert not hub.batching
    for _ in range(3):
        one, other = await make_tcp_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(echo, other)
            await ask_and_close(one, 10)
    assert not hub.batching
    assert hub.statistics().registered == 0


@pytest.mark.usefixtures("always")
async def test_it_ends_with_its_last_user_and_begins_again(make_tcp_pair: MakeTCPPair) -> None:
    before = epolls()
    for _ in range(3):
        one, other = await make_tcp_pair()
        async with one, trio.open_nursery() as nursery:
            nursery.start_soon(echo, other)
            await ask(one)
            assert epolls() == before + 1
            await one.send_eof()
        await trio.testing.wait_all_tasks_blocked()
        assert epolls() == before


@pytest.mark.usefixtures("always")
async def test_data_and_the_end_can_come_in_one_edge(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        async with trio.open_nursery() as nursery:

            async def receive() -> None:
                assert await one.receive_some() == b"last words"
                assert await one.receive_some() == b""
                assert await one.receive_some() == b""

            nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
            await other.send_all(b"last words")
            await other.send_eof()
        await one.send_all(b"still heard")
        assert await other.receive_some() == b"still heard"


@pytest.mark.usefixtures("always")
async def test_a_reset_wakes_who_waits(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, trio.open_nursery() as nursery:

        async def receive() -> None:
            with pytest.raises(ConnectionReset):
                await one.receive_some()

        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        other.reset()


@pytest.mark.usefixtures("always")
async def test_urgent_data_cuts_a_receive_but_loses_nothing(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        other.socket.send(b"before")
        other.socket.send(b"!", socket.MSG_OOB)
        other.socket.send(b"after")
        received = b""
        with trio.fail_after(5):
            while not received.endswith(b"after"):
                received += await one.receive_some()
        assert received == b"beforeafter"
        await other.send_all(b"more")
        assert await one.receive_some() == b"more"


@pytest.mark.usefixtures("always")
async def test_a_full_read_is_followed_by_another_without_an_edge(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await other.send_all(b"x" * 10)
        for _ in range(10):
            assert await one.receive_some(1) == b"x"
        with trio.move_on_after(0.01) as scope:
            await one.receive_some(1)
        assert scope.cancelled_caught
        await other.send_all(b"y")
        assert await one.receive_some(1) == b"y"


@pytest.mark.usefixtures("always")
async def test_data_that_came_before_anybody_waited_is_found(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await other.send_all(b"early")
        assert await one.receive_some() == b"early"
        await other.send_all(b"between two waits")
        await trio.testing.wait_all_tasks_blocked()
        assert await one.receive_some() == b"between two waits"


@pytest.mark.usefixtures("always")
async def test_closing_wakes_who_waits(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with other, trio.open_nursery() as nursery:

        async def receive() -> None:
            with pytest.raises(ResourceClosed):
                await one.receive_some()

        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await one.receive_some()
        await one.aclose()


@pytest.mark.usefixtures("always")
async def test_a_cancelled_wait_takes_nothing(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        for _ in range(3):
            with trio.move_on_after(0) as scope:
                await one.receive_some()
            assert scope.cancelled_caught
        await other.send_all(b"here")
        assert await one.receive_some() == b"here"


@pytest.mark.usefixtures("always")
async def test_it_wakes_nobody_while_idle(make_tcp_pair: MakeTCPPair) -> None:
    class CountSteps(trio.abc.Instrument):
        steps = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            self.steps += 1

    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        count = CountSteps()
        trio.lowlevel.add_instrument(count)
        await trio.sleep(0.05)
        trio.lowlevel.remove_instrument(count)
        assert count.steps <= 2  # of this test
        nursery.cancel_scope.cancel()


@pytest.mark.usefixtures("always")
async def test_more_sockets_than_one_look_tells_of(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_hub, "EVENTS_AT_A_TIME", 3)
    pairs = [await make_tcp_pair() for _ in range(10)]
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        for one, other in pairs:
            stack.push_async_exit(one)
            stack.push_async_exit(other)
            nursery.start_soon(one.receive_exactly, 4)
        await trio.testing.wait_all_tasks_blocked()
        for _, other in pairs:
            await other.send_all(b"ping")


async def test_where_the_system_watches_no_more_sockets_trio_does(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def register(self, number: int, events: int) -> None:
            raise OSError(28, "no space left")

    hub = current_hub()
    hub.mode = HubMode.ALWAYS
    monkeypatch.setattr(hub, "_start", Full)
    one, other = await make_tcp_pair()
    async with one, trio.open_nursery() as nursery:
        nursery.start_soon(echo, other)
        await ask(one)
        await one.send_eof()
    assert not hub.batching


async def test_a_lack_of_file_descriptors_is_not_for_ever(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_none() -> None:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(_hub, "_open_epoll", open_none)
    monkeypatch.setattr(_hub, "MAX_WAITS_WATCHED", 400)
    hub = current_hub()
    pairs = [await make_tcp_pair() for _ in range(10)]
    async with trio.open_nursery() as nursery:
        for _, other in pairs:
            nursery.start_soon(echo, other)
        async with trio.open_nursery() as askers:
            for one, _ in pairs:
                askers.start_soon(ask, one, 10)
        assert not hub.batching
        monkeypatch.undo()
        async with trio.open_nursery() as askers:
            for one, _ in pairs:
                askers.start_soon(ask, one, 50)
        assert hub.batching
        for one, _ in pairs:
            await one.aclose()


@pytest.mark.usefixtures("always")
def test_an_interrupt_while_a_socket_is_registered_is_harmless(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_epoll = _hub._open_epoll

    class Interrupted:
        def __init__(self) -> None:
            self._epoll = open_epoll()

        def __getattr__(self, name: str) -> object:
            return getattr(self._epoll, name)

        def __enter__(self) -> object:
            return self._epoll.__enter__()

        def __exit__(self, *args: object) -> None:
            self._epoll.__exit__(*args)

        def register(self, number: int, events: int) -> None:
            self._epoll.register(number, events)
            signal.raise_signal(signal.SIGINT)

    async def main() -> None:
        one, other = await make_tcp_pair()
        async with one, other:
            monkeypatch.setattr(_hub, "_open_epoll", Interrupted)
            with contextlib.suppress(KeyboardInterrupt):
                await one.receive_some()
            assert current_hub().statistics().registered == 1
            await other.send_all(b"goes on")
            assert await one.receive_some() == b"goes on"
            assert current_hub().batching

    trio.run(main)


@pytest.mark.usefixtures("always")
async def test_a_socket_that_was_closed_behind_its_back_harms_nobody(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    victim, peer = await make_tcp_pair()
    async with one, other, peer:
        for stream in (one, victim):
            with trio.move_on_after(0):
                await stream.receive_some()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            number = victim.socket.fileno()
            copy = victim.socket.dup()
            victim.socket.close()
            replacement = socket.create_connection(listener.getsockname())
            accepted, _ = listener.accept()
        with accepted, copy:
            newcomer = net.adopt(replacement)
            assert newcomer.socket.fileno() == number
            async with newcomer:
                with trio.move_on_after(0):
                    await newcomer.receive_some()
                await victim.aclose()
                await peer.send_all(b"to whom?")
                accepted.send(b"to the new one")
                assert await newcomer.receive_some() == b"to the new one"
        await other.send_all(b"x")
        assert await one.receive_some() == b"x"


@pytest.mark.usefixtures("always")
def test_each_run_has_its_own() -> None:
    hubs, failures = [], []

    async def main() -> None:
        hubs.append(current_hub())
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(net.serve_tcp, echo)
            async with await net.connect_tcp("127.0.0.1", server.port) as stream:
                await ask(stream, 20)
            await server.drain()

    def run() -> None:
        try:
            trio.run(main)
        except BaseException as exc:  # noqa: ASYNC103 - after the run
            failures.append(exc)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(set(hubs)) == 3


@pytest.mark.usefixtures("always")
def test_it_starts_in_a_forked_child() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(net.serve_tcp, echo)
            async with await net.connect_tcp("127.0.0.1", server.port) as stream:
                await ask(stream)
            await server.drain()

    trio.run(main)
    child = os.fork()
    if not child:  # pragma: no cover - in the child
        code = 1
        try:
            trio.run(main)
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.usefixtures("always")
def test_who_waits_when_the_run_ends_is_left_to_trio() -> None:
    log = []

    async def outlive(stream: net.SocketStream, peer: net.SocketStream) -> None:
        """Be a system task that still has a conversation when the main task has ended."""
        async with stream, peer:
            try:
                await stream.receive_some()
            except trio.Cancelled:
                with trio.CancelScope(shield=True):
                    await trio.testing.wait_all_tasks_blocked()
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(peer.send_all, b"late")
                        log.append(await stream.receive_some())
                raise

    async def main() -> None:
        ours, theirs = (net.adopt(end) for end in _tcp_socketpair())
        trio.lowlevel.spawn_system_task(outlive, ours, theirs)
        await trio.testing.wait_all_tasks_blocked()

    trio.run(main)
    assert log == [b"late"]


@pytest.mark.usefixtures("always")
def test_it_works_in_guest_mode() -> None:
    import asyncio

    async def guest() -> str:
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(net.serve_tcp, echo)
            async with await net.connect_tcp("127.0.0.1", server.port) as stream:
                await ask(stream, 20)
            await server.drain()
        return "done"

    async def host() -> str:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()
        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=lambda outcome: done.set_result(outcome.unwrap()),
        )
        return await done

    assert asyncio.run(host()) == "done"


def _tcp_socketpair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]
